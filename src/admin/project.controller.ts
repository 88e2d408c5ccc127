import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { validate as isUuid } from 'uuid';
import { Clock } from '../clock/clock';
import type { FieldError } from '../problems/catalogue';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { FULL_SCOPE } from '../projects/scope';
import { Quotas } from '../quota/quotas';
import { ConfigRemarks } from '../runs/config-remarks';
import { RUN_STATUSES } from '../runs/run';
import { RunQueries } from '../runs/run-queries';
import { RunsService } from '../runs/runs.service';
import type { Notice } from './notice';
import { carryOut, leadTo, textOrNull } from './page-answer';
import { PageFrames } from './page-frame';
import { projectPage } from './project-page';
import type { HistoryQuery } from './run-history';
import { type GivenForm, givenIn, NOTHING_GIVEN, runForm, triggerRequest } from './run-form';
import { ALIKE_RUNS } from './summary-bar';

const HISTORY_ROWS = 20;
type Parameters = Record<string, unknown>;

/** A project's page: how its latest run went, and the means to start the next. */
@ApiExcludeController()
@Controller('projects/:projectId')
export class ProjectPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly queries: RunQueries,
    private readonly runs: RunsService,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
    private readonly quotas: Quotas,
    private readonly remarks: ConfigRemarks,
  ) {}

  @Get()
  async page(
    @Param('projectId') projectId: string,
    @Query() query: Parameters,
    @Res() response: Response,
  ): Promise<void> {
    response.render('project', await this.model(projectId, historyQuery(query)));
  }

  @Get('state')
  async state(
    @Param('projectId') projectId: string,
    @Query() query: Parameters,
    @Res() response: Response,
  ): Promise<void> {
    const model = await this.model(projectId, historyQuery(query));
    if (model.project.version === query.version) response.status(204).end();
    else response.render('part-project', model);
  }

  @Post('runs')
  async run(
    @Param('projectId') projectId: string,
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { definition } = this.projects.get(projectId);
    const given = givenIn(body);
    await carryOut(
      request,
      response,
      async () => {
        const asked = { ...triggerRequest(definition, given), triggeredBy: 'manual' as const };
        const { run } = await this.runs.trigger(projectId, asked, null);
        leadTo(`/runs/${run.runId}`, request, response);
      },
      async (notice, { extras: { errors = [] } }) =>
        response.render('project', await this.model(projectId, historyQuery({}), { given, notice, errors })),
      ({ extras: { errors = [] } }) => ({ form: runForm(definition, given, errors) }),
    );
  }

  private async model(
    projectId: string,
    query: HistoryQuery,
    { given, notice, errors }: { given: GivenForm; notice: Notice | null; errors: FieldError[] } = {
      given: NOTHING_GIVEN,
      notice: null,
      errors: [],
    },
  ) {
    const project = this.projects.get(projectId);
    const [run, page] = await Promise.all([
      this.queries.current(projectId),
      this.queries.list(
        { projectId, status: query.status ?? undefined },
        HISTORY_ROWS,
        query.cursor ?? undefined,
      ),
    ]);
    const [view, alike, quota, frame] = await Promise.all([
      run && this.queries.view(run),
      this.queries.list({ projectId, status: 'completed', scope: run?.scope ?? FULL_SCOPE }, ALIKE_RUNS),
      this.quotas.statusOf(project.definition),
      this.frames.frame(project.definition.name, '/'),
    ]);
    const notes = this.remarks.notes(project.definition);
    const running = frame.running;
    const facts = { project, run, view, alike: alike.items, page, query, quota, notes, running };
    return {
      frame,
      project: projectPage(facts, this.clock.now()),
      form: runForm(project.definition, given, errors),
      notice,
    };
  }
}

/** What does not make sense in an address is left out: an old link still shows the page. */
function historyQuery(query: Parameters): HistoryQuery {
  const cursor = textOrNull(query.cursor);
  return {
    status: RUN_STATUSES.find((status) => status === query.status) ?? null,
    cursor: cursor !== null && isUuid(cursor) ? cursor : null,
  };
}
