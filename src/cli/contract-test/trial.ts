import { duration } from '../durations';
import { AskedRun } from './asked-run';
import type { Report } from './report';
import type { StreamSide } from './stream-side';
import type { WorkerProcess } from './worker-process';

export interface TrialSettings {
  projectId: string;
  stream: string;
  /** How long the worker may take for a run. */
  timeoutSeconds: number;
  /** How long it may take to confirm a stop. */
  graceSeconds: number;
  /** How long we listen for what should not come. */
  settleSeconds: number;
  /** Members for the payload of every request. */
  payload: object;
}

/** The worker does not answer, and nobody here can start it again. */
export class WorkerSilent extends Error {}

/** What all paces work with: the stream, the worker where we started it, and what is found. */
export class Trial {
  readonly runs: AskedRun[] = [];

  constructor(
    readonly side: StreamSide,
    readonly worker: WorkerProcess | null,
    readonly report: Report,
    readonly settings: TrialSettings,
  ) {}

  run({ attempt = 1, more = {}, runId }: { attempt?: number; more?: object; runId?: string } = {}): AskedRun {
    const { projectId, payload } = this.settings;
    const run = new AskedRun(this.side, { projectId, attempt, more: { ...payload, ...more } }, runId);
    this.runs.push(run);
    return run;
  }

  /** Waits for the end of the run, for as long as there is anybody who could bring it about. */
  async ended(run: AskedRun, withinSeconds = this.settings.timeoutSeconds): Promise<boolean> {
    const isOver = () => run.ends.length > 0;
    const isInVain = () => this.worker !== null && !this.worker.isAlive;
    await this.side.until(() => isOver() || isInVain(), withinSeconds * 1000);
    return isOver();
  }

  /** Time for what should not come. */
  async settle(): Promise<void> {
    await this.side.until(() => false, this.settings.settleSeconds * 1000);
  }

  /**
   * Asks for one more run, which any worker that is still well answers.
   * @returns that run, or null where it was not answered and the worker was started again
   */
  async stillAnswers(what: string, mend: string, more: object = {}): Promise<AskedRun | null> {
    const run = this.run({ more });
    await run.ask();
    if (await this.ended(run)) {
      const { event } = run.ends[0]!;
      this.report.holds(what, `${event.eventType} after ${duration(run.tookMs)}`);
      return run;
    }
    const why = this.worker?.epitaph() ?? null;
    this.report.fails(
      what,
      why ?? `no end of run ${run.runId} within ${this.settings.timeoutSeconds} s`,
      mend,
    );
    if (this.worker === null) throw new WorkerSilent();
    await this.worker.kill();
    await this.worker.start();
    return null;
  }
}
