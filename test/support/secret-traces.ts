import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { Folders } from './jobato';

/** Params of a project with a secret. */
export const TOKEN = 'params:\n  token: { type: secret, required: true, min: 8, pattern: "[ -~\\\\n]+" }\n';
export const BOTH = `${TOKEN}  pin: { type: secret }\n  note: { type: string }\n`;
/** Proves by a hash that the step has the secret, and leaks it in every way. Waits for a file before it ends. */
export const LEAKS = `const { createHash } = require('crypto');
const { JOBATO_PARAM_TOKEN: token, JOBATO_PARAMS, JOBATO_WORK_DIR: dir, JOBATO_RUN_ID: id } = process.env;
const say = (report) => fs.writeSync(3, JSON.stringify(report) + '\\n');
console.log('got ' + createHash('sha256').update(token).digest('hex') + ' ' + (JSON.parse(JOBATO_PARAMS).token === token));
console.log('leak ' + token, Buffer.from('user:' + token).toString('base64'));
say({ progress: { current: 1, total: 2, message: token } });
say({ output: { token } });
say({ error: { code: 'LEAKED', message: 'The token ' + token + ' is wrong' } });
const wait = () => fs.existsSync(dir + '/' + id) ? process.exit(0) : setTimeout(wait, 20);
console.log('waiting'); wait();`;

export const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** Returns the texts by which a secret would be found, in plain and in base64 at each of the three offsets. */
function tracesOf(secret: string): string[] {
  const inBase64 = ['', 'x', 'xx'].map((before) =>
    // The first and the last letters depend on what is beside the secret.
    Buffer.from(before + secret)
      .toString('base64')
      .slice(4, -4),
  );
  return [secret, encodeURIComponent(secret), ...inBase64];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

export function expectNoTrace(secret: string, texts: string[], folders?: Folders): void {
  const traces = tracesOf(secret);
  for (const text of texts) for (const trace of traces) expect(text).not.toContain(trace);
  const found = folders
    ? filesBelow(folders.dataDir).filter((file) => traces.some((trace) => readFileSync(file).includes(trace)))
    : [];
  expect(found).toEqual([]);
}

export function sealedRunsIn({ dataDir }: Folders): unknown[] {
  const database = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
  try {
    return database.prepare('SELECT run_id FROM run_secrets').pluck().all();
  } finally {
    database.close();
  }
}

/** Everything that a client can read about a run. */
export async function everythingAbout(url: string, projectId: string, runId: string): Promise<string[]> {
  const read = async (path: string, accept = '*/*') =>
    (await fetch(`${url}${path}`, { headers: { accept } })).text();
  return Promise.all([
    read(`/api/runs/${runId}`),
    read('/api/runs'),
    read(`/api/runs/${runId}/events?limit=200`),
    read(`/api/runs/${runId}/logs`),
    read(`/api/runs/${runId}/logs`, 'application/json'),
    read(`/api/projects/${projectId}`),
    read('/api/events/rejected'),
    read(`/runs/${runId}`),
    read(`/projects/${projectId}`),
    read(`/projects/${projectId}?like=${runId}`),
    read(`/projects/${projectId}?run=${runId}`),
  ]);
}
