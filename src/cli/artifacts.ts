import { join } from 'node:path';
import { sizeText } from '../config/size-text';
import type { ArtifactView } from '../runs/run-parts.view';
import { checkTargets, saveArtifact } from './artifact-download';
import { CliFailure, EXIT, usageFailure } from './failures';
import type { JobatoClient } from './jobato-client';
import { printJson } from './print-json';
import { runIdOf } from './run-reference';
import { type Column, table } from './table';
import { Terminal } from './terminal';
import { oneLine } from './terminal-text';

export interface ArtifactsOptions {
  /** Names of artifacts. */
  download?: string[];
  all?: boolean;
  /** The folder to save in. */
  output: string;
  force?: boolean;
  json?: boolean;
}

const COLUMNS: Column<ArtifactView>[] = [
  { heading: 'NAME', cell: ({ name }) => name, isText: true },
  { heading: 'SIZE', cell: ({ size }) => ({ text: sizeText(size), plain: String(size) }) },
  { heading: 'TYPE', cell: ({ name }) => /[^/]\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '' },
];

/** Lists the artifacts of a run, or saves some. Returns the exit code. */
export async function artifacts(
  client: JobatoClient,
  reference: string,
  options: ArtifactsOptions,
): Promise<number> {
  const run = await client.run(await runIdOf(client, reference));
  if (options.all || options.download !== undefined) {
    if (options.json) throw usageFailure('--json lists artifacts. Leave it out to download them.');
    const chosen = options.all ? run.artifacts : chosenFrom(run.artifacts, options.download!);
    return download(client, run.runId, chosen, options);
  }
  if (options.json) return printJson(run.artifacts);
  const terminal = new Terminal(process.stdout);
  terminal.result(table(terminal, COLUMNS, run.artifacts));
  const removed = run.artifactsRemovedAt === null ? '' : ' Its files were deleted by "keep.artifactsDays".';
  if (run.artifacts.length === 0) new Terminal(process.stderr).remark(`No artifacts found.${removed}`);
  return EXIT.done;
}

function chosenFrom(found: readonly ArtifactView[], names: readonly string[]): ArtifactView[] {
  return [...new Set(names)].map((name) => {
    const artifact = found.find((each) => each.name === name);
    if (artifact !== undefined) return artifact;
    throw new CliFailure(
      [
        `The run has no artifact "${oneLine(name)}".`,
        ...(found.length === 0 ? [] : ['It has:', ...found.map((each) => `  ${oneLine(each.name)}`)]),
      ].join('\n'),
      EXIT.notCompleted,
    );
  });
}

async function download(
  client: JobatoClient,
  runId: string,
  chosen: readonly ArtifactView[],
  { output, force = false }: ArtifactsOptions,
): Promise<number> {
  await checkTargets(
    output,
    chosen.map(({ name }) => name),
    force,
  );
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const terminal = new Terminal(process.stdout);
  try {
    for (const { name, size } of chosen) {
      await saveArtifact(output, name, client.artifactContent(runId, name, stop.signal), force);
      terminal.result([`Saved ${oneLine(join(output, name))}, ${sizeText(size)}`]);
    }
  } catch (error) {
    if (stop.signal.aborted) return EXIT.interrupted;
    throw error;
  }
  if (chosen.length === 0) new Terminal(process.stderr).remark('No artifacts found.');
  return EXIT.done;
}
