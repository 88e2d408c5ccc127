import { browserCommand, openBrowser } from './browser';
import { EXIT } from './failures';
import type { JobatoClient } from './jobato-client';
import { parseRunReference, runIdOf } from './run-reference';
import { Terminal } from './terminal';

export interface OpenOptions {
  print?: boolean;
}

/** Opens the page of a project or a run, or the overview, in the browser. Returns the exit code. */
export async function openPage(
  client: JobatoClient,
  what: string | undefined,
  { print }: OpenOptions,
): Promise<number> {
  const address = await addressOf(client, what);
  const command = print ? null : browserCommand(address, process.platform, process.env);
  const isOpen = command !== null && (await openBrowser(command));
  const remarks = new Terminal(process.stderr);
  if (isOpen) remarks.remark(`Opened ${address}`);
  else {
    if (!print) remarks.remark('No browser was found. Open this address:');
    new Terminal(process.stdout).result([address]);
  }
  return EXIT.done;
}

async function addressOf(client: JobatoClient, what: string | undefined): Promise<string> {
  if (what === undefined) return client.url;
  const reference = parseRunReference(what);
  if (reference.kind === 'project' && (await client.hasProject(reference.projectId)))
    return client.pageOfProject(reference.projectId);
  return client.pageOf((await client.run(await runIdOf(client, what))).runId);
}
