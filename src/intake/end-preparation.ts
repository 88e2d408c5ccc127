import { Injectable } from '@nestjs/common';
import { parseEvent } from '../events/parse-event';
import type { RunEvent, StreamFields } from '../events/run-event';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { ResultCopies } from '../results/result-copies';
import { offerOf, type RunResult } from '../results/run-result';
import { isTerminal } from '../runs/run';
import { RunRepository } from '../runs/run.repository';
import { RunsService } from '../runs/runs.service';
import { attemptOf, type Evidence, speaksForAttempt } from './event-authority';

/** What the transaction of an end needs. Call `decided` after it. */
export interface PreparedEnd {
  result: RunResult | null;
  decided(): void;
}

type Fields = Partial<Record<keyof StreamFields, string>>;
const NOTHING: PreparedEnd = { result: null, decided: () => undefined };

/** Does what must happen before the event that ends a run is applied. */
@Injectable()
export class EndPreparation {
  /** Ends that are being prepared, by event and evidence. The same event may arrive several times. */
  private readonly preparing = new Map<string, Promise<PreparedEnd>>();
  private readonly runIds = new Map<string, number>();

  constructor(
    private readonly service: RunsService,
    private readonly runs: RunRepository,
    private readonly projects: ProjectCatalogue,
    private readonly copies: ResultCopies,
  ) {}

  /** Whether the end of a run is known and waits only for this server. */
  isPreparing(runId: string): boolean {
    return this.runIds.has(runId);
  }

  /** Returns null if there is nothing to prepare: an await would let later events overtake this one. */
  prepare(fields: Fields, evidence: Evidence): Promise<PreparedEnd> | null {
    switch (fields.eventType) {
      case 'run.cancelled':
        return this.stopRecorded(fields);
      case 'run.completed':
        return this.mayOffer(fields) ? this.once(fields, evidence) : null;
      default:
        return null;
    }
  }

  /**
   * `run.cancelled` can arrive before the user's stop is recorded. Then the run would end as `cancelled-by-worker`.
   */
  private stopRecorded({ runId }: Fields): Promise<PreparedEnd> | null {
    const stop = runId === undefined ? null : this.service.stopRecorded(runId.toLowerCase());
    return stop && stop.then(() => NOTHING);
  }

  /** Most projects have no result, and their ends wait for nothing. */
  mayOffer({ payload = '' }: Fields): boolean {
    return (
      /"result(?:sDb)?"/.test(payload) ||
      this.projects.list().some(({ definition }) => definition.result?.artifact != null)
    );
  }

  private once(fields: Fields, evidence: Evidence): Promise<PreparedEnd> {
    const key = JSON.stringify([fields, evidence]);
    const known = this.preparing.get(key);
    if (known) return known;
    const runId = fields.runId?.toLowerCase() ?? '';
    this.runIds.set(runId, (this.runIds.get(runId) ?? 0) + 1);
    const ended = () => {
      this.preparing.delete(key);
      const others = this.runIds.get(runId)! - 1;
      if (others === 0) this.runIds.delete(runId);
      else this.runIds.set(runId, others);
    };
    const prepared = this.resultOf(fields, evidence).then(
      (result) => ({
        result,
        decided: () => {
          ended();
          if (result !== null) this.copies.decided(result);
        },
      }),
      (error: unknown) => {
        ended();
        throw error;
      },
    );
    this.preparing.set(key, prepared);
    return prepared;
  }

  /** Copies the offered file of an event that can end its run, and no other. */
  private async resultOf(fields: Fields, evidence: Evidence): Promise<RunResult | null> {
    const { event } = parseEvent(fields);
    if (event?.eventType !== 'run.completed') return null;
    const run = await this.runs.find(event.runId);
    if (run === null || isTerminal(run) || attemptOf(event, run) !== run.attempt) return null;
    if (!speaksForAttempt(event, run, evidence)) return null;
    const { result: rule } = await this.runs.definition(run.definitionHash);
    const offer = offerOf(event.payload, rule);
    if (offer === null) return null;
    if (isPartial(event) && !rule?.partial) return { state: 'partial', offered: offer.path };
    const { runId, projectId, number } = run;
    const table = this.projects.find(projectId)?.definition.liveResult.table ?? null;
    return this.copies.take(offer, { runId, projectId, number, table });
  }
}

function isPartial(event: Extract<RunEvent, { eventType: 'run.completed' }>): boolean {
  return event.payload.status === 'partial';
}
