import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { RunRepository, type RunWithDeadlines } from '../runs/run.repository';
import { RecordedDeadlinesRepository } from './recorded-deadlines.repository';
import { RunDeadlines } from './run-deadlines';

/**
 * Reads the active runs into `RunDeadlines`, and keeps a record of their deadlines for the next process. The record is
 * written once at start-up and after each change of the wall clock.
 */
@Injectable()
export class DeadlineRecorder implements OnModuleInit {
  private readonly logger = new Logger(DeadlineRecorder.name);

  constructor(
    private readonly runs: RunRepository,
    private readonly deadlines: RunDeadlines,
    private readonly records: RecordedDeadlinesRepository,
  ) {}

  /** Runs at this stage, because later ones already change runs. */
  async onModuleInit(): Promise<void> {
    try {
      this.deadlines.restore(await this.runs.allWithDeadlines(), await this.records.find());
    } catch (error) {
      this.logger.warn(`Reading the recorded deadlines failed, using the wall clock: ${String(error)}`);
    }
    this.recordIfDue();
  }

  /** @see RunDeadlines.look */
  async look(): Promise<{ runs: RunWithDeadlines[]; blockedMs: number }> {
    const looked = await this.deadlines.look(() => this.runs.allWithDeadlines());
    this.recordIfDue();
    return looked;
  }

  /** Does not wait: a look must not be late because of the record. Writes of runs that follow are committed after it. */
  private recordIfDue(): void {
    const record = this.deadlines.takeDueRecord();
    // While the storage cannot be written, no run changes either. So the stored record stays true until the next try.
    if (record) this.records.replace(record).catch(() => this.deadlines.recordAgain());
  }
}
