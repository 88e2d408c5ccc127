import { Inject, Injectable } from '@nestjs/common';
import { ArtifactFiles } from '../artifacts/artifact-files';
import type { WorkerConfig } from '../config/config';
import { CONFIG } from '../config/config.module';
import { EventStream } from '../events/event-stream';
import { NodeIdentity } from '../lifecycle/node-identity';
import { HeldRuns } from './held-runs';
import { HttpControlPlane } from './http-control-plane';
import { StreamControlPlane } from './stream-control-plane';
import { WorkerApi } from './worker-api';

/** The connection of a worker process to its server, and the runs that it holds there. */
@Injectable()
export class ServerLink {
  readonly workerId: string;
  readonly api: WorkerApi;
  readonly held: HeldRuns;
  readonly control: HttpControlPlane;

  constructor(
    @Inject(CONFIG) config: WorkerConfig,
    node: NodeIdentity,
    artifacts: ArtifactFiles,
    /** Null: everything goes over HTTP. */
    @Inject(EventStream) readonly stream: EventStream | null,
  ) {
    this.workerId = `worker-${node.id}`;
    this.api = new WorkerApi(config.serverUrl, config.apiKey, this.workerId);
    this.held = new HeldRuns(config.dataDir);
    this.control = stream
      ? new StreamControlPlane(this.api, this.held, artifacts, stream, config.logLimitBytes)
      : new HttpControlPlane(this.api, this.held, artifacts);
  }
}
