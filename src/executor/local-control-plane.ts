import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { EventStream } from '../events/event-stream';
import { type LogLineInput, type RunEvent, toStreamFields } from '../events/run-event';
import { NodeIdentity } from '../lifecycle/node-identity';
import { LEASE_SECONDS } from '../runs/lease-times';
import { LeaseService } from '../workers/lease-service';
import { WorkerReports } from '../workers/worker-reports';
import type { AttemptKey, ControlPlane, RejectedEvent, Standing } from './control-plane';

/** The control plane of the embedded worker: the server in the same process. */
@Injectable()
export class LocalControlPlane implements ControlPlane {
  readonly heartbeatEveryMs = (LEASE_SECONDS * 1000) / 3;
  readonly learnsRejections = false;
  readonly workerId: string;

  constructor(
    node: NodeIdentity,
    private readonly stream: EventStream,
    private readonly leases: LeaseService,
    private readonly reports: WorkerReports,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'dataDir'>,
  ) {
    this.workerId = `embedded-${node.id}`;
  }

  async heartbeat(key: AttemptKey): Promise<Standing> {
    const { runId, attempt } = key;
    await this.publish(key, [
      {
        eventId: randomUUID(),
        eventType: 'run.heartbeat',
        eventVersion: 1,
        occurredAt: this.clock.now(),
        runId,
        payload: { workerId: this.workerId, attempt, leaseSeconds: LEASE_SECONDS },
      },
    ]);
    return this.leases.standing(runId, attempt);
  }

  /** Only reads, so it works while the database cannot be written. */
  standing({ runId, attempt }: AttemptKey): Promise<Standing> {
    return this.leases.standing(runId, attempt);
  }

  async publish(_attempt: AttemptKey, events: RunEvent[]): Promise<RejectedEvent[]> {
    if (this.stream.isVolatile) await this.reports.applyAndPublish(events);
    else await this.stream.publish(events.map(toStreamFields));
    return [];
  }

  appendLog({ runId, attempt }: AttemptKey, lines: LogLineInput[]): Promise<{ accepting: boolean }> {
    return this.reports.appendLog(runId, attempt, lines);
  }

  async storeArtifact(): Promise<void> {
    // The step wrote the file into the folder that downloads read.
  }

  currentResult(_attempt: AttemptKey, file: string): Promise<string> {
    return Promise.resolve(join(this.config.dataDir, file));
  }

  async storeResult(): Promise<void> {
    // The server copies the file from the folder of the run, when it applies the end.
  }

  async finished(): Promise<void> {
    // The published events are as durable as the run itself.
  }

  async handBack(): Promise<void> {
    // The embedded worker ends all its leases at once, after its earlier events are applied.
  }
}
