import { Injectable } from '@nestjs/common';
import type { LogLineInput, RunEvent } from '../events/run-event';
import { LogTail } from '../logs/log-tail';
import { EventIntake } from '../intake/event-intake';
import { isTerminal } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { timesOf } from '../runs/sender-clock';

/** Stores log lines, and applies events of the embedded worker before they are published to the stream. */
@Injectable()
export class WorkerReports {
  constructor(
    private readonly runs: RunRepository,
    private readonly tail: LogTail,
    private readonly intake: EventIntake,
  ) {}

  /** Applies events at once, in order. Used with Redis, which can lose entries that it has accepted. */
  applyAndPublish(events: RunEvent[]): Promise<void> {
    return this.intake.applyAndPublish(events);
  }

  /**
   * Appends lines to a run's log. Drops those of an attempt that has ended or was replaced.
   * @returns whether the log accepts more lines
   */
  async appendLog(runId: string, attempt: number, lines: LogLineInput[]): Promise<{ accepting: boolean }> {
    const run = await this.runs.attemptState(runId);
    if (!run || isTerminal(run) || run.attempt !== attempt) return { accepting: false };
    const { limitReached } = await this.tail.append({ runId, attempt, lines, timeOf: timesOf(run) });
    return { accepting: !limitReached };
  }
}
