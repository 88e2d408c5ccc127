import { Injectable } from '@nestjs/common';
import { type FieldError, invalid, JobatoError } from '../http/problem-catalogue';
import type { StepOutputs } from '../events/run-event';
import { checkParams, IS_REQUIRED, requiredSecrets } from '../projects/params';
import type { ProjectDefinition } from '../projects/project';
import { type KnownProject, ProjectCatalogue } from '../projects/project-catalogue';
import { FULL_SCOPE, scopesOf, stepsInScope } from '../projects/scope';
import { boundedOutputs } from './report-limits';
import { missingOutput, outputsOf, stepsBefore } from './earlier-outputs';
import { keyReused } from './idempotency-key';
import { IdempotentRequests } from './idempotent-requests';
import { newRun } from './new-run';
import { rerunRequest } from './rerun-request';
import { RunCreator, type StartOccasion, viewOfNew } from './run-creator';
import type { Run, TriggeredBy } from './run';
import { RunIds } from './run-id';
import type { RunView } from './run-view';
import { RunRepository } from './run.repository';
import { StartConditions } from './start-conditions';

/** Null equals a missing member, because some clients send every member. */
export interface TriggerRequest {
  scope?: string | null;
  params?: Record<string, unknown> | null;
  triggeredBy?: TriggeredBy | null;
}

/** Who or what starts a run, apart from the request itself. */
export interface Starter {
  /** The schedule, or the user whom a trusted proxy named. */
  name?: string | null;
  idempotencyKey?: string | null;
  occasion?: StartOccasion;
}

interface IdempotentRequest {
  key: string;
  /** The request as it was sent. */
  asked: object;
}

export interface Accepted {
  run: RunView;
  /** This is the first answer to the same request, sent again. */
  replayed: boolean;
}

/**
 * Returns why a run of these steps certainly cannot start on the machine of the worker, as text; null if it may start.
 */
export type StartCheck = (definition: ProjectDefinition, steps: string[]) => Promise<string | null>;

/** Another process has already used the occasion. No run was started. */
export class OccasionUsed extends Error {}

