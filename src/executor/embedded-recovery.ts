import { Injectable, Logger } from '@nestjs/common';
import { EventConsumer } from '../intake/event-consumer';
import type { Run, WorkerLoss } from '../runs/run';
import { LeaseService } from '../workers/lease-service';
import { LocalControlPlane } from './local-control-plane';
import { ProcessRegistry } from './process-registry';

/** Cleans up after the embedded worker: its processes and its leases. */
@Injectable()
export class EmbeddedRecovery {
  private readonly logger = new Logger(EmbeddedRecovery.name);

  constructor(
    private readonly processes: ProcessRegistry,
    private readonly consumer: EventConsumer,
    private readonly leases: LeaseService,
    private readonly control: LocalControlPlane,
  ) {}

  /**
   * Ends what an earlier process left: first the processes of its steps, then the leases.
   * @throws StorageError also while earlier events, which may end a run, are not applied
   */
  async healAfterCrash(): Promise<void> {
    await this.processes.killLeftovers();
    const ended = await this.endLeases({ kind: 'server-crashed' });
    for (const { runId, status, attempt } of ended) {
      this.logger.warn(
        `Run ${runId} was interrupted when the server ended. Status: ${status}, attempt ${attempt}.`,
      );
    }
  }

  /** Ends the leases of runs that a shutdown cut off. The next start does it if this fails. */
  async endLeasesOnShutdown(): Promise<void> {
    try {
      await this.endLeases({ kind: 'server-stopped' });
    } catch (error) {
      this.logger.error(
        `Ending the leases of interrupted runs failed and will be repeated at the next start: ${String(error)}`,
      );
    }
  }

  private endLeases(loss: WorkerLoss): Promise<Run[]> {
    this.consumer.assertCaughtUp();
    return this.leases.endAllOf(this.control.workerId, loss, (runId) => this.consumer.isPreparingEnd(runId));
  }
}
