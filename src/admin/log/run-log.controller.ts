import { Controller, Get, HttpStatus, Param, Query, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { assertLogKept } from '../../runs/removed-parts';
import { isTerminal } from '../../runs/run';
import { RunRepository } from '../../runs/run.repository';
import { ranSideBySide } from '../../runs/step-state';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { logQuestion } from './log-question';
import { LogReader } from './log-reader';

/** Parts of a run's log for an open page: new lines, and the lines before or after those shown. */
@ApiExcludeController()
@Controller('runs/:runId/log')
@UseInterceptors(ViewInterceptor)
export class RunLogPartController {
  constructor(
    private readonly runs: RunRepository,
    private readonly logs: LogReader,
  ) {}

  @Get()
  async part(
    @Param('runId') runId: string,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View | undefined> {
    // Read before the log: if the run has ended, the log read afterwards is complete.
    const run = await this.runs.get(runId);
    assertLogKept(run);
    const isActive = !isTerminal(run);
    const question = logQuestion(query);
    const log = await this.logs.window(runId, question, { isActive, isMixed: ranSideBySide(run.steps) });
    if (question.after === null || !isActive || log.to > question.after) return new View('log/window', log);
    response.status(HttpStatus.NO_CONTENT);
    return undefined;
  }

  @Get('steps')
  async steps(@Param('runId') runId: string): Promise<View> {
    await this.runs.get(runId);
    return new View('log/steps', { run: { runId }, log: { steps: await this.logs.steps(runId) } });
  }
}
