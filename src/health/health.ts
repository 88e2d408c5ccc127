import { Injectable } from '@nestjs/common';
import type { Instant } from '../clock/clock';
import { elapsedText } from '../clock/elapsed-text';
import { Database } from '../database/database';
import { DiskSpace } from '../database/disk-space';
import { STORAGE_DETAILS } from '../database/storage-error';
import { problemText } from '../config-files/file-problem';
import { API_GROUP, EventStream } from '../events/event-stream';
import { OutboxRelay } from '../events/outbox-relay';
import { RejectedEvents } from '../events/rejected-events';
import { sharedStreamText, StreamMonitor } from '../events/stream-monitor';
import { Lifecycle } from '../lifecycle/lifecycle';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { ConfigProblems } from '../history/config-problems';
import { EventConsumer } from '../intake/event-consumer';
import {
  attention,
  counted,
  type DependencyHealth,
  type Finding,
  inTrouble,
  well,
} from './dependency-health';
import { WorkersHealth } from './workers-health';

export interface HealthReport {
  status: 'ok' | 'trouble';
  dependencies: Record<string, DependencyHealth>;
}

/** A problem to show to all users who look at runs. */
export interface Trouble {
  message: string;
  since: Instant | null;
  /** Whether no run can be started until it is fixed. */
  refusesRuns: boolean;
}

/** If an event has waited in the outbox for this long, the stream does not accept events. */
const OUTBOX_TROUBLE_SECONDS = 10;

/** Reports the health of this server and its dependencies. */
@Injectable()
export class Health {
  constructor(
    private readonly database: Database,
    private readonly disk: DiskSpace,
    private readonly stream: EventStream,
    private readonly relay: OutboxRelay,
    private readonly projects: ProjectCatalogue,
    private readonly lifecycle: Lifecycle,
    private readonly consumer: EventConsumer,
    private readonly monitor: StreamMonitor,
    private readonly rejected: RejectedEvents,
    private readonly workers: WorkersHealth,
    private readonly configProblems: ConfigProblems,
  ) {}

  async report(): Promise<HealthReport> {
    const [database, events, workers, rejected, outbox] = await Promise.all([
      this.checkDatabase(),
      this.check(() => this.lookAtStream()),
      // Workers and rejected events need an operator, but do not make the server unhealthy.
      this.check(() => this.workers.look()),
      this.check(async () => {
        const count = (await this.rejected.totals()).events;
        return count === 0 ? 'none' : attention(`${counted(count, 'rejected event')} to review`);
      }),
      this.check(async () => {
        const { events: waiting, oldestAgeSeconds } = await this.relay.depth();
        if (oldestAgeSeconds < OUTBOX_TROUBLE_SECONDS) return `${counted(waiting, 'event')} to publish`;
        throw new Error(
          `${counted(waiting, 'event')} waiting to be published, the oldest for ${elapsedText(oldestAgeSeconds * 1000)}`,
        );
      }),
    ]);
    const trouble = this.disk.trouble();
    const dependencies: HealthReport['dependencies'] = {
      database,
      events,
      outbox,
      rejected,
      workers,
      disk: trouble === null ? well(this.disk.room()) : inTrouble(trouble),
      projects: this.checkConfiguration(),
      process: this.lifecycle.isStopping
        ? inTrouble('stopping')
        : well(`up for ${elapsedText(process.uptime() * 1000)}`),
    };
    const isTroubled = Object.values(dependencies).some(({ status }) => status === 'trouble');
    return { status: isTroubled ? 'trouble' : 'ok', dependencies };
  }

  /** Returns known problems of stream, database and disk without checking them, because it is called often. */
  troubles(): Trouble[] {
    const disk = this.disk.trouble();
    return [
      ...(this.database.trouble === null
        ? []
        : [
            {
              message: `${STORAGE_DETAILS[this.database.trouble]} Pages show the last saved state.`,
              since: null,
              refusesRuns: true,
            },
          ]),
      ...(disk === null ? [] : [{ message: disk, since: null, refusesRuns: true }]),
      ...(this.stream.trouble === null
        ? []
        : [
            {
              message:
                'The event stream is unavailable. The server accepts and stores runs, and starts them when the stream is available again.',
              since: this.monitor.troubleSince,
              refusesRuns: false,
            },
          ]),
      ...(this.monitor.strangers.length === 0
        ? []
        : [{ message: sharedStreamText(this.monitor.strangers), since: null, refusesRuns: false }]),
    ];
  }

  /** Returns why runs cannot be accepted; null if they can. */
  async whyNotReady(): Promise<string | null> {
    if (this.lifecycle.isStopping) return 'The server is stopping.';
    const { status, message } = await this.checkDatabase();
    return status === 'ok' ? this.disk.trouble() : message;
  }

  private async lookAtStream(): Promise<string> {
    const kind = this.stream.isVolatile ? 'Redis' : 'embedded stream';
    if (this.stream.trouble !== null) {
      throw new Error(
        `${kind} is unavailable: ${this.stream.trouble}. The server accepts and stores runs, and starts them when the stream is available again.`,
      );
    }
    const { strangers } = this.monitor;
    if (strangers.length > 0) throw new Error(sharedStreamText(strangers));
    if (this.consumer.trouble !== null) throw new Error(this.consumer.trouble);
    const group = (await this.monitor.groups()).find(({ name }) => name === API_GROUP);
    const reconnects =
      this.stream.reconnects === 0 ? '' : `, ${counted(this.stream.reconnects, 'reconnection')}`;
    return `${kind}, ${group?.lag ?? 0} waiting, ${group?.pending ?? 0} in progress${reconnects}`;
  }

  /**
   * An invalid file does not make the server unhealthy: its last valid version stays in use. Paths are below
   * CONFIG_DIR.
   */
  private checkConfiguration(): DependencyHealth {
    const projects = counted(this.projects.list().length, 'project');
    const { trouble } = this.projects;
    if (trouble !== null) return inTrouble(`${trouble}. The last valid version stays in use: ${projects}`);
    const [first, ...more] = this.configProblems.problems();
    if (first === undefined) return well(projects);
    const others = more.length === 0 ? '' : ` and ${counted(more.length, 'more problem')}`;
    return well(attention(`${projects}. ${problemText(first)}${others}`));
  }

  private checkDatabase(): Promise<DependencyHealth> {
    return this.check(async () => {
      await this.database.assertWritable();
      await this.database.read.query('SELECT 1 FROM runs LIMIT 1');
      return 'ok';
    });
  }

  private async check(look: () => Promise<string | Finding>): Promise<DependencyHealth> {
    try {
      return well(await look());
    } catch (error) {
      return inTrouble(error instanceof Error ? error.message : String(error));
    }
  }
}
