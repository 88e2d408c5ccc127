import { Injectable } from '@nestjs/common';
import { DiskSpace } from '../database/disk-space';
import { InputFiles } from '../inputs/input-files';
import { Lifecycle } from '../lifecycle/lifecycle';
import { type FieldError, invalid, JobatoError } from '../http/catalogue';
import { contentHash } from '../projects/content-hash';
import { checkParams } from '../projects/params';
import { type KnownProject, ProjectCatalogue } from '../projects/project-catalogue';
import { Quotas } from '../quota/quotas';
import { FULL_SCOPE, scopesOf, stepsInScope } from '../projects/scope';
import { newRun } from './new-run';
import { isTerminal, type Run, type TriggeredBy } from './run';
import { RunIds } from './run-id';
import { RunQueries } from './run-queries';
import { RunViews } from './run-views';
import { RunStore } from './run-store';
import { type RunView, toRunView } from './run-view';
import { UnrecordedStops } from './unrecorded-stops';

/** Null equals a missing member, because some clients send every member. */
export interface TriggerRequest {
  scope?: string | null;
  params?: Record<string, unknown> | null;
  triggeredBy?: TriggeredBy | null;
}

interface IdempotentRequest {
  key: string;
  /** Hash of the request as it was sent. */
  requestHash: string;
}

export interface Accepted {
  run: RunView;
  /** This is the first answer to the same request, sent again. */
  replayed: boolean;
}

