import { join } from 'node:path';
import { HTML_FOLDER } from '../lifecycle/private-files';

/** Folders of DATA_DIR with files that only Jobato uses. */
const OWN_FOLDERS = ['held', 'pipes', 'processes', 'restoring', 'uploads'];
/** Of worker processes that share DATA_DIR; see worker-folder.ts. */
const WORKER_FOLDER = /^worker-\d+$/;
/** Its files in DATA_DIR itself: keys, ids, locks. */
const OWN_NAMES = /^(?:node-id|lock|form-secret|secret-key|restored-from|restored\.json|demo\.log)(?:\.|$)/;
/** SQLite adds endings to the name of the database. */
const OWN_DATABASE = /^db\/(?:jobato\.db|reserve)/;
/** Copies of results, which are never written again, and the pointers to them. */
const LIVE_RESULT = /^results\/[a-z0-9-]+\/(?:\d+-[0-9a-f]{8}(?:\/|$)|current\.txt)/;

/**
 * Returns whether a file is one of Jobato's own, or belongs to a run other than this one. No run may offer such a file,
 * and no pointer may replace it. Pure.
 * @param path relative to DATA_DIR, with slashes and without links
 * @param runId null for a pointer
 */
export function isOwnFile(path: string, runId: string | null): boolean {
  const [folder = '', second, third, fourth] = path.split('/');
  if (folder === 'runs') return runId === null || second !== runId;
  if (folder === HTML_FOLDER && fourth !== undefined) return third !== runId;
  if (WORKER_FOLDER.test(folder)) return true;
  return (
    OWN_FOLDERS.includes(folder) ||
    (second === undefined && OWN_NAMES.test(folder)) ||
    OWN_DATABASE.test(path) ||
    LIVE_RESULT.test(path)
  );
}

export const RESULTS_FOLDER = 'results';

/**
 * Returns a path as a trusted folder and the names below it. An operator may replace `results` by a link to a larger disk.
 * Pure.
 * @param path relative to DATA_DIR, with slashes
 */
export function placeInData(dataDir: string, path: string): [folder: string, names: string[]] {
  const [first = '', ...names] = path.split('/');
  return first === RESULTS_FOLDER ? [join(dataDir, first), names] : [dataDir, [first, ...names]];
}

/** The name of the folder of a result, within the folder of its project. */
export const RESULT_FOLDER = /^\d+-[0-9a-f]{8}$/;
