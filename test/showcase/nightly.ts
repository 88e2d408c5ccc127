import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { toInstant } from '../../src/clock/clock';
import { ScheduleRepository } from '../../src/schedules/schedule.repository';
import { type Folders, makeFolders, RunningApp, writeConfig, writeProject } from '../support/jobato';
import { Receiver } from '../support/receiver';

const HOUR_MS = 3_600_000;

const nightly = (dump: string) => `id: nightly
name: Nightly backup
description: Dumps the database and copies it to the archive
schedule: { cron: '0 2 * * *', timeZone: Europe/Berlin, catchUp: true }
notify: [{ channel: team, on: [failed, recovered, late] }]
keep: { days: 90 }
steps:
  - name: dump
    run: ${dump}
  - name: upload
    run: echo "2 files copied"
`;
const FAILS = `|
      echo "Connecting to db.internal"
      echo "pg_dump: error: connection to server at db.internal failed: Connection refused" >&2
      exit 1`;
const REPORT = `id: report
name: Weekly report
schedule: { cron: '30 6 * * MON', timeZone: Europe/Berlin }
steps:
  - { name: report, run: echo done }
`;

/** The installation of docs/nightly-job.md, after a failure and a recovery. */
export class NightlyJob {
  private constructor(
    readonly jobato: RunningApp,
    private readonly folders: Folders,
    private readonly receiver: Receiver,
  ) {}

  static async open(): Promise<NightlyJob> {
    const receiver = await Receiver.start();
    const folders = makeFolders({ nightly: nightly(FAILS), report: REPORT });
    writeConfig(
      folders,
      'notifications.yaml',
      'channels: [{ id: team, type: slack, urlFrom: TEAM_CHAT_URL, allowPrivate: true }]',
    );
    const jobato = await RunningApp.start(folders, { TEAM_CHAT_URL: receiver.url });
    await jobato.untilEnded((await jobato.trigger('nightly', { triggeredBy: 'schedule' })).runId);
    await receiver.until(1);
    writeProject(folders, 'nightly', nightly('echo "1.2 GB dumped"'));
    await jobato.untilEnded((await jobato.trigger('nightly', { triggeredBy: 'schedule' })).runId);
    await receiver.until(2);
    await recordNight(jobato);
    return new NightlyJob(jobato, folders, receiver);
  }

  async close(): Promise<void> {
    await this.jobato.stop();
    await this.receiver.stop();
    rmSync(join(this.folders.root), { recursive: true, force: true });
  }
}

/** As if the machine had been off in the night. */
async function recordNight({ app }: RunningApp): Promise<void> {
  const schedules = app.get(ScheduleRepository, { strict: false });
  const key = { projectId: 'nightly', schedule: 'default' };
  const dueMs = Date.now() - 12 * HOUR_MS - (Date.now() % HOUR_MS);
  await schedules.recordPassed({
    key,
    passed: [{ outcome: 'missed', older: null, single: [dueMs] }],
    recordedAt: toInstant(dueMs + HOUR_MS),
  });
}
