import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Clock } from '../../clock/clock';
import { type FieldError, JobatoError } from '../../http/catalogue';
import { ProjectCatalogue } from '../../projects/project-catalogue';
import { FULL_SCOPE } from '../../projects/scope';
import { RunsService } from '../../runs/runs.service';
import { goneProject, GONE_VERSION } from './gone-project';
import { historyParameters, historyQuery, type HistoryQuery, WHOLE_HISTORY } from './history-query';
import { type Notice, noticeOfOldForm, statusOf } from '../page/notice';
import { carryOut, leadTo, textOrNull, wantsPart } from '../page/page-answer';
import { PageFrames } from '../page/page-frame';
import { projectPage, projectVersion, type ProjectState } from './project-page';
import { ProjectReader } from './project-reader';
import {
  formVersion,
  type GivenForm,
  givenIn,
  NOTHING_GIVEN,
  runForm,
  triggerRequest,
} from '../run/run-form';
import { type FormSource, formSource } from './form-source';

type Parameters = Record<string, unknown>;
/**
 * The ids of the elements that change the address, as htmx sends them: the filter form and the links that select a
 * run.
 */
const NEW_ADDRESS = /^(history-form|select-)/;

/** The values and messages of the form on a page. */
interface Filled {
  given: GivenForm;
  /** The run that the form was filled from, if the address names one. */
  source?: FormSource;
  notice?: Notice;
  errors?: FieldError[];
}

/** A project's page: its past runs, and the form for the next one. */
@ApiExcludeController()
@Controller('projects/:projectId')
export class ProjectPageController {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly reader: ProjectReader,
    private readonly runs: RunsService,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(
    @Param('projectId') projectId: string,
    @Query() query: Parameters,
    @Res() response: Response,
  ): Promise<void> {
    if (this.projects.find(projectId) === null) {
      await this.pageOfGone(projectId, historyQuery(query), response);
      return;
    }
    const filled = await this.filledAsIn(projectId, textOrNull(query.like));
    response.render('project/page', await this.wholePage(projectId, historyQuery(query), filled));
  }

  @Get('state')
  async state(
    @Param('projectId') projectId: string,
    @Query() address: Parameters,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const query = historyQuery(address);
    try {
      await this.showState(projectId, query, address, request, response);
    } catch (error) {
      const isGone = error instanceof JobatoError && error.code === 'PROJECT_NOT_FOUND';
      if (!isGone || !wantsPart(request)) throw error;
      await this.showGone(projectId, query, address, error, response);
    }
  }

  /** Returns the plan of one scope; the page requests it when the user selects another scope. */
  @Get('plan')
  async plan(
    @Param('projectId') projectId: string,
    @Query('scope') scope: unknown,
    @Res() response: Response,
  ): Promise<void> {
    // The polled state already shows that the project is gone.
    if (this.projects.find(projectId) === null) {
      response.status(204).end();
      return;
    }
    const plans = this.reader.plans(await this.reader.state(projectId, WHOLE_HISTORY));
    const chosen = textOrNull(scope) ?? FULL_SCOPE;
    const plan = plans.find((each) => each.scope === chosen) ?? plans[0];
    response.render('project/plan-part', { plan, plans, planHref: `/projects/${projectId}/plan` });
  }

  /** Without JavaScript, a refused form is rendered at this address; a reload leads back to the page. */
  @Get('runs')
  backToPage(@Param('projectId') projectId: string, @Res() response: Response): void {
    response.redirect(303, `/projects/${encodeURIComponent(projectId)}`);
  }

