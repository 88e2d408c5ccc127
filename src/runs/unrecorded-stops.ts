import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { storageReasonOf } from '../database/storage-error';
import { JobatoError } from '../http/problem-catalogue';
import { type Commanded, RunCommands } from './run-commands';

/** If recording the stop takes longer than this, the run's processes are ended first. */
const END_WITHOUT_RECORD_AFTER_MS = 250;
const ANSWER_WITHIN_MS = 2000;
const RETRY_MS = 500;
/** Limit of kept stops, one for each active run. Beyond it, a stop that cannot be recorded at once is refused. */
const MAX_KEPT = 1000;

/** Ends the processes of a run if they belong to this process. @returns whether they do */
export type EndHere = (runId: string) => boolean;

interface KeptStop {
  recorded: Promise<Commanded>;
  /** Why the last attempt to record it failed. */
  lastError: unknown;
  /** The processes of the run belong to this process and are being ended. */
  isEndingHere: boolean;
}

/**
 * Stops that are not recorded in the database yet. If recording fails because the disk is full or the database is
 * locked, the run's processes are ended anyway, which may free the space. The stop stays in memory and is retried until
 * it is recorded or this process ends.
 */
@Injectable()
export class UnrecordedStops implements OnModuleDestroy {
  private readonly logger = new Logger(UnrecordedStops.name);
  private readonly kept = new Map<string, KeptStop>();
  private readonly closing = new AbortController();
  private endHere: EndHere = () => false;

  constructor(private readonly commands: RunCommands) {}

  /** Registers the embedded worker. */
  onEnd(endHere: EndHere): void {
    this.endHere = endHere;
  }

  onModuleDestroy(): void {
    this.closing.abort();
  }

  /** Returns whether a stop of the run was requested and is not recorded yet. */
  has(runId: string): boolean {
    return this.kept.has(runId);
  }

  /** Resolves when the stop of the run is recorded or abandoned; null if none is pending. */
  settled(runId: string): Promise<void> | null {
    const stop = this.kept.get(runId);
    const nothing = () => undefined;
    return stop ? stop.recorded.then(nothing, nothing) : null;
  }

  /**
   * Requests a stop of a run. A request for a run with a kept stop joins it.
   * @throws JobatoError STORAGE_FULL, STORAGE_UNAVAILABLE if it is kept but not recorded yet
   */
  async request(runId: string, requestedBy: string): Promise<Commanded> {
    const stop = this.kept.get(runId) ?? this.keep(runId, requestedBy);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, ANSWER_WITHIN_MS, 'late')));
    try {
      const commanded = await Promise.race([stop.recorded, late]);
      if (commanded !== 'late') return commanded;
    } finally {
      clearTimeout(timer);
    }
    throw notRecordedYet(stop);
  }

  private keep(runId: string, requestedBy: string): KeptStop {
    const stop: KeptStop = { recorded: Promise.resolve(null), lastError: null, isEndingHere: false };
    const mayWait = this.kept.size < MAX_KEPT;
    this.kept.set(runId, stop);
    stop.recorded = this.record(runId, requestedBy, stop, mayWait).finally(() => this.kept.delete(runId));
    stop.recorded.catch(() => undefined); // the waiting callers handle the rejection
    return stop;
  }

  private async record(
    runId: string,
    requestedBy: string,
    stop: KeptStop,
    mayWait: boolean,
  ): Promise<Commanded> {
    const end = () => (stop.isEndingHere ||= this.endHere(runId));
    const timer = setTimeout(end, END_WITHOUT_RECORD_AFTER_MS);
    try {
      for (;;) {
        try {
          const reason = 'cancelled-by-user';
          return await this.commands.apply({ runId, command: { type: 'request-stop', reason, requestedBy } });
        } catch (error) {
          if (storageReasonOf(error) === null) throw error;
          if (stop.lastError === null) {
            this.logger.error({ runId, msg: `Recording a stop failed, retrying: ${String(error)}` });
          }
          stop.lastError = error;
          end();
          if (!mayWait || this.closing.signal.aborted) throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

function notRecordedYet({ lastError, isEndingHere }: KeptStop): JobatoError {
  const isFull = storageReasonOf(lastError) === 'full';
  const why = isFull ? 'the disk is full' : 'the database cannot be written';
  const detail = isEndingHere
    ? `The server is ending the processes of the run. It could not record the stop yet because ${why}, and will record it as soon as that is fixed.`
    : `The server could not record the stop yet because ${why}. It will record the stop and notify the worker as soon as that is fixed.`;
  return new JobatoError(isFull ? 'STORAGE_FULL' : 'STORAGE_UNAVAILABLE', detail, { retryAfterSeconds: 5 });
}
