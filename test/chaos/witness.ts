import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import type { RunView } from '../../src/runs/run-view';
import type { Installation } from './installation';
import type { LostAttempts } from './lost-attempts';

const LOOK_EVERY_MS = 100;
const LOOK_CLOSER_EVERY = 10;
/** Short, because waiting for a lock blocks the whole test process. */
const BUSY_TIMEOUT_MS = 100;

/**
 * Continuously checks the invariants that must hold at every moment. Uses the database, which is readable while the
 * server is down, and the API, as a client does.
 */
export class Witness {
  readonly findings: string[] = [];
  samples = 0;
  /** Resolves with the first violation. */
  readonly firstFinding: Promise<void>;
  private tellOfFinding: () => void = () => undefined;
  private readonly ending = new AbortController();
  private readonly database: BetterSqlite3.Database;
  private readonly ends = new Map<string, string>();
  private readonly eventIds = new Set<string>();
  private lastPosition = 0;
  private readonly watching: Promise<unknown>;

  constructor(
    private readonly installation: Installation,
    private readonly losses: LostAttempts,
  ) {
    this.firstFinding = new Promise((resolve) => (this.tellOfFinding = resolve));
    this.database = new BetterSqlite3(installation.databaseFile, { timeout: BUSY_TIMEOUT_MS });
    this.watching = Promise.all([this.watchDatabase(), this.watchApi()]);
  }

  async end(): Promise<void> {
    this.ending.abort();
    await this.watching;
    this.database.close();
  }

  find(what: string): void {
    if (this.findings.length < 20) this.findings.push(what);
    this.tellOfFinding();
  }

  private async watchDatabase(): Promise<void> {
    while (!this.ending.signal.aborted) {
      try {
        this.lookForTwoAtOnce();
        if (this.samples++ % LOOK_CLOSER_EVERY === 0) {
          this.pushPastTheServer();
          this.lookAtEnds();
          this.lookAtInbox();
          this.installation.lookAtMemory();
          for (const end of this.installation.ownEnds.splice(0)) this.find(end);
          for (const failure of this.installation.api.failures.splice(0)) this.find(failure);
        }
      } catch (error) {
        const isBusy = (error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
        if (!isBusy && !this.installation.chronicle.isOutageNow)
          this.find(`The witness cannot look: ${String(error)}`);
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  private async watchApi(): Promise<void> {
    while (!this.ending.signal.aborted) {
      // By the time it arrives, the response may be older than the state seen in the database.
      const endedBefore = new Set(this.ends.keys());
      const answer = await this.installation.api.call<{ items: RunView[] }>('/api/runs?limit=100');
      if (answer?.status === 200) {
        const running = answer.body.items.filter(({ status }) => status === 'running');
        this.checkRunning(
          running.map(({ projectId }) => projectId),
          'the API says',
        );
        for (const { runId, status, endedAt, statusReason, attempt } of answer.body.items) {
          if (status !== 'running') this.checkEnd(runId, [status, endedAt, statusReason, attempt]);
          else if (endedBefore.has(runId)) this.find(`${runId} had ended, and runs again`);
        }
      }
      await delay(10 * LOOK_EVERY_MS);
    }
  }

  private lookForTwoAtOnce(): void {
    const running = this.rows<{ project_id: string }>("SELECT project_id FROM runs WHERE status = 'running'");
    this.checkRunning(
      running.map(({ project_id }) => project_id),
      'in the database',
    );
  }

  private checkRunning(projectIds: string[], where: string): void {
    const twice = projectIds.filter((projectId, index) => projectIds.indexOf(projectId) !== index);
    if (twice.length > 0) this.find(`two running runs of ${twice.join(', ')}, ${where}`);
  }

  /**
   * Attempts to insert a second running run behind the server's back, which the unique index must prevent. Uses one
   * statement, so that nothing can happen between the check and the write.
   */
  private pushPastTheServer(): void {
    const [running] = this.rows<Record<string, unknown>>(
      "SELECT * FROM runs WHERE status = 'running' LIMIT 1",
    );
    if (!running) return;
    const columns = Object.keys(running).filter((name) => name !== 'run_id');
    this.database
      .prepare(
        `INSERT OR IGNORE INTO runs (run_id, ${columns.join(', ')})
         SELECT 'pushed-' || run_id, ${columns.join(', ')} FROM runs WHERE run_id = ? AND status = 'running'`,
      )
      .run(running.run_id);
  }

  private lookAtEnds(): void {
    const runs = this.rows<
      Record<'run_id' | 'status' | 'ended_at' | 'status_reason' | 'metrics', string> & { attempt: number }
    >('SELECT run_id, status, ended_at, status_reason, attempt, metrics FROM runs');
    for (const run of runs) {
      if (!this.ends.has(run.run_id)) this.lookAtLoss(run);
      if (run.status === 'running') {
        if (this.ends.has(run.run_id)) this.find(`${run.run_id} had ended, and runs again`);
        continue;
      }
      this.checkEnd(run.run_id, [run.status, run.ended_at, run.status_reason, run.attempt]);
      const { attempt } = JSON.parse(run.metrics) as { attempt?: number };
      if (attempt !== undefined && attempt !== run.attempt)
        this.find(`${run.run_id} is in attempt ${run.attempt} and has the results of attempt ${attempt}`);
    }
  }

  private lookAtLoss(run: { run_id: string; attempt: number; status_reason: string | null }): void {
    const { run_id: runId, attempt, status_reason: statusReason } = run;
    const loss = this.losses.judge({ runId, attempt, statusReason });
    if (loss !== null) this.find(loss);
  }

  private checkEnd(runId: string, end: unknown[]): void {
    const text = JSON.stringify(end);
    const known = this.ends.get(runId);
    if (known === undefined) this.ends.set(runId, text);
    else if (known !== text) this.find(`${runId} had ended as ${known}, and now as ${text}`);
  }

  private lookAtInbox(): void {
    const rows = this.rows<{ position: number; event_id: string }>(
      'SELECT position, event_id FROM applied_events WHERE position > ? ORDER BY position',
      this.lastPosition,
    );
    for (const { position, event_id: eventId } of rows) {
      if (this.eventIds.has(eventId)) this.find(`event ${eventId} is applied twice`);
      this.eventIds.add(eventId);
      this.lastPosition = position;
    }
  }

  private rows<Row>(sql: string, ...values: unknown[]): Row[] {
    return this.database.prepare(sql).all(...values) as Row[];
  }
}
