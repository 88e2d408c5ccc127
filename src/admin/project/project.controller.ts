import {
  Body,
  Controller,
  Get,
  HttpStatus,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { JobatoError } from '../../http/problem-catalogue';
import { RequestUser } from '../../http/request-user';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { FULL_SCOPE } from '../../projects/scope';
import { RunsService } from '../../runs/runs.service';
import { goneProject } from './gone-project';
import { historyHref, historyQuery, type HistoryQuery, WHOLE_HISTORY } from './history-query';
import { confirmation, noticeOfOldForm, statusOf } from '../page/notice';
import { carryOut, leadTo, textOrNull, wantsPart } from '../page/form-answers';
import { live } from '../page/live';
import { PageFrames } from '../page/page-frame';
import { PartView, SeeOther, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { CurrentRuns } from './current-runs';
import { type Filled, ProjectPages } from './project-pages';
import { ProjectReader } from './project-reader';
import { nextRun } from './next-run';
import { formVersion, givenIn, runForm, startFromForm, triggerRequest } from '../run/run-form';
import { formSource } from './form-source';

type Parameters = Record<string, unknown>;
/**
 * The ids of the elements that change the address, as htmx sends them: the filter form and the links that select a
 * run.
 */
const NEW_ADDRESS = /^(history-form|select-)/;

/** A project's page: its past runs, and the form for the next one. */
@ApiExcludeController()
@Controller('projects/:projectId')
@UseInterceptors(ViewInterceptor)
export class ProjectPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly reader: ProjectReader,
    private readonly pages: ProjectPages,
    private readonly currentRuns: CurrentRuns,
    private readonly runs: RunsService,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Param('projectId') projectId: string, @Query() query: Parameters): Promise<View> {
    if (this.projects.find(projectId) === null) return this.pageOfGone(projectId, historyQuery(query));
    const filled = await this.filledAsIn(projectId, textOrNull(query.like));
    const notice = confirmation(textOrNull(query.done)) ?? filled.notice;
    return new View(
      'project/page',
      await this.pages.whole(projectId, historyQuery(query), { ...filled, notice }),
    );
  }

  @Get('state')
  async state(
    @Param('projectId') projectId: string,
    @Query() address: Parameters,
    @Req() request: Request,
  ): Promise<PartView> {
    const query = historyQuery(address);
    try {
      const model = await this.pages.part(projectId, query);
      return new PartView(
        'project/refresh',
        { ...model, isFormOld: isFormOld(address.form, model.formVersion) },
        model.live,
        {
          headers: {
            // Puts the filter into the browser's address, so that reload, back and shared links show the same.
            ...(NEW_ADDRESS.test(String(request.headers['hx-trigger'])) && {
              'HX-Push-Url': historyHref(`/projects/${projectId}`, query),
            }),
            // The plan of the next run may have changed too: steps to reuse and quota.
            ...(model.project.canRun && { 'HX-Trigger': 'plan-changed' }),
          },
        },
      );
    } catch (error) {
      const isGone = error instanceof JobatoError && error.code === 'PROJECT_NOT_FOUND';
      if (!isGone || !wantsPart(request)) throw error;
      // The page shows that the project file was removed, and recovers if the file comes back.
      const model = await this.goneModel(projectId, error.detail, query);
      return new PartView('project/gone-part', model, model.live);
    }
  }

  /** Returns the plan of one scope; the page requests it when the user selects another scope. */
  @Get('plan')
  async plan(
    @Param('projectId') projectId: string,
    @Query('scope') scope: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View | undefined> {
    // The polled state already shows that the project is gone.
    if (this.projects.find(projectId) === null) {
      response.status(HttpStatus.NO_CONTENT);
      return undefined;
    }
    const { plans } = nextRun(await this.reader.state(projectId, WHOLE_HISTORY));
    const chosen = textOrNull(scope) ?? FULL_SCOPE;
    const plan = plans.find((each) => each.scope === chosen) ?? plans[0];
    return new View('project/plan-part', { plan, plans, planHref: `/projects/${projectId}/plan` });
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get('runs')
  backToPage(@Param('projectId') projectId: string): SeeOther {
    return new SeeOther(`/projects/${encodeURIComponent(projectId)}`);
  }

  @Post('runs')
  async run(
    @Param('projectId') projectId: string,
    @Body() body: unknown,
    @RequestUser() name: string | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const given = givenIn(body);
    // A page without the form fields needs only the reason.
    const { brief, form } = (body ?? {}) as { brief?: unknown; form?: unknown };
    await carryOut(
      request,
      response,
      async () => {
        const { definition } = this.projects.get(projectId);
        const asked = { ...triggerRequest(definition, given), triggeredBy: 'manual' as const };
        const { run } = await startFromForm(definition, () => this.runs.trigger(projectId, asked, { name }));
        leadTo(`/runs/${run.runId}`, request, response);
      },
      async (notice, { extras: { errors } }) => {
        const filled = { given, notice, ...(errors && { errors }) };
        response.render('project/page', await this.pages.whole(projectId, WHOLE_HISTORY, filled));
      },
      (error) => {
        const project = this.projects.find(projectId);
        if (brief === 'on' || !project) return {};
        if (isFormOld(form, formVersion(project.definition)))
          return { notice: noticeOfOldForm(error, `/projects/${projectId}`) };
        return { form: runForm(project.definition, given, error.extras.errors ?? []) };
      },
    );
  }

  /** Returns the form filled from the run in the address. */
  private async filledAsIn(projectId: string, runId: string | null): Promise<Filled> {
    if (runId === null) return {};
    const run = await this.currentRuns.find(projectId, runId);
    return formSource(this.projects.get(projectId).definition, run);
  }

  /** Shows a removed project with past runs, instead of a wrong address. */
  private async pageOfGone(projectId: string, query: HistoryQuery): Promise<View> {
    const notFound = new JobatoError('PROJECT_NOT_FOUND', `Project "${projectId}" does not exist.`);
    const model = await this.goneModel(projectId, notFound.detail, query);
    if (model.project.latestRunHref === null) throw notFound;
    return new View('project/gone-page', model, { status: statusOf(notFound) });
  }

  private async goneModel(projectId: string, detail: string, query: HistoryQuery) {
    const project = goneProject(projectId, detail, await this.currentRuns.latest(projectId));
    const frame = await this.frames.frame(`${project.mark.icon} ${projectId}`, '/');
    return live(historyHref(`/projects/${projectId}/state`, query), { frame, project });
  }
}

/** @param shown the version of the form on the page */
function isFormOld(shown: unknown, current: string): boolean {
  const version = textOrNull(shown);
  return version !== null && version !== current;
}