/** Operations on runs for UI and API: start, stop and re-run. */
@Injectable()
export class RunsService {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly store: RunStore,
    private readonly queries: RunQueries,
    private readonly views: RunViews,
    private readonly ids: RunIds,
    private readonly lifecycle: Lifecycle,
    private readonly disk: DiskSpace,
    private readonly inputs: InputFiles,
    private readonly quotas: Quotas,
    private readonly stops: UnrecordedStops,
  ) {}

  /**
   * Starts a run of a project, or of the default project if `projectId` is null. Resolves once the run is durable.
   * @throws JobatoError PROJECT_NOT_FOUND, VALIDATION, NO_ENABLED_INPUTS, QUOTA_REACHED, QUOTA_UNKNOWN,
   *   RUN_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, SHUTTING_DOWN, STORAGE_FULL, STORAGE_UNAVAILABLE
   */
  async trigger(
    projectId: string | null,
    request: TriggerRequest,
    idempotencyKey: string | null,
  ): Promise<Accepted> {
    const triggeredBy = request.triggeredBy ?? 'api';
    // Hash the request as sent: a retry for "the default project" matches even if the default has changed.
    const asked = { projectId, ...request, triggeredBy };
    return this.once(idempotencyKey, { rerunOf: null, ...asked }, async (idempotency) => {
      await this.projects.reloadFor(projectId);
      const project = projectId === null ? this.projects.getDefault() : this.projects.get(projectId);
      return this.start(project, { ...request, triggeredBy }, null, idempotency);
    });
  }

  /**
   * Starts a run with the scope and params of an earlier run, unless others are given. Throws the errors of `trigger`.
   */
  async rerun(
    runId: string,
    { scope, params }: Pick<TriggerRequest, 'scope' | 'params'>,
    idempotencyKey: string | null,
  ): Promise<Accepted> {
    return this.once(idempotencyKey, { rerunOf: runId.toLowerCase(), scope, params }, async (idempotency) => {
      const original = await this.queries.get(runId);
      await this.projects.reloadFor(original.projectId);
      const project = this.projects.get(original.projectId);
      // Drop parameters that the project no longer declares.
      const kept = Object.entries(original.params).filter(([name]) =>
        Object.hasOwn(project.definition.params, name),
      );
      const request = {
        scope: scope ?? original.scope,
        params: { ...Object.fromEntries(kept), ...params },
        triggeredBy: 'rerun' as const,
      };
      return this.start(project, request, original.runId, idempotency);
    });
  }

  /**
   * Requests a stop of a run. Idempotent.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED; STORAGE_FULL, STORAGE_UNAVAILABLE if the stop is kept and
   *   recorded later
   */
  async stop(runId: string, requestedBy: string, projectId?: string): Promise<RunView> {
    const run = await this.queries.get(runId, projectId);
    const commanded = await this.stops.request(run.runId, requestedBy);
    const latest = commanded?.run ?? run;
    if (!commanded?.applied && isTerminal(latest)) {
      throw new JobatoError(
        'RUN_ALREADY_ENDED',
        `The run cannot be stopped because it ended at ${latest.endedAt} (${latest.status}).`,
      );
    }
    return this.views.one(latest);
  }

  /**
   * Publishes the request of a run again, for a worker that missed it. Adds nothing if a request is already in the
   * outbox.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_CLAIMED, RUN_ALREADY_ENDED
   */
  async askAgain(runId: string, requestedBy: string): Promise<RunView> {
    const { runId: id } = await this.queries.get(runId);
    const { run, outcome } = await this.store.askAgain(id, requestedBy);
    if (outcome === 'ended') {
      throw new JobatoError(
        'RUN_ALREADY_ENDED',
        `The run cannot be requested again because it ended at ${run.endedAt} (${run.status}).`,
      );
    }
    if (outcome === 'claimed') {
      throw new JobatoError(
        'RUN_ALREADY_CLAIMED',
        `A worker claimed the run at ${run.claimedAt}. To start over, stop the run and re-run it.`,
      );
    }
    return this.views.one(run);
  }

  /**
   * Returns the first answer to a repeated request before any other check. The project may have changed since, or be
   * busy with the run of that answer.
   */
  private async once(
    key: string | null,
    asked: object,
    start: (idempotency: IdempotentRequest | null) => Promise<Accepted>,
  ): Promise<Accepted> {
    if (key === null) return start(null);
    const requestHash = contentHash(asked);
    const first = await this.queries.firstAnswer(key);
    if (!first) return start({ key, requestHash });
    if (first.requestHash !== requestHash) throw keyReused();
    return { run: JSON.parse(first.answer) as RunView, replayed: true };
  }

  private async start(
    { definition, definitionHash, definitionJson }: KnownProject,
    request: TriggerRequest & { triggeredBy: TriggeredBy },
    rerunOf: string | null,
    idempotency: IdempotentRequest | null,
  ): Promise<Accepted> {
    if (this.lifecycle.isStopping) {
      throw new JobatoError(
        'SHUTTING_DOWN',
        'The server is stopping and accepts no new runs. Try again after it has restarted.',
      );
    }
    this.disk.assertRoom();

    const { projectId } = definition;
    const { triggeredBy } = request;
    const scope = request.scope ?? FULL_SCOPE;
    const errors: FieldError[] = [];
    const steps = stepsInScope(definition, scope);
    if (steps === null) {
      errors.push({ field: 'scope', message: `must be one of ${scopesOf(definition).join(', ')}` });
    }
    const checked = checkParams(definition.params, request.params ?? {});
    errors.push(...checked.errors);
    if (errors.length > 0) throw invalid(errors);

    // Read the files again, so that the run uses their current content.
    if (definition.inputs !== null) await this.inputs.reload();
    if (definition.quota) await this.quotas.reload();
    const runInputs = definition.inputs === null ? null : this.inputs.compute();
    const quota = await this.quotas.grant(definition);

    const run = newRun({
      start: this.ids.next(),
      project: definition,
      definitionHash,
      scope,
      steps: steps!,
      params: checked.params,
      triggeredBy,
      rerunOf,
      runInputs,
      quota,
    });
    const view = this.viewOfNew(run);
    const created = await this.store.create({
      run,
      definition: definitionJson,
      idempotency: idempotency && { ...idempotency, answer: JSON.stringify(view) },
    });
    switch (created.outcome) {
      case 'created':
        return { run: view, replayed: false };
      case 'replayed':
        return { run: JSON.parse(created.answer) as RunView, replayed: true };
      case 'busy':
        throw new JobatoError(
          'RUN_IN_PROGRESS',
          `Project "${projectId}" already has a run in progress. Wait until it ends, or stop it.`,
          { activeRunId: created.activeRunId },
        );
      case 'key-reused':
        throw keyReused();
    }
  }

  /** Returns the view of a new run without a database read: every new run waits for its publication. */
  private viewOfNew(run: Run): RunView {
    return toRunView(run, { code: 'not-yet-published', isFresh: true }, run.startedAt);
  }
}

function keyReused(): JobatoError {
  return new JobatoError(
    'IDEMPOTENCY_KEY_REUSED',
    'This Idempotency-Key was already used for a different request. Use a new key for each new request.',
  );
}
