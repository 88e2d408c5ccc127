import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import BetterSqlite3 from 'better-sqlite3';
import {
  aFile,
  aFolder,
  aLink,
  type ArchiveEntry,
  archiveOf,
  entriesOf,
  sealed,
} from '../../test/support/archive';
import { Database } from '../database/database';
import { DataFolderLock } from '../lifecycle/data-folder-lock';
import { backup } from './backup';
import { restore } from './restore';

describe('restore', () => {
  let root: string;
  let dataDir: string;
  let good: ArchiveEntry[];
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'jobato-restore-'));
    const original = mkdtempSync(join(root, 'backed-up-'));
    const database = await Database.open(join(original, 'db', 'jobato.db'), []);
    await database.close();
    const target = join(root, 'good.tar');
    const options = { replaces: false, parts: [], jobatoVersion: '1.0.0', now: '2026-03-01T10:00:00.000Z' };
    await backup({ ...options, dataDir: original, target, onProgress: () => undefined });
    good = (await entriesOf(readFileSync(target))).slice(0, 2);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  beforeEach(() => (dataDir = mkdtempSync(join(root, 'data-'))));

  const into = (archive: Buffer) =>
    restore({
      ...{ dataDir, source: Readable.from([archive]), jobatoVersion: '1.0.0' },
      ...{ now: '2026-03-02T10:00:00.000Z', onProgress: () => undefined },
    });
  const contentOf = (folder: string) => readdirSync(folder).filter((name) => name !== 'lock');
  const withManifest = (change: object): ArchiveEntry[] => [
    aFile('manifest.json', JSON.stringify({ ...JSON.parse(good[0]!.content.toString()), ...change })),
    ...good.slice(1),
  ];

  async function expectRefused(archive: Buffer, message: RegExp): Promise<void> {
    dataDir = mkdtempSync(join(root, 'data-'));
    await expect(into(archive)).rejects.toThrow(message);
    expect(contentOf(dataDir)).toEqual([]);
    // Nothing remains that would block the next restore.
    await into(await sealed(good));
    expect(contentOf(dataDir)).toContain('db');
  }

  /** Returns a backup of a data folder whose database has these rows. */
  async function backupWith(fill: (database: BetterSqlite3.Database) => void): Promise<Buffer> {
    const original = mkdtempSync(join(root, 'backed-up-'));
    const file = join(original, 'db', 'jobato.db');
    await (await Database.open(file, [])).close();
    const database = new BetterSqlite3(file);
    fill(database);
    database.close();
    const target = join(original, 'backup.tar');
    const options = { replaces: true, parts: [], jobatoVersion: '1.0.0', now: '2026-03-01T10:00:00.000Z' };
    await backup({ ...options, dataDir: original, target, onProgress: () => undefined });
    return readFileSync(target);
  }

  it('pauses all schedules, and sends none of the messages that the original may have sent', async () => {
    const archive = await backupWith((database) => {
      database.exec(`INSERT INTO schedules (project_id, schedule, cron, time_zone, recorded_until)
          VALUES ('a', 'default', '@daily', 'UTC', '2026-03-01T00:00:00.000Z');
        INSERT INTO pauses (scope, paused_at, paused_by, until)
          VALUES ('*', '2026-03-01T00:00:00.000Z', 'ada', '2026-03-02T00:00:00.000Z');`);
      for (const state of ['pending', 'delivered'])
        database.exec(`INSERT INTO notification_deliveries
            (id, channel_id, kind, facts, created_at, state, attempts, waited_ms, due_at_ms)
          VALUES ('${state}', 'team', 'failed', '{}', '2026-03-01T00:00:00.000Z', '${state}', 0, 0, 0)`);
    });

    await into(archive);
    const copy = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
    const rows = (sql: string) => copy.prepare(sql).all();
    expect(rows('SELECT scope, paused_at, paused_by, until FROM pauses')).toEqual([
      { scope: '*', paused_at: '2026-03-02T10:00:00.000Z', paused_by: 'restore', until: null },
    ]);
    expect(rows('SELECT id, state, answer, ended_at FROM notification_deliveries ORDER BY id')).toEqual([
      { id: 'delivered', state: 'delivered', answer: null, ended_at: null },
      {
        ...{ id: 'pending', state: 'failed', answer: '{"code":"restored"}' },
        ended_at: '2026-03-02T10:00:00.000Z',
      },
    ]);
    copy.close();
  });

  it('publishes no request that was waiting, because its run ends at the first start', async () => {
    const archive = await backupWith((database) => {
      for (const type of ['run.requested', 'run.completed'])
        database.exec(`INSERT INTO outbox (event_id, event_type, event_version, occurred_at, run_id, payload)
          VALUES ('${type}', '${type}', '1', '2026-03-01T00:00:00.000Z', '2', '{}')`);
    });

    await into(archive);
    const copy = new BetterSqlite3(join(dataDir, 'db', 'jobato.db'), { readonly: true });
    expect(copy.prepare('SELECT event_type FROM outbox').pluck().all()).toEqual(['run.completed']);
    copy.close();
  });

  it('pauses schedules that the backup does not know, and keeps the beginning of a pause in force', async () => {
    await into(await sealed(good));
    const pausesOf = (folder: string) => {
      const copy = new BetterSqlite3(join(folder, 'db', 'jobato.db'), { readonly: true });
      try {
        return copy.prepare('SELECT paused_at, paused_by, until, reason FROM pauses').all();
      } finally {
        copy.close();
      }
    };
    const reason = 'Restored from a backup. Resume when the original server is off for good.';
    const pause = { paused_at: '2026-03-02T10:00:00.000Z', paused_by: 'restore', until: null };
    expect(pausesOf(dataDir)).toEqual([{ ...pause, reason }]);

    const archive = await backupWith((database) => {
      database.exec(`INSERT INTO pauses (scope, paused_at, paused_by, reason, until)
        VALUES ('*', '2026-03-01T00:00:00.000Z', 'ada', 'Moving house', '2026-04-01T00:00:00.000Z')`);
    });
    rmSync(dataDir, { recursive: true });
    await into(archive);
    expect(pausesOf(dataDir)).toEqual([
      {
        ...pause,
        paused_at: '2026-03-01T00:00:00.000Z',
        reason: `${reason} It was paused before by ada: Moving house.`,
      },
    ]);
  });

  it('restores files, links and holes', async () => {
    const zeros = Buffer.alloc(3_000_000);
    const sparse = Buffer.concat([zeros, Buffer.from('end')]);
    await into(
      await sealed([
        ...good,
        ...[aFolder('runs'), aFolder('runs/1'), aFile('runs/1/a', 'text'), aLink('runs/1/b', 'a')],
        { header: { name: 'runs/1/sparse', mode: 0o640 }, content: sparse },
      ]),
    );
    expect(readFileSync(join(dataDir, 'runs/1/b'), 'utf8')).toBe('text');
    expect(readFileSync(join(dataDir, 'runs/1/sparse')).equals(sparse)).toBe(true);
    const { mode, blocks } = statSync(join(dataDir, 'runs/1/sparse'));
    expect(mode & 0o777).toBe(0o640);
    expect(blocks * 512).toBeLessThan(1_000_000);
    expect(contentOf(dataDir).sort()).toEqual(['db', 'restored-from', 'restored.json', 'runs', 'work']);
    for (const folder of ['db', 'runs', 'work'])
      expect(statSync(join(dataDir, folder)).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'db/jobato.db')).mode & 0o777).toBe(0o600);
  });

  it('restores names of any bytes, and long paths', async () => {
    const name = `${'long name/'.repeat(20)}ü\n\t"`;
    const folders = name.split('/').slice(0, -1);
    await into(
      await sealed([
        ...[...good, aFolder('work'), aFolder('work/1')],
        ...folders.map((_, depth) => aFolder(`work/1/${folders.slice(0, depth + 1).join('/')}`)),
        aFile(`work/1/${name}`, 'text'),
      ]),
    );
    expect(readFileSync(join(dataDir, 'work/1', name), 'utf8')).toBe('text');
  });

  const inRun = (...entries: ArchiveEntry[]) => [aFolder('runs'), aFolder('runs/1'), ...entries];
  const device = (type: 'fifo' | 'character-device' | 'block-device' | 'link') => ({
    header: { name: 'runs/1/x', type, ...(type === 'link' && { linkname: '/etc/passwd' }) },
    content: Buffer.alloc(0),
  });
  it.each<[string, ArchiveEntry[], RegExp]>([
    ['leads to a parent folder', [aFile('../outside', 'x')], /leads out/],
    ['leads to a parent folder later', inRun(aFile('runs/1/../../../outside', 'x')), /leads out/],
    ['is absolute', [aFile('/tmp/outside', 'x')], /leads out/],
    ['is Jobato’s own key', [aFile('secret-key', 'x')], /not a file of a data folder/],
    [
      'is beside the database',
      [aFolder('db'), aFile('db/jobato.db-wal', 'x')],
      /not a file of a data folder/,
    ],
    ['replaces the database', [aFile('db/jobato.db', 'x')], /not a file of a data folder/],
    ['is a link out of the data folder', inRun(aLink('runs/1/l', '../../../etc')), /leads out/],
    ['is an absolute link', inRun(aLink('runs/1/l', '/etc/passwd')), /leads out/],
    ['is a link to another run', inRun(aLink('runs/1/l', '../2')), /leads out/],
    [
      'goes through a link',
      inRun(aFolder('runs/1/a'), aLink('runs/1/l', 'a'), aFile('runs/1/l/x', '')),
      /no folder/,
    ],
    ['is a file twice', inRun(aFile('runs/1/x', '1'), aFile('runs/1/x', '2')), /twice/],
    ['is a folder twice', inRun(aFolder('runs/1/a'), aFolder('runs/1/a')), /twice/],
    ['replaces a link', inRun(aLink('runs/1/x', 'y'), aFile('runs/1/x', '2')), /twice/],
    ['is a link in place of a part', [aLink('runs', 'work')], /not a file of a data folder/],
    ['is a hard link', inRun(device('link')), /neither a file/],
    ['is a pipe', inRun(device('fifo')), /neither a file/],
    ['is a device', inRun(device('character-device')), /neither a file/],
    ['is a disk', inRun(device('block-device')), /neither a file/],
    ['has a long name', inRun(aFile(`runs/1/${'x'.repeat(300)}`, '')), /too long/],
  ])('refuses an entry that %s', async (_, entries, message) => {
    await expectRefused(await sealed([...good, ...entries]), message);
    expect(existsSync(join(root, 'outside'))).toBe(false);
  });

  it('refuses exact bytes that lead out of the folder', async () => {
    const path = Buffer.from('runs/../../outside').toString('base64');
    const hidden = { header: { name: 'runs/1/x', pax: { 'JOBATO.path': path } }, content: Buffer.from('x') };
    await expectRefused(await sealed([...good, ...inRun(hidden)]), /leads out/);
  });

  it.each<[string, () => Buffer]>([
    ['is empty', () => Buffer.alloc(0)],
    ['is text', () => Buffer.from('Dear Ada, '.repeat(1000))],
    ['is compressed', () => Buffer.from('1f8b0800', 'hex')],
  ])('refuses a file that %s', async (_, content) => expectRefused(content(), /not a backup of Jobato/));

  it('refuses another tar', async () => {
    await expectRefused(await archiveOf([aFile('letter.txt', 'Dear Ada')]), /not a backup of Jobato/);
    await expectRefused(await archiveOf([aFile('manifest.json', '{}')]), /not a backup of Jobato/);
  });

  it('refuses a newer backup and names both versions', async () => {
    const versions = /made by Jobato 9\.9\.9, which is newer than this one \(1\.0\.0\)/;
    await expectRefused(await sealed(withManifest({ jobatoVersion: '9.9.9', formatVersion: 2 })), versions);
    await expectRefused(
      await sealed(withManifest({ jobatoVersion: '9.9.9', lastMigration: 'Later1700000000099' })),
      versions,
    );
  });

  it('refuses a backup that is cut off anywhere', async () => {
    const whole = await sealed([...good, ...inRun(aFile('runs/1/a', 'text'))]);
    const end = whole.length - 1024; // two blocks of zeros
    for (const length of [512, 2000, 20_000, end - 3 * 512, end - 2 * 512, end - 512, end - 100]) {
      await expect(into(whole.subarray(0, length))).rejects.toThrow(/not complete|not a backup|damaged/);
      expect(contentOf(dataDir)).toEqual([]);
    }
  });

  it('refuses a changed byte in the database and in a file', async () => {
    const whole = await sealed([...good, ...inRun(aFile('runs/1/a', 'a text'))]);
    for (const [text, by] of [
      ['SQLite format 3', 'SQLite format 4'],
      ['a text', 'b text'],
    ] as const) {
      const damaged = Buffer.from(whole);
      damaged.write(by, damaged.indexOf(text));
      await expectRefused(damaged, /is damaged/);
    }
  });

  it('refuses a damaged database with the right hash', async () => {
    const content = Buffer.from(good[1]!.content);
    content.fill(0xff, 4096, 3 * 4096);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const [manifest] = withManifest({ database: { bytes: content.length, sha256, rows: {} } });
    await expectRefused(
      await sealed([manifest!, { ...good[1]!, content }]),
      /database in the backup is damaged/,
    );
  });

  it('refuses an entry after the end', async () => {
    const entries = await entriesOf(await sealed(good));
    await expectRefused(await archiveOf([...entries, aFolder('runs')]), /follows the end/);
  });

  it('refuses a folder with content', async () => {
    writeFileSync(join(dataDir, 'letter.txt'), 'Dear Ada');
    await expect(into(await sealed(good))).rejects.toThrow(/is not empty/);
    expect(readdirSync(dataDir)).toEqual(['letter.txt']);
  });

  it('refuses a folder that is in use', async () => {
    const lock = DataFolderLock.take(dataDir);
    await expect(into(await sealed(good))).rejects.toThrow(/Another Jobato server is using/);
    lock.release();
    await expect(into(await sealed(good))).rejects.toThrow(/is not empty/);
  });

  it('refuses a file in place of the folder', async () => {
    dataDir = join(dataDir, 'file');
    writeFileSync(dataDir, '');
    await expect(into(await sealed(good))).rejects.toThrow(/is a file, not a folder/);
  });

  it('removes a folder that it created for a backup that it refuses', async () => {
    dataDir = join(dataDir, 'new');
    await expect(into(Buffer.alloc(0))).rejects.toThrow(/not a backup/);
    expect(existsSync(dataDir)).toBe(false);
  });

  it('replaces what an interrupted restore has left', async () => {
    mkdirSync(join(dataDir, 'restoring', 'db'), { recursive: true });
    mkdirSync(join(dataDir, 'runs', '1'), { recursive: true });
    await into(await sealed(good));
    expect(contentOf(dataDir).sort()).toEqual(['db', 'restored-from', 'restored.json', 'runs', 'work']);
    expect(readdirSync(join(dataDir, 'runs'))).toEqual([]);
  });
});
