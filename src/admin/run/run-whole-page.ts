import { Injectable } from '@nestjs/common';
import type { Run } from '../../runs/run';
import { ranSideBySide } from '../../runs/step-state';
import { logQuestion } from '../log/log-question';
import { LogReader } from '../log/log-reader';
import { textOrNull } from '../page/form-answers';
import { RunPages } from './run-pages';
import { RunPast } from './run-past';
import { runTabs } from './run-tabs';

/**
 * The reload interval of an active run's page without JavaScript, on the reader's request only. An automatic reload
 * would interrupt slow readers (WCAG 2.2, technique F41).
 */
const REFRESH_SECONDS = 5;

/** Builds the whole page of a run: its state, its log and its past. */
@Injectable()
export class RunWholePage {
  constructor(
    private readonly logs: LogReader,
    private readonly pages: RunPages,
    private readonly pasts: RunPast,
  ) {}

  /** Returns the link to the step that the address names; null if it names none, or the step wrote nothing. */
  async hrefOfStep(runId: string, query: Record<string, unknown>): Promise<string | null> {
    const step = textOrNull(query.step);
    const stepAttempt = Number(textOrNull(query.stepAttempt) ?? Number.NaN) || null;
    return step === null ? null : this.logs.hrefOfStep(runId, step, stepAttempt);
  }

  /** @param query of the address */
  async of(run: Run, query: Record<string, unknown>) {
    const [model, past] = await Promise.all([this.pages.first(run), this.pasts.of(run)]);
    // Read after the run: if the run has ended, its log is then complete.
    const log = run.logsRemovedAt === null ? await this.log(run, query, model.run.isActive) : null;
    const refreshSeconds = query.reload === 'on' && model.run.isActive ? REFRESH_SECONDS : null;
    const tabs = runTabs(run.runId, 'run');
    return { ...model, frame: { ...model.frame, refreshSeconds }, tabs, log, past };
  }

  private log(run: Run, query: Record<string, unknown>, isActive: boolean) {
    return this.logs.page(run.runId, logQuestion(query), { isActive, isMixed: ranSideBySide(run.steps) });
  }
}