/** Starts runs: checks the request against the project, its inputs and its quota. */
@Injectable()
export class RunStarter {
  private readonly checks: StartCheck[] = [];

  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly conditions: StartConditions,
    private readonly ids: RunIds,
    private readonly runs: RunRepository,
    private readonly requests: IdempotentRequests,
    private readonly newRuns: RunCreator,
  ) {}

  /** Registers the embedded worker. Others run on machines that this process cannot see. */
  onStart(check: StartCheck): void {
    this.checks.push(check);
  }

  async trigger(projectId: string | null, request: TriggerRequest, starter: Starter): Promise<Accepted> {
    const triggeredBy = request.triggeredBy ?? 'api';
    // Hash the request as sent: a retry for "the default project" matches even if the default has changed.
    const asked = { projectId, ...request, triggeredBy };
    return this.once(starter, { rerunOf: null, ...asked }, async (idempotency) => {
      await this.projects.reloadFor(projectId);
      const project = projectId === null ? this.projects.getDefault() : this.projects.get(projectId);
      return this.start(project, { ...request, triggeredBy }, { ...starter, original: null, idempotency });
    });
  }

  async rerun(
    runId: string,
    { scope, params }: Pick<TriggerRequest, 'scope' | 'params'>,
    starter: Starter,
  ): Promise<Accepted> {
    return this.once(starter, { rerunOf: runId.toLowerCase(), scope, params }, async (idempotency) => {
      const original = await this.runs.get(runId);
      await this.projects.reloadFor(original.projectId);
      const project = this.projects.get(original.projectId);
      const request = rerunRequest(original, project.definition, { scope, params });
      return this.start(project, request, { ...starter, original, idempotency });
    });
  }

  /**
   * Returns the first answer to a repeated request before any other check. The project may have changed since, or be
   * busy with the run of that answer.
   */
  private async once(
    { idempotencyKey: key = null }: Starter,
    asked: object,
    start: (idempotency: IdempotentRequest | null) => Promise<Accepted>,
  ): Promise<Accepted> {
    if (key === null) return start(null);
    const first = await this.requests.firstAnswer(key, asked);
    return first === null ? start({ key, asked }) : { run: JSON.parse(first) as RunView, replayed: true };
  }

  private async start(
    { definition, definitionHash, definitionJson }: KnownProject,
    request: TriggerRequest & { triggeredBy: TriggeredBy },
    {
      name,
      occasion,
      original,
      idempotency,
    }: Starter & { original: Run | null; idempotency: IdempotentRequest | null },
  ): Promise<Accepted> {
    this.conditions.assertServerIsReady();
    const { projectId } = definition;
    if (!definition.isEnabled) {
      throw new JobatoError(
        'PROJECT_DISABLED',
        `Project "${projectId}" is disabled. To start runs, remove "enabled: false" from its file.`,
      );
    }
    const { triggeredBy } = request;
    const scope = request.scope ?? FULL_SCOPE;
    const errors: FieldError[] = [];
    const steps = stepsInScope(definition, scope);
    if (steps === null) {
      errors.push({ field: 'scope', message: `must be one of ${scopesOf(definition).join(', ')}` });
    }
    const checked = checkParams(definition.params, request.params ?? {});
    errors.push(...(original === null ? checked.errors : checked.errors.map(aboutRerun(definition))));
    if (errors.length > 0) throw invalid(errors);
    await this.assertStartable(definition, steps!);

    const earlierOutputs = await this.earlierOutputs(definition, scope, steps!, original);
    const { runInputs, watchedFiles, quota, currentResult } = await this.conditions.grant(definition);
    const secretParams = Object.keys(checked.secrets);
    const run = newRun({
      start: this.ids.next(),
      project: definition,
      definitionHash,
      scope,
      steps: steps!,
      params: checked.params,
      secretParams,
      triggeredBy,
      triggeredByName: name ?? null,
      rerunOf: original?.runId ?? null,
      runInputs,
      watchedFiles,
      quota,
      currentResult,
      earlierOutputs,
    });
    const created = await this.newRuns.create({
      run,
      definition: definitionJson,
      secrets: checked.secrets,
      idempotency: idempotency && {
        key: idempotency.key,
        requestHash: await this.requests.hash(idempotency.asked, secretParams.length > 0),
      },
      occasion: occasion ?? null,
    });
    switch (created.outcome) {
      case 'created':
        return { run: viewOfNew(created.run), replayed: false };
      case 'replayed':
        return { run: JSON.parse(created.answer) as RunView, replayed: true };
      case 'busy':
        throw new JobatoError(
          'RUN_IN_PROGRESS',
          `Run #${created.active.number} of project "${projectId}" is in progress. Wait until it ends, or stop it.`,
          { activeRunId: created.active.runId, activeRunNumber: created.active.number },
        );
      case 'key-reused':
        throw keyReused();
      case 'occasion-used':
        throw new OccasionUsed();
    }
  }

  /**
   * Returns the outputs of steps outside the scope: from the run that is repeated, else from the newest run that has
   * them. Null without any.
   */
  private async earlierOutputs(
    definition: ProjectDefinition,
    scope: string,
    steps: string[],
    original: Run | null,
  ): Promise<StepOutputs | null> {
    const before = stepsBefore(definition, steps);
    if (before.length === 0) return null;
    const repeated = original === null ? {} : outputsOf(original, before);
    const others = before.filter((name) => !Object.hasOwn(repeated, name));
    const outputs = { ...(await this.runs.latestOutputs(definition.projectId, others)), ...repeated };
    const missing = missingOutput(definition, steps, outputs);
    if (missing !== null) {
      throw invalid([
        {
          field: 'scope',
          message:
            `cannot be ${scope}: step "${missing.step}" needs ${missing.text}, and no earlier run has it. ` +
            `Start with a scope that contains step "${missing.from}"`,
        },
      ]);
    }
    const reported = Object.entries(outputs).filter(([, values]) => Object.keys(values).length > 0);
    const { kept, isCut } = boundedOutputs(Object.fromEntries(reported));
    if (isCut) {
      throw invalid([
        {
          field: 'scope',
          message: `cannot be ${scope}: the outputs of the steps before it take more than 64 KiB in all`,
        },
      ]);
    }
    return kept;
  }

  private async assertStartable(definition: ProjectDefinition, steps: string[]): Promise<void> {
    for (const check of this.checks) {
      const reason = await check(definition, steps);
      if (reason !== null) throw new JobatoError('VALIDATION', reason);
    }
  }
}

/** Explains why a re-run lacks a param that the earlier run had. */
function aboutRerun({ params }: ProjectDefinition): (error: FieldError) => FieldError {
  const missing = requiredSecrets(params).map((name) => `params.${name}`);
  return ({ field, message }) =>
    missing.includes(field) && message === IS_REQUIRED
      ? { field, message: `${message} again, because secrets are deleted at the end of a run` }
      : { field, message };
}
