import { rm } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import type { LogLineInput, RunEvent } from '../events/run-event';
import type { ArtifactFiles } from '../runs/artifact-files';
import type { Artifact } from '../runs/run';
import type { AttemptKey, ControlPlane, Standing } from './control-plane';
import type { HeldRuns } from './held-runs';
import { logPortions } from './log-portions';
import { ApiRefusal, type WorkerApi } from './worker-api';

const EVENTS_PER_CALL = 100;
const RETRY_MS = 1000;

/** A server elsewhere, to which everything is said over HTTP. What it has answered is durable. */
export class HttpControlPlane implements ControlPlane {
  /** Often enough for a stop to be felt, which comes with the answer. */
  readonly heartbeatEveryMs: number = 3000;
  protected readonly logger = new Logger(HttpControlPlane.name);

  constructor(
    protected readonly api: WorkerApi,
    protected readonly held: HeldRuns,
    private readonly artifacts: ArtifactFiles,
  ) {}

  heartbeat(attempt: AttemptKey): Promise<Standing> {
    return this.api.heartbeat(attempt);
  }

  async publish(attempt: AttemptKey, events: RunEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += EVENTS_PER_CALL) {
      await this.say(attempt, events.slice(from, from + EVENTS_PER_CALL));
    }
  }

  async appendLog(
    attempt: AttemptKey,
    lines: LogLineInput[],
    firstNumber: number,
  ): Promise<{ accepting: boolean }> {
    for (const portion of logPortions(lines, firstNumber)) {
      try {
        const { accepting } = await this.api.appendLog(attempt, portion);
        if (!accepting) return { accepting };
      } catch (error) {
        if (!isFinal(error)) throw error;
        this.logger.error(
          `${portion.length} log lines of run ${attempt.runId} are refused: ${String(error)}`,
        );
      }
    }
    return { accepting: true };
  }

  async storeArtifact(attempt: AttemptKey, { name }: Artifact, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const { file } = await this.artifacts.openFile(attempt.runId, name);
      try {
        return await this.api.putArtifact(attempt, name, file, stop);
      } catch (error) {
        if (error instanceof ApiRefusal && (error.isLost || error.isFinal)) {
          throw new Error(`the server does not take "${name}": ${error.message}`, { cause: error });
        }
        if (stop.aborted) return;
        this.logger.error(
          `Artifact "${name}" of run ${attempt.runId} cannot be sent, trying again: ${String(error)}`,
        );
      } finally {
        await file.close();
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async finished(attempt: AttemptKey, _end: RunEvent | null): Promise<void> {
    this.held.forget(attempt);
    await this.clear(attempt);
  }

  async handBack(attempt: AttemptKey): Promise<void> {
    await this.releaseUntilTaken(attempt, 'The worker was stopped while the run was at work.');
    await this.clear(attempt);
  }

  /** Resolves when nothing is left to be told. */
  async settled(): Promise<void> {
    // Whatever was answered is settled.
  }

  async releaseUntilTaken(attempt: AttemptKey, reason: string): Promise<void> {
    for (;;) {
      try {
        await this.api.release(attempt, reason);
        return this.held.forget(attempt);
      } catch (error) {
        this.logger.error(`Run ${attempt.runId} cannot be handed back, trying again: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Everything of the run's folder that somebody wants to see lies with the server. */
  protected async clear({ runId }: AttemptKey): Promise<void> {
    await rm(this.artifacts.folderOf(runId), { recursive: true, force: true }).catch((error: unknown) =>
      this.logger.warn(`The folder of run ${runId} cannot be deleted: ${String(error)}`),
    );
  }

  /** One event that is refused must not keep the others from being heard. */
  private async say(attempt: AttemptKey, events: RunEvent[]): Promise<void> {
    try {
      for (const reason of await this.api.publish(attempt, events)) {
        this.logger.error(`An event of run ${events[0]!.runId} is rejected: ${reason}`);
      }
    } catch (error) {
      if (!isFinal(error)) throw error;
      if (events.length > 1) {
        for (const event of events) await this.say(attempt, [event]);
      } else {
        const [{ eventType, runId }] = events as [RunEvent];
        this.logger.error(`${eventType} of run ${runId} is refused: ${String(error)}`);
      }
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof ApiRefusal && error.isFinal;
}
