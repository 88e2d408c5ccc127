import type { JobatoClient } from './jobato-client';
import { EXIT } from './failures';
import { printJson } from './print-json';
import { runDetails } from './run-details';
import { followUntilInterrupted } from './run-follower';
import { runIdOf } from './run-reference';
import { runTable } from './run-table';
import { statusWord } from './status-words';
import { Terminal } from './terminal';
import { harmless, oneLine } from './terminal-text';

export interface ListOptions {
  project?: string;
  status?: string;
  limit: number;
  json?: boolean;
}

/** Each command returns its exit code. */
export async function list(client: JobatoClient, { json, ...filter }: ListOptions): Promise<number> {
  const page = await client.runs(filter);
  if (json) return printJson(page);
  const terminal = new Terminal(process.stdout);
  terminal.result(runTable(terminal, page.items, Date.now()));
  const remarks = new Terminal(process.stderr);
  if (page.items.length === 0) remarks.remark('No runs found.');
  if (page.nextCursor !== null)
    remarks.remark(`Showing the newest ${filter.limit} runs. Use --limit to show more.`);
  return EXIT.done;
}

export async function show(
  client: JobatoClient,
  reference: string,
  { json }: { json?: boolean },
): Promise<number> {
  const runId = await runIdOf(client, reference);
  const run = await client.run(runId);
  if (json) return printJson(run);
  const terminal = new Terminal(process.stdout);
  terminal.result(runDetails(terminal, run, client.pageOf(runId), Date.now()));
  return EXIT.done;
}

export async function logs(
  client: JobatoClient,
  reference: string,
  options: { follow?: boolean },
): Promise<number> {
  const runId = await runIdOf(client, reference);
  if (options.follow) {
    const run = await client.run(runId);
    // Only the log goes to stdout, so that it can be piped.
    const terminal = new Terminal(process.stdout, process.stderr);
    return (await followUntilInterrupted(client, run, terminal)).exitCode;
  }
  const body = await client.logText(runId);
  if (process.stdout.isTTY) await printLines(body);
  else for await (const bytes of body) process.stdout.write(bytes);
  return EXIT.done;
}

export async function cancel(client: JobatoClient, reference: string): Promise<number> {
  const run = await client.cancel(await runIdOf(client, reference));
  const terminal = new Terminal(process.stdout);
  terminal.result([
    run.status === 'running'
      ? `Stop requested. ${oneLine(run.waiting?.message ?? '')}`.trimEnd()
      : `${statusWord(terminal, run.status)}  run #${run.number} of ${run.projectId}, ${run.runId}`,
  ]);
  return EXIT.done;
}

export async function askAgain(client: JobatoClient, reference: string): Promise<number> {
  const run = await client.askAgain(await runIdOf(client, reference));
  const terminal = new Terminal(process.stdout);
  terminal.result([`The request is published again. ${oneLine(run.waiting?.message ?? '')}`.trimEnd()]);
  return EXIT.done;
}

async function printLines(body: ReadableStream<Uint8Array>): Promise<void> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (lines.length > 0) process.stdout.write(`${lines.map(harmless).join('\n')}\n`);
  }
  if (rest !== '') process.stdout.write(`${harmless(rest)}\n`);
}
