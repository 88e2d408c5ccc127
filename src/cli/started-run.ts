import { commandLine } from '../config/command-line';
import type { RunView } from '../runs/run-view';
import { EXIT } from './failures';
import type { JobatoClient } from './jobato-client';
import { printJson } from './print-json';
import { followUntilInterrupted } from './run-follower';
import { statusWord } from './status-words';
import { Terminal } from './terminal';
import { oneLine } from './terminal-text';

/** Options of each command that starts a run. */
export interface StartOptions {
  follow?: boolean;
  json?: boolean;
}

/** Shows a run that was just started, with `follow` until it ends. Returns the exit code. */
export async function showStarted(
  client: JobatoClient,
  run: RunView,
  { follow, json }: StartOptions,
): Promise<number> {
  // With --json, stdout carries only JSON, and text for readers goes to stderr.
  const terminal = new Terminal(json ? process.stderr : process.stdout);
  if (!follow) {
    if (json) return printJson(run);
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
  if (json) printJson(followed.run);
  return followed.exitCode;
}

/** Returns "Nightly backup #14". */
async function nameOf(client: JobatoClient, { projectId, number }: RunView): Promise<string> {
  return `${oneLine((await client.project(projectId)).name)} #${number}`;
}
