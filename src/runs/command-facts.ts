import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Transaction } from '../database/writer';
import { OutboxRelay } from '../events/outbox-relay';
import { Quotas } from '../quota/quotas';
import type { Run } from './run';
import { phaseOf, type RunCommand } from './run-state';
import { RunRepository } from './run.repository';

/** Loads the runs of commands, with the facts that a command needs and that are stored elsewhere. */
@Injectable()
export class CommandFacts {
  constructor(
    private readonly runs: RunRepository,
    private readonly clock: Clock,
    private readonly relay: OutboxRelay,
    private readonly quotas: Quotas,
  ) {}

  async load(tx: Transaction, requests: { runId: string; command: RunCommand }[]): Promise<Map<string, Run>> {
    const runs = await this.runs.load(tx, requests);
    const of = (type: RunCommand['type']) =>
      requests.flatMap(({ runId, command }) => (command.type === type ? (runs.get(runId) ?? []) : []));
    for (const run of await this.withNewBudgets(tx, of('lose-worker'))) runs.set(run.runId, run);
    for (const run of await this.withPublication(tx, of('request-stop'))) runs.set(run.runId, run);
    return runs;
  }

  /**
   * Renews the quota budget of runs that lose their worker. The next attempt may use what is left now, not what was
   * left when the lost attempt began.
   */
  private async withNewBudgets(tx: Transaction, runs: Run[]): Promise<Run[]> {
    const limited = runs.filter(({ quota }) => quota);
    if (limited.length === 0) return [];
    const statuses = await this.quotas.statuses([...new Set(limited.map(({ projectId }) => projectId))], tx);
    return limited.map((run) => {
      const status = statuses.get(run.projectId);
      const quota = status
        ? { remaining: status.remaining, concurrencyLimit: status.concurrencyLimit }
        : null;
      return { ...run, quota };
    });
  }

  /**
   * Sets `requestPublishedAt` on runs whose request was just published. The relay stores that with a later write, and a
   * stop in between depends on it.
   */
  private async withPublication(tx: Transaction, runs: Run[]): Promise<Run[]> {
    const open = runs.filter(
      (run) => run.executor === 'external' && phaseOf(run) === 'waiting' && run.requestPublishedAt === null,
    );
    if (open.length === 0) return [];
    const unpublished = await this.relay.unpublished(
      open.map(({ runId }) => runId),
      tx,
    );
    const requestPublishedAt = this.clock.now();
    return open.flatMap((run) => (unpublished.has(run.runId) ? [] : [{ ...run, requestPublishedAt }]));
  }
}
