import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { OutboxRelay } from '../events/outbox-relay';
import { StreamMonitor } from '../events/stream-monitor';
import { WorkerPresence } from '../presence/worker-presence';
import { HABIT_RUNS, habitOf, type ReportingHabit } from './reporting-habits';
import type { Run } from './run';
import { phaseOf } from './run-state';
import { type RunDetailView, type RunView, toRunDetailView, toRunView } from './run-view';
import { RunRepository } from './run.repository';
import { type Waiting, waitingFor } from './waiting';

/** Builds the API form of runs, each with the reason why it waits. */
@Injectable()
export class RunViewBuilder {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'basePath'>,
    private readonly clock: Clock,
    private readonly relay: OutboxRelay,
    private readonly monitor: StreamMonitor,
    private readonly runs: RunRepository,
    private readonly presence: WorkerPresence,
  ) {}

  /** Returns the habits of external projects. Each project takes one index lookup. */
  async reportingHabits(projectIds: Iterable<string>): Promise<Map<string, ReportingHabit>> {
    const ids = [...new Set(projectIds)];
    const habits = await Promise.all(
      ids.map(async (id) => habitOf(await this.runs.latestFinished(id, HABIT_RUNS))),
    );
    return new Map(ids.map((id, index) => [id, habits[index]!]));
  }

  /** Returns why runs make no progress, by run id. Runs that progress are absent. */
  async waiting(runs: Run[]): Promise<ReadonlyMap<string, Waiting>> {
    const unclaimed = runs.filter((run) => phaseOf(run) === 'waiting');
    const external = unclaimed.filter(({ executor }) => executor === 'external');
    const [unpublished, habits] = await Promise.all([
      this.relay.unpublished(unclaimed.map(({ runId }) => runId)),
      this.reportingHabits(external.map(({ projectId }) => projectId)),
    ]);
    const stepWorkers = this.presence.capacity();
    const consumers = unclaimed.length === 0 ? [] : [...this.monitor.consumers(), ...this.presence.calling()];
    const now = this.clock.now();
    return new Map(
      runs.flatMap((run) => {
        const habit = habits.get(run.projectId);
        const facts = { unpublished: unpublished.has(run.runId), stepWorkers, consumers, habit };
        const waiting = waitingFor(run, facts, now);
        return waiting ? [[run.runId, waiting] as const] : [];
      }),
    );
  }

  async waitingOf(run: Run): Promise<Waiting | null> {
    return (await this.waiting([run])).get(run.runId) ?? null;
  }

  async all(runs: Run[]): Promise<RunView[]> {
    const waiting = await this.waiting(runs);
    const now = this.clock.now();
    return runs.map((run) => toRunView(run, waiting.get(run.runId) ?? null, now, this.config.basePath));
  }

  async one(run: Run): Promise<RunView> {
    const [view] = await this.all([run]);
    return view!;
  }

  /** Returns the run with its inputs. */
  async detail(run: Run): Promise<RunDetailView> {
    return toRunDetailView(run, await this.one(run));
  }
}
