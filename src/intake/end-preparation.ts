import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { JobatoError } from '../http/problem-catalogue';
import { parseEvent } from '../events/parse-event';
import type { RunEvent, StreamFields } from '../events/run-event';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { ResultFiles } from '../results/result-files';
import { projectOf, ResultCopies } from '../results/result-copies';
import { offerOf, type RunResult } from '../results/run-result';
import { isTerminal, type Run } from '../runs/run';
import { RunChanges } from '../runs/run-changes';
import { RunRepository } from '../runs/run.repository';
import { RunsService } from '../runs/runs.service';
import { attemptOf, type Evidence, speaksForAttempt } from './event-authority';

/** What the transaction of an end needs. Call `decided` after it. */
export interface PreparedEnd {
  result: RunResult | null;
  /** @param isUsed whether the run ended with this result */
  decided(isUsed: boolean): void;
}

interface Preparation {
  runId: string;
  /** How many callers wait for it, or apply the event. */
  users: number;
  result: Promise<RunResult | null>;
}

type Fields = Partial<Record<keyof StreamFields, string>>;
const NOTHING: PreparedEnd = { result: null, decided: () => undefined };

/** Does what must happen before the event that ends a run is applied. */
@Injectable()
export class EndPreparation implements OnModuleInit, OnModuleDestroy {
  /** By event and evidence: the same event may arrive several times. */
  private readonly preparing = new Map<string, Preparation>();

  /** Runs whose end this process can no longer apply. Their events are applied by the next start. */
  private readonly interrupted = new Set<string>();
  /** Whether a run may have a definition with `result.artifact`, which its project file may lack by now. */
  private hasArtifactRule = false;
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly service: RunsService,
    private readonly changes: RunChanges,
    private readonly runs: RunRepository,
    private readonly projects: ProjectCatalogue,
    private readonly copies: ResultCopies,
    private readonly files: ResultFiles,
  ) {}

  async onModuleInit(): Promise<void> {
    this.stopListening = this.changes.onAnyChange((run) => this.noteRule(run));
    const isStored = await this.runs.hasArtifactRule();
    this.hasArtifactRule ||= isStored;
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  private noteRule({ revision, projectId }: Run): void {
    if (revision === 1)
      this.hasArtifactRule ||= this.projects.find(projectId)?.definition.result?.artifact != null;
  }

  /** Whether the end of a run is known and waits only for this server. */
  isPreparing(runId: string): boolean {
    return this.interrupted.has(runId) || [...this.preparing.values()].some((one) => one.runId === runId);
  }

  /** Aborts what takes longer than this. Its events are applied by the next start. */
  async finish(withinMs: number): Promise<void> {
    const results = [...this.preparing.values()].map(({ result }) => result);
    await Promise.race([Promise.allSettled(results), delay(withinMs, undefined, { ref: false })]);
    this.copies.stop();
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
    return this.hasArtifactRule || /"result(?:sDb)?"/.test(payload);
  }

  private once(fields: Fields, evidence: Evidence): Promise<PreparedEnd> {
    const key = JSON.stringify([fields, evidence]);
    let preparation = this.preparing.get(key);
    if (preparation === undefined) {
      const runId = fields.runId?.toLowerCase() ?? '';
      preparation = { runId, users: 0, result: this.resultOf(fields, evidence) };
      this.preparing.set(key, preparation);
    }
    preparation.users++;
    return this.prepared(key, preparation);
  }

  private async prepared(key: string, preparation: Preparation): Promise<PreparedEnd> {
    const leave = (): boolean => {
      const isLast = --preparation.users === 0;
      if (isLast) this.preparing.delete(key);
      return isLast;
    };
    try {
      const result = await preparation.result;
      const decided = (isUsed: boolean): void => {
        if (!leave() || result?.state !== 'accepted') return;
        this.copies.decided(result);
        if (!isUsed) void this.files.refresh(projectOf(result));
      };
      return { result, decided };
    } catch (error) {
      leave();
      if (error instanceof JobatoError && error.code === 'SHUTTING_DOWN')
        this.interrupted.add(preparation.runId);
      throw error;
    }
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
