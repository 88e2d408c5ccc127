import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock/clock';
import type { FieldError } from '../../http/problem-catalogue';
import { LiveResults } from '../../results/live-results';
import { FULL_SCOPE } from '../../projects/scope';
import { live } from '../page/live';
import type { Notice } from '../page/notice';
import { PageFrames } from '../page/page-frame';
import { EMPTY_PAUSE_FORM, type PauseForm } from '../page/pause-form';
import { type GivenForm, NOTHING_GIVEN, runForm } from '../run/run-form';
import type { FormSource } from './form-source';
import { historyHref, type HistoryQuery } from './history-query';
import { liveResultPart } from './live-result';
import { nextRun } from './next-run';
import { projectPage, type ProjectState } from './project-page';
import { ProjectReader } from './project-reader';

/** The values and messages of the forms on a page. */
export interface Filled {
  given?: GivenForm;
  /** The run that the form was filled from, if the address names one. */
  source?: FormSource;
  notice?: Notice;
  errors?: FieldError[];
  pauseForm?: PauseForm;
}

/** Builds the models of a project's page. */
@Injectable()
export class ProjectPages {
  constructor(
    private readonly reader: ProjectReader,
    private readonly clock: Clock,
    private readonly frames: PageFrames,
    private readonly results: LiveResults,
  ) {}

  /** @throws JobatoError PROJECT_NOT_FOUND */
  async whole(
    projectId: string,
    query: HistoryQuery,
    { given = NOTHING_GIVEN, source, notice, errors = [], pauseForm = EMPTY_PAUSE_FORM }: Filled,
  ) {
    const state = await this.reader.state(projectId, query);
    const model = await this.ofState(state);
    const { plans } = model;
    const chosen = given.scope ?? FULL_SCOPE;
    const { definition } = state.project;
    // No link to fill the form from the latest run if it already is.
    const isLikeLatest = source?.run?.href === `/runs/${state.run?.runId}`;
    return {
      ...model,
      project: { ...model.project, ...(isLikeLatest && { likeLatestHref: null }) },
      form: runForm(definition, given, errors),
      source,
      plan: plans.find(({ scope }) => scope === chosen) ?? plans[0],
      planHref: model.project.planHref,
      notice,
      pauseForm,
    };
  }

  /** Returns the part that changes with the state of the project. */
  async part(projectId: string, query: HistoryQuery) {
    const model = await this.ofState(await this.reader.state(projectId, query));
    return { ...model, pauseForm: EMPTY_PAUSE_FORM };
  }

  private async ofState(state: ProjectState) {
    const { definition } = state.project;
    const { projectId } = definition;
    const [details, current, kept, foreign] = await Promise.all([
      this.reader.details(state),
      this.results.current(projectId),
      this.results.history(projectId),
      this.results.foreignPointer(projectId),
    ]);
    const project = projectPage(state, details, this.clock.now());
    // Browser tabs show the title, so it changes with the state.
    const frame = await this.frames.frame(`${project.mark.icon} ${project.name}`, '/');
    return live(historyHref(`/projects/${project.projectId}/state`, state.query), {
      frame,
      project,
      liveResult: liveResultPart(definition, state.run, {
        live: current,
        kept,
        foreign,
        isMissing: this.results.isFileMissing(projectId),
      }),
      ...nextRun(state),
    });
  }
}
