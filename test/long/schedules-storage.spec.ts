import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScheduleRecordView } from '../../src/schedules/schedule.views';
import { DatabaseLock } from '../chaos/database-lock';
import { type Folders, makeFolders, nodeStep, ServerProcess } from '../support/jobato';
import { outcomes, scheduleRecords, untilFollowed, untilRecords } from '../support/schedule-records';
import { ServerClock } from '../support/server-clock';
import { canMount, SmallDisk } from '../support/small-disk';
import { until } from '../support/until';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MEGABYTE = 1024 * 1024;

/** A due time comes when nothing can be started. The clock is set to it, so that the test controls the moment. */
describe('schedules while the storage fails', () => {
  let folders: Folders;
  let clock: ServerClock;
  let server: ServerProcess;
  /** The next due time that is at least an hour away. */
  const dueMs = Math.ceil((Date.now() + HOUR_MS) / DAY_MS) * DAY_MS;
  const setToDueTime = (laterMs: number) => clock.set(server, dueMs + laterMs - Date.now());

  const begin = async (from: Folders, environment: Record<string, string> = {}) => {
    folders = from;
    clock = new ServerClock(folders);
    server = await ServerProcess.start(folders, { ...clock.environment, ...environment });
    await untilFollowed(server.url);
  };
  afterEach(async () => {
    await server.end('SIGKILL');
    rmSync(folders.root, { recursive: true, force: true });
  });
  const project = nodeStep('midnight', '0', `schedule: { cron: '0 0 * * *', timeZone: UTC }\n`);
  const recordAtDueTime = async (): Promise<ScheduleRecordView> => {
    const isIt = ({ dueAt }: ScheduleRecordView) => Date.parse(dueAt) === dueMs;
    const found = await untilRecords(server.url, 'midnight', (all) => all.some(isIt));
    expect(found.filter(isIt)).toHaveLength(1);
    return found.find(isIt)!;
  };

  it('start the run of a due time at which the database was locked, however long that took', async () => {
    await begin(makeFolders({ midnight: project }));
    const lock = await DatabaseLock.take(join(folders.dataDir, 'db', 'jobato.db'));
    try {
      await setToDueTime(SECOND_MS);
      await until(() => server.output.some((line) => line.includes('Due times have no record yet')));
      await setToDueTime(HOUR_MS);
      expect(await scheduleRecords(server.url, 'midnight')).toEqual([]);
    } finally {
      lock.release();
    }
    const { outcome, runId } = await recordAtDueTime();
    expect([outcome, (await server.get(runId!)).triggeredBy]).toEqual(['started', 'schedule']);
  });

  (canMount ? it : it.skip)(
    'start nothing in a pause that began while a start waited for the disk',
    async () => {
      const made = makeFolders({ midnight: project });
      const disk = SmallDisk.mount(made.dataDir, 96);
      try {
        await begin(made, { MIN_FREE_DISK_MB: '40' });
        const ballast = join(folders.dataDir, 'ballast');
        writeFileSync(ballast, Buffer.alloc(70 * MEGABYTE));
        const trigger = () => fetch(`${server.url}/api/projects/midnight/runs`, { method: 'POST' });
        await until(async () => (await trigger()).status === 507);
        await setToDueTime(SECOND_MS);
        const pause = await fetch(`${server.url}/api/projects/midnight/pause`, { method: 'PUT' });
        expect(pause.status).toBe(200);
        expect(await scheduleRecords(server.url, 'midnight')).toEqual([]);
        rmSync(ballast);
        expect(outcomes([await recordAtDueTime()])).toEqual(new Set(['skipped-paused']));
      } finally {
        await server.end('SIGKILL');
        disk.unmount();
      }
    },
  );
});