  @Post('runs')
  async run(
    @Param('projectId') projectId: string,
    @Body() body: unknown,
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
        const { run } = await this.runs.trigger(projectId, asked, null);
        leadTo(`/runs/${run.runId}`, request, response);
      },
      async (notice, { extras: { errors } }) => {
        const filled = { given, notice, ...(errors && { errors }) };
        response.render('project/page', await this.wholePage(projectId, WHOLE_HISTORY, filled));
      },
      (error) => {
        const project = this.projects.find(projectId);
        if (brief === 'on' || !project) return {};
        const shownForm = textOrNull(form);
        if (shownForm !== null && shownForm !== formVersion(project.definition))
          return { notice: noticeOfOldForm(error, `/projects/${projectId}`) };
        return { form: runForm(project.definition, given, error.extras.errors ?? []) };
      },
    );
  }

  /** Returns the form filled from the run in the address. */
  private async filledAsIn(projectId: string, runId: string | null): Promise<Filled> {
    if (runId === null) return { given: NOTHING_GIVEN };
    const run = await this.reader.runOf(projectId, runId);
    return formSource(this.projects.get(projectId).definition, run);
  }

  private async wholePage(
    projectId: string,
    query: HistoryQuery,
    { given, source, notice, errors = [] }: Filled,
  ) {
    const state = await this.reader.state(projectId, query);
    const model = await this.partModel(state);
    const plans = this.reader.plans(state);
    const chosen = given.scope ?? FULL_SCOPE;
    const { definition } = state.project;
    // No link to fill the form from the latest run if it already is.
    const isLikeLatest = source?.run?.href === `/runs/${state.run?.runId}`;
    return {
      ...model,
      project: { ...model.project, ...(isLikeLatest && { likeLatestHref: null }) },
      form: runForm(definition, given, errors),
      formVersion: formVersion(definition),
      source,
      plan: plans.find(({ scope }) => scope === chosen) ?? plans[0],
      planHref: model.project.planHref,
      plans,
      notice,
    };
  }

  /** Renders the changed part of the page, or 204. */
  private async showState(
    projectId: string,
    query: HistoryQuery,
    address: Parameters,
    request: Request,
    response: Response,
  ): Promise<void> {
    const state = await this.reader.state(projectId, query);
    if (projectVersion(state, this.clock.now()) === address.version) {
      response.status(204).end();
      return;
    }
    const model = await this.partModel(state);
    if (NEW_ADDRESS.test(String(request.headers['hx-trigger']))) {
      // Puts the filter into the browser's address, so that reload, back and shared links show the same.
      response.setHeader('HX-Push-Url', pageAddress(projectId, query));
    }
    // The plan of the next run may have changed too: steps to reuse and quota.
    if (model.project.canRun) response.setHeader('HX-Trigger', 'plan-changed');
    const shownForm = textOrNull(address.form);
    const isFormOld = shownForm !== null && shownForm !== formVersion(state.project.definition);
    response.render('project/part', { ...model, isFormOld });
  }

  /** The project file was removed while the page is open. The page shows that, and recovers if the file comes back. */
  private async showGone(
    projectId: string,
    query: HistoryQuery,
    address: Parameters,
    { detail }: JobatoError,
    response: Response,
  ): Promise<void> {
    if (address.version === GONE_VERSION) {
      response.status(204).end();
      return;
    }
    response.render('project/gone-part', await this.goneModel(projectId, detail, query));
  }

  /** Shows a removed project with past runs, instead of a wrong address. */
  private async pageOfGone(projectId: string, query: HistoryQuery, response: Response): Promise<void> {
    const notFound = new JobatoError('PROJECT_NOT_FOUND', `Project "${projectId}" does not exist.`);
    const model = await this.goneModel(projectId, notFound.detail, query);
    if (model.project.latestRunHref === null) throw notFound;
    response.status(statusOf(notFound)).render('project/gone-page', model);
  }

  private async goneModel(projectId: string, detail: string, query: HistoryQuery) {
    const project = goneProject(projectId, detail, await this.reader.latestRun(projectId), query);
    return { frame: await this.frames.frame(`${project.mark.icon} ${projectId}`, '/'), project };
  }

  private async partModel(state: ProjectState) {
    const project = projectPage(state, await this.reader.details(state), this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const frame = await this.frames.frame(`${project.mark.icon} ${project.name}`, '/');
    return { frame, project };
  }
}

function pageAddress(projectId: string, query: HistoryQuery): string {
  const parameters = historyParameters(query);
  return `/projects/${projectId}${parameters.size > 0 ? `?${parameters.toString()}` : ''}`;
}
