import { Injectable } from '@nestjs/common';
import { Database } from '../database/database';
import type { Transaction } from '../database/writer';
import type { Part } from './retention-rule';

type Reader = Pick<Transaction, 'query'>;

/** A range of the runs of one project. */
export interface Stretch {
  projectId: string;
  part: Part;
  /** The runs with a smaller id go. */
  before: string;
  /** The runs up to this id were looked at; '' at the beginning. */
  after: string;
}

/** A run that goes, or that loses a part. */
export interface Candidate {
  runId: string;
  definitionHash: string;
  /** Size of what is deleted: of its log and its artifacts. */
  bytes: number;
}

/** The runs of a window that go. */
export interface Window {
  candidates: Candidate[];
  /** The last run that was looked at; null if there are no further ones. */
  next: string | null;
}

/** Runs that one query looks at. */
const WINDOW = 250;

/** The runs of a project that always stay: queries with its id as the parameter. An index answers each of them. */
const STAYING = [
  'SELECT MAX(run_id) FROM runs WHERE project_id = ?',
  newestWith('completed'),
  'SELECT run_id FROM runs WHERE project_id = ? AND pinned = 1',
  "SELECT run_id FROM runs WHERE project_id = ? AND status = 'running'",
  'SELECT run_id FROM results WHERE project_id = ?',
];
/** The reason of a failure is in its log. */
const STAYING_LOGS = [...STAYING, newestWith('failed')];

const BYTES_OF_LOG = 'COALESCE((SELECT bytes FROM log_ends WHERE log_ends.run_id = runs.run_id), 0)';
const BYTES_OF_ARTIFACTS =
  "COALESCE((SELECT SUM(json_extract(value, '$.size')) FROM json_each(runs.artifacts)), 0)";
const ARTIFACTS_LEFT = `CASE WHEN artifacts_removed_at IS NULL THEN ${BYTES_OF_ARTIFACTS} ELSE 0 END`;

const RULES: Record<Part, { staying: string[]; condition: string; bytes: string }> = {
  run: { staying: STAYING, condition: '', bytes: `${BYTES_OF_LOG} + ${ARTIFACTS_LEFT}` },
  logs: {
    staying: STAYING_LOGS,
    condition:
      ' AND logs_removed_at IS NULL AND EXISTS (SELECT 1 FROM log_ends WHERE log_ends.run_id = runs.run_id)',
    bytes: BYTES_OF_LOG,
  },
  artifacts: {
    staying: STAYING,
    condition: ' AND artifacts_removed_at IS NULL',
    bytes: BYTES_OF_ARTIFACTS,
  },
};

/** Selects the runs that go. Preview and deletion use the same queries, so they cannot differ. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /** Returns the ids of all projects that have runs. Reads one index entry for each. */
  async projectIds(): Promise<string[]> {
    const rows = await this.database.read.query<{ id: string }>(
      'WITH RECURSIVE ids (id) AS (SELECT MIN(project_id) FROM runs UNION ALL' +
        ' SELECT (SELECT MIN(project_id) FROM runs WHERE project_id > ids.id) FROM ids WHERE ids.id IS NOT NULL)' +
        ' SELECT id FROM ids WHERE id IS NOT NULL',
    );
    return rows.map(({ id }) => id);
  }

  /** Returns the run that is number `place` of the project, counted from the newest; null if there are fewer. */
  async nthNewest(projectId: string, place: number): Promise<string | null> {
    const [row] = await this.database.read.query<{ run_id: string }>(
      'SELECT run_id FROM runs WHERE project_id = ? ORDER BY run_id DESC LIMIT 1 OFFSET ?',
      [projectId, place - 1],
    );
    return row?.run_id ?? null;
  }

  /** Looks at the next runs of a stretch, and returns up to `limit` that go, oldest first. */
  async window(stretch: Stretch, limit: number, reader: Reader = this.database.read): Promise<Window> {
    const { projectId, part, before, after } = stretch;
    const { staying, condition, bytes } = RULES[part];
    // A limited number of runs, because few of them may be candidates.
    const [last] = await reader.query<{ run_id: string }>(
      'SELECT run_id FROM runs WHERE project_id = ? AND run_id > ? AND run_id < ?' +
        ' ORDER BY run_id LIMIT 1 OFFSET ?',
      [projectId, after, before, WINDOW - 1],
    );
    const stays = staying.map((query) => ` AND run_id NOT IN (${query})`).join('');
    const candidates = await reader.query<Candidate>(
      `SELECT run_id AS "runId", definition_hash AS "definitionHash", ${bytes} AS bytes FROM runs` +
        ` WHERE project_id = ? AND run_id > ? AND run_id ${last ? '<=' : '<'} ?${stays}${condition}` +
        ' ORDER BY run_id LIMIT ?',
      [projectId, after, last?.run_id ?? before, ...staying.map(() => projectId), limit],
    );
    const isFull = candidates.length === limit;
    return { candidates, next: isFull ? candidates.at(-1)!.runId : (last?.run_id ?? null) };
  }
}

function newestWith(status: 'completed' | 'failed'): string {
  return (
    `SELECT run_id FROM (SELECT run_id FROM runs WHERE project_id = ? AND status = '${status}'` +
    ' ORDER BY run_id DESC LIMIT 1) AS newest'
  );
}
