import { Controller, Get, HttpStatus, Param, Query, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { assertLogKept } from '../../runs/removed-parts';
import { isTerminal, type Run } from '../../runs/run';
import { RunPipe, runPaths } from '../../runs/run.pipe';
import { ranSideBySide } from '../../runs/step-state';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { logQuestion, markedText } from './log-question';
import { type LogMatches, LogReader } from './log-reader';
import { MAX_MATCHES } from './match-list';

/** Parts of a run's log for an open page: new lines, and the lines before or after those shown. */
@ApiExcludeController()
@Controller(runPaths('log'))
@UseInterceptors(ViewInterceptor)
export class RunLogPartController {
  constructor(private readonly logs: LogReader) {}

  @Get()
  async part(
    // Read before the log: if the run has ended, the log read afterwards is complete.
    @Param(RunPipe) run: Run,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View | undefined> {
    assertLogKept(run);
    const isActive = !isTerminal(run);
    const question = logQuestion(query);
    const log = await this.logs.window(run.runId, question, { isActive, isMixed: ranSideBySide(run.steps) });
    if (question.after === null || !isActive || log.to > question.after) return new View('log/window', log);
    response.status(HttpStatus.NO_CONTENT);
    return undefined;
  }

  /** Where the searched text occurs, for stepping through a log of which the page shows a part. */
  @Get('matches')
  async matches(@Param(RunPipe) run: Run, @Query() query: Record<string, unknown>): Promise<LogMatches> {
    assertLogKept(run);
    const { after, ...filter } = logQuestion(query);
    if (markedText(filter) === '') return { lines: [], to: 0, isWhole: true };
    const known = Number(query.known);
    return this.logs.matches(run.runId, filter, after ?? 0, known >= 0 && known <= MAX_MATCHES ? known : 0);
  }

  @Get('steps')
  async steps(@Param(RunPipe) { runId }: Run): Promise<View> {
    return new View('log/steps', { run: { runId }, log: { steps: await this.logs.steps(runId) } });
  }
}
