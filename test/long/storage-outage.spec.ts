import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { Belongings, eventually, livingOf } from '../support/crash';
import { type Folders, nodeStep } from '../support/jobato';
import { canMount, SmallDisk } from '../support/small-disk';

const SOON_MS = 60_000;

/** Prints numbered lines, at least this many, until the file `end` is in its folder. */
const COUNTS = `
  const { existsSync } = require('node:fs');
  let n = 0;
  const timer = setInterval(() => {
    for (let more = 0; more < 10; more++) console.log('line ' + ++n);
    if (n < 500 || !existsSync(process.env.JOBATO_WORK_DIR + '/end')) return;
    clearInterval(timer);
    console.log('last ' + n);
  }, 20);`;

/** Fills the disk with a file that disappears with its process. */
const FILLS = `
  const { openSync, unlinkSync, writeSync } = require('node:fs');
  const path = process.env.JOBATO_WORK_DIR + '/filler';
  const file = openSync(path, 'w');
  unlinkSync(path);
  const block = Buffer.alloc(64 * 1024);
  console.log('ready');
  setInterval(() => {
    for (let size = block.length; size > 0; ) {
      try { writeSync(file, block, 0, size) } catch { size >>= 1 }
    }
  }, 50);`;

/** Fails when the disk is full, as most programs do. */
const FAILS = `
  const { openSync, writeSync } = require('node:fs');
  const file = openSync(process.env.JOBATO_WORK_DIR + '/filler', 'w');
  for (;;) writeSync(file, Buffer.alloc(64 * 1024));`;

describe('storage outage during a run', () => {
  const belongings = new Belongings();
  afterEach(() => belongings.clear());

  const projects = {
    counts: nodeStep('counts', COUNTS, 'retry: { maxAttempts: 2 }\n'),
    fills: nodeStep('fills', FILLS, 'retry: { maxAttempts: 2 }\n'),
    fails: nodeStep('fails', FAILS),
  };

  function endCounting({ dataDir }: Folders): void {
    writeFileSync(join(dataDir, 'work', 'counts', 'end'), '');
  }

  it('loses no log line and keeps the end of the run while another process locks the database', async () => {
    const folders = belongings.makeFolders(projects);
    const server = await belongings.start(folders);
    const { runId } = await server.trigger('counts');
    await server.untilLogged(runId, 'line 1');

    const other = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'));
    other.exec('BEGIN EXCLUSIVE');
    try {
      await eventually(
        'lines that cannot be stored',
        () => server.output.some((line) => line.includes('Storing log lines failed')),
        SOON_MS,
      );
      endCounting(folders);
      await eventually('the end of the step', () => livingOf(folders).length === 0, SOON_MS);
    } finally {
      other.close();
    }
    expect(await server.untilEnded(runId)).toMatchObject({ status: 'completed', attempt: 1 });
    const lines = (await (await fetch(`${server.url}/api/runs/${runId}/logs`)).text()).trimEnd().split('\n');
    const count = Number(/^last (\d+)$/.exec(lines.pop()!)![1]);
    expect(count).toBeGreaterThanOrEqual(500);
    expect(lines).toEqual(Array.from({ length: count }, (_, index) => `line ${index + 1}`));
    expect(await server.end('SIGTERM')).toBe(0);
  });

  const withDisk = canMount ? it : it.skip;

  /** Runs the test with a small disk mounted at DATA_DIR or a folder in it. */
  async function onSmallDisk(below: string, test: (folders: Folders) => Promise<void>): Promise<void> {
    const folders = belongings.makeFolders(projects);
    const disk = SmallDisk.mount(join(folders.dataDir, below), 24);
    try {
      await test(folders);
    } finally {
      disk.unmount();
    }
  }

  withDisk('allows stopping a run that fills the disk', () =>
    onSmallDisk('', async (folders) => {
      const server = await belongings.start(folders);
      const counting = await server.trigger('counts');
      const { runId } = await server.trigger('fills');
      await eventually(
        'a full disk',
        () => server.output.some((line) => line.includes('Storing log lines failed')),
        SOON_MS,
      );
      const answer = await fetch(`${server.url}/api/runs/${runId}`, { method: 'DELETE' });
      expect([202, 503, 507]).toContain(answer.status);
      expect(await server.untilEnded(runId)).toMatchObject({
        status: 'cancelled',
        statusReason: 'cancelled-by-user',
        attempt: 1,
      });
      endCounting(folders);
      expect(await server.untilEnded(counting.runId)).toMatchObject({ status: 'completed', attempt: 1 });
      const log = await (await fetch(`${server.url}/api/runs/${counting.runId}/logs`)).text();
      const lines = log.trimEnd().split('\n');
      expect(lines.slice(0, -1)).toEqual(lines.slice(0, -1).map((_, index) => `line ${index + 1}`));
      expect(await server.end('SIGTERM')).toBe(0);
    }),
  );

  withDisk('is named in the error of a step that fails on a full disk', () =>
    onSmallDisk('work', async (folders) => {
      const server = await belongings.start(folders);
      const { runId } = await server.trigger('fails');
      expect(await server.untilEnded(runId)).toMatchObject({
        status: 'failed',
        error: { code: 'STEP_FAILED', message: expect.stringContaining('The disk is full.') },
      });
      expect(await server.end('SIGTERM')).toBe(0);
    }),
  );
});
