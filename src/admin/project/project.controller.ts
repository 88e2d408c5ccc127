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
/** The form of filters and the links that choose a run, as htmx names what asks. */
const NEW_ADDRESS = /^(history-form|select-)/;

/** What stands in the form of a page, and what there is to say about it. */
interface Filled {
  given: GivenForm;
  /** The run that it was filled from, where the address names one. */
  source?: FormSource;
  notice?: Notice;
  errors?: FieldError[];
}

/** A project's page: how its runs went, and the means to start the next. */
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
    response.render('project', await this.wholePage(projectId, historyQuery(query), filled));
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

  /** What a run of one scope would do: the page asks when another one is chosen. */
  @Get('plan')
  async plan(
    @Param('projectId') projectId: string,
    @Query('scope') scope: unknown,
    @Res() response: Response,
  ): Promise<void> {
    // The state of the page says that its project is gone; here is nothing to add.
    if (this.projects.find(projectId) === null) {
      response.status(204).end();
      return;
    }
    const plans = this.reader.plans(await this.reader.state(projectId, WHOLE_HISTORY));
    const chosen = textOrNull(scope) ?? FULL_SCOPE;
    const plan = plans.find((each) => each.scope === chosen) ?? plans[0];
    response.render('part-plan', { plan, plans, planHref: `/projects/${projectId}/plan` });
  }

  /** Where a form that was refused without JavaScript leaves its reader: loaded again, it is the page. */
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
    // A page without the fields of the form wants to hear no more than why.
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
        response.render('project', await this.wholePage(projectId, WHOLE_HISTORY, filled));
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

  /** The form as it was filled in for the run that the address names. */
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
    // Nothing is offered that is there already.
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

  /** What has changed of the page, or nothing. */
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
      // The address in the browser says what is shown, so that reload, back and a shared link show it again.
      response.setHeader('HX-Push-Url', pageAddress(projectId, query));
    }
    // What the next run would reuse and cost may be another by now.
    if (model.project.canRun) response.setHeader('HX-Trigger', 'plan-changed');
    const shownForm = textOrNull(address.form);
    const isFormOld = shownForm !== null && shownForm !== formVersion(state.project.definition);
    response.render('part-project', { ...model, isFormOld });
  }

  /** Its file was taken away while somebody had its page open: they are told, and the page goes on if it comes back. */
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
    response.render('part-project-gone', await this.goneModel(projectId, detail, query));
  }

  /** What has run is still there, and its project is told of rather than taken for a wrong address. */
  private async pageOfGone(projectId: string, query: HistoryQuery, response: Response): Promise<void> {
    const notFound = new JobatoError('PROJECT_NOT_FOUND', `There is no project "${projectId}".`);
    const model = await this.goneModel(projectId, notFound.detail, query);
    if (model.project.latestRunHref === null) throw notFound;
    response.status(statusOf(notFound)).render('project-gone', model);
  }

  private async goneModel(projectId: string, detail: string, query: HistoryQuery) {
    const project = goneProject(projectId, detail, await this.reader.latestRun(projectId), query);
    return { frame: await this.frames.frame(`${project.mark.icon} ${projectId}`, '/'), project };
  }

  private async partModel(state: ProjectState) {
    const project = projectPage(state, await this.reader.details(state), this.clock.now());
    // Seen in the row of tabs, and changed with the state.
    const frame = await this.frames.frame(`${project.mark.icon} ${project.name}`, '/');
    return { frame, project };
  }
}

function pageAddress(projectId: string, query: HistoryQuery): string {
  const parameters = historyParameters(query);
  return `/projects/${projectId}${parameters.size > 0 ? `?${parameters.toString()}` : ''}`;
}
