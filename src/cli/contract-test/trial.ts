import { duration } from '../durations';
import { AskedRun } from './asked-run';
import type { Report } from './report';
import type { StreamSide } from './stream-side';
import type { WorkerProcess } from './worker-process';

export interface TrialSettings {
  projectId: string;
  stream: string;
  /** The longest time the worker may take for a run. */
  timeoutSeconds: number;
  /** The longest time it may take to confirm a stop. */
  graceSeconds: number;
  /** How long the test waits for events that must not come. */
  settleSeconds: number;
  /** Members added to the payload of every request. */
  payload: object;
}

/** The worker does not answer, and the test cannot restart it. */
export class WorkerSilent extends Error {}

/** The shared state of all tests: the stream, the worker process if the test started it, and the report. */
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

  /** Waits for the end of the run, up to the time limit or until the worker process ends. */
  async ended(run: AskedRun, withinSeconds = this.settings.timeoutSeconds): Promise<boolean> {
    const isOver = () => run.ends.length > 0;
    const isInVain = () => this.worker !== null && !this.worker.isAlive;
    await this.side.until(() => isOver() || isInVain(), withinSeconds * 1000);
    return isOver();
  }

  /** Waits for events that must not come. */
  async settle(): Promise<void> {
    await this.side.until(() => false, this.settings.settleSeconds * 1000);
  }

  /**
   * Requests one more run, which every healthy worker answers.
   * @returns that run, or null if it got no answer and the worker was restarted
   */
  async stillAnswers(what: string, remedy: string, more: object = {}): Promise<AskedRun | null> {
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
      why ?? `run ${run.runId} did not end within ${this.settings.timeoutSeconds} s`,
      remedy,
    );
    if (this.worker === null) throw new WorkerSilent();
    await this.worker.kill();
    await this.worker.start();
    return null;
  }
}
