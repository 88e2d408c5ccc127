import { type FileHandle, mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { LogLineInput, RunEvent } from '../events/run-event';
import type { ArtifactFiles } from '../artifacts/artifact-files';
import { PRIVATE_FOLDER } from '../lifecycle/private-files';
import type { Artifact } from '../runs/run';
import type { AttemptKey, ControlPlane, LogAnswer, RejectedEvent, Standing } from './control-plane';
import type { HeldRuns } from './held-runs';
import { logPortions } from './log-portions';
import { type FailedTry, nextTryDelayMs, type RetryLimits, UPLOAD_RETRIES } from './upload-retries';
import { ApiRefusal, type WorkerApi } from './worker-api';

const EVENTS_PER_CALL = 100;
const RETRY_MS = 1000;
const DOWNLOAD_TRIES = 10;
/** Copies of live results, one folder for each run. */
export const CURRENT_FOLDER = 'current';

/** A remote server, called over HTTP for everything. Data is durable once the server has answered. */
export class HttpControlPlane implements ControlPlane {
  /** Stop requests arrive in the answer to a heartbeat, so the interval is short. */
  readonly heartbeatEveryMs: number = 3000;
  readonly learnsRejections: boolean = true;
  protected readonly logger = new Logger(HttpControlPlane.name);

  constructor(
    protected readonly api: WorkerApi,
    protected readonly held: HeldRuns,
    private readonly artifacts: ArtifactFiles,
    private readonly uploadRetries: RetryLimits = UPLOAD_RETRIES,
  ) {}

  /** Also renews the lease: there is no call that only reads the state. */
  standing(attempt: AttemptKey): Promise<Standing> {
    return this.api.heartbeat(attempt);
  }

  heartbeat(attempt: AttemptKey): Promise<Standing> {
    return this.api.heartbeat(attempt);
  }

  async publish(attempt: AttemptKey, events: RunEvent[]): Promise<RejectedEvent[]> {
    const rejected: RejectedEvent[] = [];
    for (let from = 0; from < events.length; from += EVENTS_PER_CALL) {
      rejected.push(...(await this.send(attempt, events.slice(from, from + EVENTS_PER_CALL))));
    }
    return rejected;
  }

  async appendLog(attempt: AttemptKey, lines: LogLineInput[], firstNumber: number): Promise<LogAnswer> {
    let refused: LogAnswer['refused'];
    for (const portion of logPortions(lines, firstNumber)) {
      try {
        const { accepting } = await this.api.appendLog(attempt, portion);
        if (!accepting) return { accepting, refused };
      } catch (error) {
        if (!isFinal(error)) throw error;
        refused = { lines: (refused?.lines ?? 0) + portion.length, reason: (error as Error).message };
      }
    }
    return { accepting: true, refused };
  }

  async storeArtifact(attempt: AttemptKey, { name }: Artifact, stop: AbortSignal): Promise<void> {
    // Open the file once: the path may refer to another file by the next try.
    const { file } = await this.artifacts.openFile(attempt.runId, name);
    try {
      await this.sendUntilTaken(attempt, name, file, stop);
    } finally {
      await file.close();
    }
  }

  /** Downloads the file: the folder of the server may be on another machine. */
  async currentResult(attempt: AttemptKey, file: string, stop: AbortSignal): Promise<string | null> {
    const path = join(this.currentFolderOf(attempt.runId), basename(file));
    await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
    for (let tries = 1; ; tries++) {
      try {
        return (await this.api.getCurrentResult(attempt, path, stop)) ? path : null;
      } catch (error) {
        if (isFinal(error) || tries === DOWNLOAD_TRIES || stop.aborted) throw error;
        this.logger.warn(
          `Downloading the live result for run ${attempt.runId} failed, retrying: ${String(error)}`,
        );
        await delay(RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
      }
    }
  }

  async storeResult(attempt: AttemptKey, path: string, stop: AbortSignal): Promise<void> {
    await this.storeArtifact(attempt, await this.artifacts.register(attempt.runId, path), stop);
  }

  async finished(attempt: AttemptKey, _end: RunEvent | null): Promise<void> {
    this.held.forget(attempt);
    await this.clear(attempt);
  }

  async handBack(attempt: AttemptKey): Promise<void> {
    await this.releaseUntilTaken(attempt, 'the worker was stopped');
    await this.clear(attempt);
  }

  /** Resolves when all events are confirmed. */
  async settled(): Promise<void> {
    // The server confirms each call in its answer.
  }

  async releaseUntilTaken(attempt: AttemptKey, reason: string): Promise<void> {
    for (;;) {
      try {
        await this.api.release(attempt, reason);
        return this.held.forget(attempt);
      } catch (error) {
        this.logger.error(`Releasing run ${attempt.runId} failed, retrying: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Deletes the run's folders: the server has all its artifacts and logs. */
  protected async clear({ runId }: AttemptKey): Promise<void> {
    for (const folder of [this.artifacts.folderOf(runId), this.currentFolderOf(runId)]) {
      await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
        this.logger.warn(`Deleting the folder of run ${runId} failed: ${String(error)}`),
      );
    }
  }

  private currentFolderOf(runId: string): string {
    return join(dirname(this.artifacts.folderOf(runId)), '..', CURRENT_FOLDER, runId);
  }

  private async sendUntilTaken(
    attempt: AttemptKey,
    name: string,
    file: FileHandle,
    stop: AbortSignal,
  ): Promise<void> {
    const { withinMs } = this.uploadRetries;
    const startMs = performance.now();
    const ended = AbortSignal.any([stop, AbortSignal.timeout(withinMs)]);
    const failed: FailedTry[] = [];
    let reason: Error | null = null;
    for (;;) {
      try {
        return await this.api.putArtifact(attempt, name, file, ended);
      } catch (error) {
        // Keep the error of the previous try: it explains the cause better than a timeout.
        if (reason === null || !ended.aborted) reason = error as Error;
        if (stop.aborted) throw new Error(`"${name}" was not uploaded before the run was stopped`);
        const elapsedMs = performance.now() - startMs;
        failed.push(failedTry(error));
        const delayMs = nextTryDelayMs(failed, elapsedMs, this.uploadRetries);
        if (delayMs === null) throw notTaken(name, reason, failed.length);
        this.logger.warn(
          `Uploading artifact "${name}" of run ${attempt.runId} failed, retrying in ${delayMs} ms: ${String(error)}`,
        );
        await delay(delayMs, undefined, { signal: ended }).catch(() => undefined);
      }
    }
  }

  /**
   * Sends events. If the server refuses the whole call, each event is sent separately, so that one invalid event
   * affects no other.
   */
  private async send(attempt: AttemptKey, events: RunEvent[]): Promise<RejectedEvent[]> {
    try {
      return await this.api.publish(attempt, events);
    } catch (error) {
      if (!isFinal(error)) throw error;
      if (events.length === 1) return [{ event: events[0]!, reason: (error as Error).message }];
      const rejected: RejectedEvent[] = [];
      for (const event of events) rejected.push(...(await this.send(attempt, [event])));
      return rejected;
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof ApiRefusal && error.isFinal;
}

function failedTry(error: unknown): FailedTry {
  const { status, retryAfterMs } = error instanceof ApiRefusal ? error : { status: null, retryAfterMs: null };
  return { status, retryAfterMs };
}

function notTaken(name: string, cause: Error, tries: number): Error {
  const after = tries === 1 ? '' : ` after ${tries} tries`;
  return new Error(`uploading "${name}" failed${after}: ${cause.message}`, { cause });
}
