import { Injectable } from '@nestjs/common';
import { RunDetailRepository } from '../../history/run-detail.repository';
import { ErrorLines } from '../../logs/error-lines';
import { LogStore } from '../../logs/log-store';
import { isTerminal, type Run } from '../../runs/run';
import { Remembered } from '../page/remembered';
import type { RunFacts } from './run-page';

const ERROR_LINES = 5;
/** The overview shows a line of each failed project. */
const FAILED_RUNS = 1000;

/** Reads what a run left behind when it ended. */
@Injectable()
export class RunEnds {
  private readonly lines = new Remembered<string[]>(FAILED_RUNS);

  constructor(
    private readonly details: RunDetailRepository,
    private readonly log: ErrorLines,
    private readonly logs: LogStore,
  ) {}

  async of(run: Run): Promise<Pick<RunFacts, 'lateEnd' | 'errorLines'>> {
    if (!isTerminal(run)) return { lateEnd: null, errorLines: [] };
    const [lateEnd, errorLines] = await Promise.all([this.details.lateEnd(run), this.errorLines(run)]);
    return { lateEnd, errorLines };
  }

  /** Returns the last error lines of the step that failed. */
  async errorLines(run: Run): Promise<string[]> {
    const failedStep = run.steps.find(({ status }) => status === 'failed')?.name;
    return failedStep === undefined ? [] : this.lastLines(run, failedStep);
  }

  /** Reads the end of the log again only if the log has grown, because open pages request it repeatedly. */
  private async lastLines({ runId, revision }: Run, step: string): Promise<string[]> {
    const lastSeq = await this.logs.lastSeq(runId);
    return this.lines.get(runId, `${revision} ${lastSeq}`, () => this.log.lastOf(runId, step, ERROR_LINES));
  }
}
