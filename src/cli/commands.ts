import type { JobatoClient } from './jobato-client';
import { paramsFromCommandLine, wronglyRepeated } from '../projects/param-text';
import type { RunView } from '../runs/run-view';
import { commandLine } from '../config/command-line';
import { EXIT, usageFailure } from './failures';
import { givenParams, type ParamOptions } from './given-params';
import { runDetails } from './run-details';
import { follow, type Followed } from './run-follower';
import { runIdOf } from './run-reference';
import { runTable } from './run-table';
import { statusWord } from './status-words';
import { Terminal } from './terminal';
import { harmless, oneLine } from './terminal-text';

export interface TriggerOptions extends ParamOptions {
  scope?: string;
  follow?: boolean;
  json?: boolean;
}

/** Each command returns its exit code. */
export async function trigger(
  client: JobatoClient,
  projectId: string,
  options: TriggerOptions,
): Promise<number> {
  // With --json, stdout carries only JSON, and text for readers goes to stderr.
  const terminal = new Terminal(options.json ? process.stderr : process.stdout);
  const given = await givenParams(options, process.env, process.stdin);
  const params = given && (await typedParams(client, projectId, given));
  const run = await client.trigger(projectId, { scope: options.scope, params });
  if (!options.follow) {
    if (options.json) return printJson(run);
    terminal.result([
      `${statusWord(terminal, run.status)}  ${await nameOf(client, run)}, run ${run.runId} of ${run.projectId}`,
      ...(run.waiting ? [`  ${oneLine(run.waiting.message)}`] : []),
      `  follow:  ${commandLine(`logs ${run.runId} --follow`)}`,
      `  open:    ${client.pageOf(run.runId)}`,
    ]);
    return EXIT.done;
  }
  terminal.remark(`${await nameOf(client, run)}, run ${run.runId}, ${client.pageOf(run.runId)}`);
  const followed = await followUntilInterrupted(client, run, terminal);
  if (options.json) printJson(followed.run);
  return followed.exitCode;
}

/** Returns "Nightly backup #14". */
async function nameOf(client: JobatoClient, { projectId, number }: RunView): Promise<string> {
  return `${oneLine((await client.project(projectId)).name)} #${number}`;
}

/** Only the server has the types of the params. */
async function typedParams(
  client: JobatoClient,
  projectId: string,
  given: Record<string, string[]>,
): Promise<Record<string, unknown>> {
  const { params: specs } = await client.project(projectId);
  const [repeated] = wronglyRepeated(specs, given);
  if (repeated !== undefined)
    throw usageFailure(
      `--param ${oneLine(repeated)} is set twice. Only a parameter of type array can be repeated.`,
    );
  return paramsFromCommandLine(specs, given);
}

export interface ListOptions {
  project?: string;
  status?: string;
  limit: number;
  json?: boolean;
}

export async function list(client: JobatoClient, { json, ...filter }: ListOptions): Promise<number> {
  const page = await client.runs(filter);
  if (json) return printJson(page);
  const terminal = new Terminal(process.stdout);
  if (page.items.length === 0) terminal.result(['No runs found.']);
  else terminal.result(runTable(terminal, page.items, Date.now()));
  if (page.nextCursor !== null)
    new Terminal(process.stderr).remark(`Showing the newest ${filter.limit} runs. Use --limit to show more.`);
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

/** The first Ctrl-C stops following; the second one ends the process. */
async function followUntilInterrupted(
  client: JobatoClient,
  run: RunView,
  terminal: Terminal,
): Promise<Followed> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const followed = await follow(client, run, terminal, stop.signal);
  if (stop.signal.aborted) {
    terminal.remark(
      'Stopped following. The run continues.',
      `  follow again:  ${commandLine(`logs ${run.runId} --follow`)}`,
      `  cancel:        ${commandLine(`cancel ${run.runId}`)}`,
    );
  }
  return followed;
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

function printJson(value: unknown): number {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  return EXIT.done;
}
