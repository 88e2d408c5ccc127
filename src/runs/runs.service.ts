import { Injectable } from '@nestjs/common';
import { JobatoError } from '../http/problem-catalogue';
import type { ReportingHabit } from './reporting-habits';
import { isTerminal, type Run } from './run';
import { type Commanded, RunCommands } from './run-commands';
import { RequestRepublisher } from './request-republisher';
import { type Accepted, RunStarter, type StartCheck, type Starter, type TriggerRequest } from './run-starter';
import type { RunCommand } from './run-state';
import type { RunView } from './run-view';
import { RunViewBuilder } from './run-view-builder';
import { RunRepository } from './run.repository';
import { type EndHere, UnrecordedStops } from './unrecorded-stops';
import type { Waiting } from './waiting';

/** Every operation on runs: for people, and for the modules that manage workers. */
@Injectable()
export class RunsService {
  constructor(
    private readonly starter: RunStarter,
    private readonly commands: RunCommands,
    private readonly requests: RequestRepublisher,
    private readonly stops: UnrecordedStops,
    private readonly runs: RunRepository,
    private readonly views: RunViewBuilder,
  ) {}

  /**
   * Starts a run of a project, or of the default project if `projectId` is null. Resolves once the run is durable.
   * @throws JobatoError PROJECT_NOT_FOUND, PROJECT_DISABLED, VALIDATION, NO_ENABLED_INPUTS, QUOTA_REACHED, QUOTA_UNKNOWN,
   *   RUN_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, SHUTTING_DOWN, STORAGE_FULL, STORAGE_UNAVAILABLE
   */
  trigger(projectId: string | null, request: TriggerRequest, starter: Starter): Promise<Accepted> {
    return this.starter.trigger(projectId, request, starter);
  }

  /**
   * Starts a run with the scope and params of an earlier run, unless others are given. Throws the errors of `trigger`.
   */
  rerun(
    runId: string,
    changes: Pick<TriggerRequest, 'scope' | 'params'>,
    starter: Starter,
  ): Promise<Accepted> {
    return this.starter.rerun(runId, changes, starter);
  }

  /**
   * Requests a stop of a run. Idempotent.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_ENDED; STORAGE_FULL, STORAGE_UNAVAILABLE if the stop is kept and
   *   recorded later
   */
  async stop(runId: string, requestedBy: string): Promise<RunView> {
    const run = await this.runs.get(runId);
    const commanded = await this.stops.request(run.runId, requestedBy);
    const latest = commanded?.run ?? run;
    if (!commanded?.applied && isTerminal(latest)) {
      throw new JobatoError(
        'RUN_ALREADY_ENDED',
        `The run cannot be stopped because it ended at ${latest.endedAt} (${latest.status}).`,
      );
    }
    return this.view(latest);
  }

  /**
   * Publishes the request of a run again, for a worker that missed it. Adds nothing if a request is already in the
   * outbox.
   * @throws JobatoError RUN_NOT_FOUND, RUN_ALREADY_CLAIMED, RUN_ALREADY_ENDED
   */
  async askAgain(runId: string, requestedBy: string): Promise<RunView> {
    const { runId: id } = await this.runs.get(runId);
    const { run, outcome } = await this.requests.askAgain(id, requestedBy);
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
    return this.view(run);
  }

  /** Publishes the requests of runs again that no worker can get any more. @returns how many */
  requestAgain(runIds: string[]): Promise<number> {
    return this.requests.requestAgain(runIds);
  }

  /**
   * Applies a command as the state machine allows. Returns null if the run does not exist.
   * @param isStillDue called within the transaction, which may have waited
   */
  command(runId: string, command: RunCommand, isStillDue?: (run: Run) => boolean): Promise<Commanded> {
    return this.commands.apply({ runId, command, isStillDue });
  }

  /** Registers the embedded worker, which knows whether a step can start on this machine. */
  onStart(check: StartCheck): void {
    this.starter.onStart(check);
  }

  /** Registers the embedded worker, which can end the processes of a run before its stop is recorded. */
  onStop(endHere: EndHere): void {
    this.stops.onEnd(endHere);
  }

  /** Returns whether a stop of the run was requested and is not recorded yet. */
  hasUnrecordedStop(runId: string): boolean {
    return this.stops.has(runId);
  }

  /** Resolves when the stop of the run is recorded or abandoned; null if none is pending. */
  stopRecorded(runId: string): Promise<void> | null {
    return this.stops.settled(runId);
  }

  /** Returns the API form of a run, with the reason why it waits. */
  view(run: Run): Promise<RunView> {
    return this.views.one(run);
  }

  /** Returns why runs make no progress, by run id. Runs that progress are absent. */
  waiting(runs: Run[]): Promise<ReadonlyMap<string, Waiting>> {
    return this.views.waiting(runs);
  }

  waitingOf(run: Run): Promise<Waiting | null> {
    return this.views.waitingOf(run);
  }

  /** Returns how the workers of external projects report, by project id. */
  reportingHabits(projectIds: Iterable<string>): Promise<Map<string, ReportingHabit>> {
    return this.views.reportingHabits(projectIds);
  }
}
