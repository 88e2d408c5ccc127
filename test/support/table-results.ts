import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { Run } from '../../src/runs/run';
import type { Folders, RunningApp } from './jobato';
import { anEvent, externalProject, type HttpWorker } from './worker-api';

/** Returns a project for external workers that shows the table `jobs` of its result. */
export const tableProject = (id: string, setting: object = {}, keep = 5): string =>
  externalProject(id, `result: ${JSON.stringify({ keep, table: { name: 'jobs', ...setting } })}\n`);

/** A server in this process, or in its own. */
interface Publisher {
  folders: Pick<Folders, 'dataDir'>;
  trigger: RunningApp['trigger'];
  untilEnded: (runId: string) => Promise<Pick<Run, 'number' | 'runId'> & { result: object | null }>;
}

/** Makes a database the live result of a project, as an external worker does. `fill` gets the id of the run. */
export async function publishTable(
  jobato: Publisher,
  worker: HttpWorker,
  projectId: string,
  fill: (database: BetterSqlite3.Database, runId: string) => void,
): Promise<{ runId: string; number: number }> {
  const { runId } = await jobato.trigger(projectId);
  const path = join('work', `${projectId}.db`);
  await mkdir(join(jobato.folders.dataDir, 'work'), { recursive: true });
  rmSync(join(jobato.folders.dataDir, path), { force: true });
  const database = new BetterSqlite3(join(jobato.folders.dataDir, path));
  database.pragma('synchronous = OFF');
  try {
    fill(database, runId);
  } finally {
    database.close();
  }
  await worker.say(anEvent(runId, 'run.completed', { resultsDb: path }));
  const run = await jobato.untilEnded(runId);
  if ((run.result as { state?: string } | null)?.state !== 'accepted')
    throw new Error(`Not accepted: ${JSON.stringify(run.result)}`);
  return run;
}
