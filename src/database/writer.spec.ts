import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { SqliteConnection } from './sqlite-connection';
import { StorageError } from './storage-error';
import { type Transaction, type WriteCommand, Writer } from './writer';

let folder: string;
let file: BetterSqlite3.Database;
let statements: string[];
let writer: Writer;
let isFileGone: boolean;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-writer-'));
  file = openFile();
  file.pragma('journal_mode = WAL');
  file.exec('CREATE TABLE notes (position integer PRIMARY KEY AUTOINCREMENT, note text NOT NULL UNIQUE)');
  statements = [];
  const connection = new SqliteConnection(file);
  // The real connection, with a record of its statements.
  isFileGone = false;
  writer = new Writer(
    {
      query: (sql, parameters) => {
        statements.push(sql);
        return connection.query(sql, parameters);
      },
      each: (sql, rows) => {
        statements.push(sql);
        return connection.each(sql, rows);
      },
    },
    () => {
      if (isFileGone) throw new StorageError('gone');
    },
  );
});
afterEach(async () => {
  await writer.close();
  file.close();
  rmSync(folder, { recursive: true, force: true });
});

const openFile = () => new BetterSqlite3(join(folder, 'writer.db'), { timeout: 0 });
const insert: WriteCommand<string, number> = async (tx, notes) => {
  const positions: number[] = [];
  for (const note of notes) {
    const [row] = await tx.query<{ position: number }>(
      'INSERT INTO notes (note) VALUES (?) RETURNING position',
      [note],
    );
    positions.push(row!.position);
  }
  return positions;
};
const count = (statement: string) => statements.filter((sql) => sql === statement).length;
const notes = (): string[] =>
  file.prepare<[], string>('SELECT note FROM notes ORDER BY position').pluck().all();
const outcomes = async (writes: Promise<unknown>[]) =>
  (await Promise.allSettled(writes)).map(({ status }) => status);
const deferred = () => {
  let resolve = () => undefined as void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
};

describe('Writer.write', () => {
  it('returns the result of the command', async () => {
    expect(await writer.write(insert, 'a')).toBe(1);
    expect(notes()).toEqual(['a']);
  });

  it('begins each transaction with BEGIN IMMEDIATE', async () => {
    await writer.write(insert, 'a');
    expect(statements[0]).toBe('BEGIN IMMEDIATE');
    expect(statements.at(-1)).toBe('COMMIT');
  });

  it('shares one commit among all writes of one turn, and passes all inputs to the command at once', async () => {
    const calls: string[][] = [];
    const noting: WriteCommand<string, number> = (tx, inputs) => {
      calls.push(inputs);
      return insert(tx, inputs);
    };
    const names = Array.from({ length: 200 }, (_, n) => `note ${n}`);
    const positions = await Promise.all(names.map((name) => writer.write(noting, name)));
    expect(calls).toEqual([names]);
    expect(positions).toEqual(names.map((_, n) => n + 1));
    expect(count('BEGIN IMMEDIATE')).toBe(1);
    expect(count('COMMIT')).toBe(1);
  });

  describe('with a mocked clock', () => {
    afterEach(() => jest.restoreAllMocks());

    it('shares one commit among writes from several turns', async () => {
      jest.spyOn(performance, 'now').mockReturnValue(0);
      const writes = ['a', 'b'].map((note) => writer.write(insert, note));
      for (const note of ['c', 'd', 'e']) {
        await new Promise((turn) => setImmediate(turn));
        writes.push(writer.write(insert, note));
      }
      expect(await Promise.all(writes)).toEqual([1, 2, 3, 4, 5]);
      expect(count('COMMIT')).toBe(1);
    });

    it('waits only a few milliseconds for more writes', async () => {
      let nowMs = 0;
      jest.spyOn(performance, 'now').mockImplementation(() => (nowMs += 10));
      const writes = ['a', 'b'].map((note) => writer.write(insert, note));
      await new Promise((turn) => setImmediate(turn));
      expect(count('BEGIN IMMEDIATE')).toBe(1);
      await Promise.all(writes);
    });

    it('does not delay a single write', async () => {
      jest.spyOn(performance, 'now').mockReturnValue(0);
      const write = writer.write(insert, 'a');
      await new Promise((turn) => setImmediate(turn));
      expect(count('BEGIN IMMEDIATE')).toBe(1);
      await write;
    });
  });

  it('shares one commit among different commands, each of which runs once', async () => {
    const calls: string[] = [];
    const command =
      (name: string): WriteCommand<string, string> =>
      async (tx, inputs) => {
        calls.push(name);
        await insert(tx, inputs);
        return inputs.map((input) => `${name} wrote ${input}`);
      };
    const [one, two] = [command('one'), command('two')];
    expect(
      await Promise.all([writer.write(one, 'a'), writer.write(two, 'b'), writer.write(one, 'c')]),
    ).toEqual(['one wrote a', 'two wrote b', 'one wrote c']);
    expect(calls).toEqual(['one', 'two']);
    expect(count('COMMIT')).toBe(1);
  });

  it('keeps the order of writes from different turns', async () => {
    const writes: Promise<number>[] = [];
    for (let n = 0; n < 20; n++) {
      writes.push(writer.write(insert, `note ${n}`));
      if (n % 3 === 0) await new Promise((next) => setImmediate(next));
    }
    expect(await Promise.all(writes)).toEqual(writes.map((_, n) => n + 1));
  });

  it('resolves after the commit, never before', async () => {
    const committedAtAnswer = await Promise.all(
      ['a', 'b', 'c'].map(async (note) => {
        await writer.write(insert, note);
        return count('COMMIT');
      }),
    );
    expect(committedAtAnswer).toEqual([1, 1, 1]);
  });

  it('splits a burst into several transactions that yield to the event loop', async () => {
    const names = Array.from({ length: 2000 }, (_, n) => `note ${n}`);
    let done = 0;
    const turns: number[] = [];
    const looking = (async () => {
      while (done < names.length) {
        turns.push(done);
        await new Promise((next) => setImmediate(next));
      }
    })();
    await Promise.all(names.map((name) => writer.write(insert, name).then(() => done++)));
    await looking;
    expect(count('COMMIT')).toBe(4);
    expect(new Set(turns).size).toBeGreaterThan(2);
    expect(notes()).toEqual(names);
  });

  it('accepts a write requested when another one resolves', async () => {
    const after = writer.write(insert, 'first').then(() => writer.write(insert, 'second'));
    expect(await after).toBe(2);
  });
});

describe('failed write', () => {
  it('rejects only its own caller; other writes of its group are committed in order', async () => {
    const written = await outcomes(['a', 'b', 'a', 'c'].map((note) => writer.write(insert, note)));
    expect(written).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(notes()).toEqual(['a', 'b', 'c']);
  });

  it('reports the reason', async () => {
    await writer.write(insert, 'a');
    await expect(writer.write(insert, 'a')).rejects.toThrow(/UNIQUE constraint failed: notes.note/);
  });

  it('rolls back all its changes', async () => {
    const half: WriteCommand<string, void> = async (tx, inputs) => {
      await insert(tx, inputs);
      throw new Error('half way');
    };
    await expect(writer.write(half, 'a')).rejects.toThrow('half way');
    expect(count('ROLLBACK')).toBe(1);
    expect(notes()).toEqual([]);
  });

  it('does not roll back a write requested while its transaction was open', async () => {
    const open = deferred();
    const failure = deferred();
    const failing: WriteCommand<string, void> = async (tx, inputs) => {
      await insert(tx, inputs);
      open.resolve();
      await failure.promise;
      throw new Error('taken back');
    };
    const bad = writer.write(failing, 'bad');
    await open.promise;
    const good = writer.write(insert, 'good'); // while the transaction of the other write is open
    failure.resolve();
    expect(await outcomes([bad, good])).toEqual(['rejected', 'fulfilled']);
    expect(notes()).toEqual(['good']);
  });

  it('does not prevent later writes', async () => {
    await outcomes([writer.write(insert, 'a'), writer.write(insert, 'a')]);
    expect(await writer.write(insert, 'b')).toBeGreaterThan(0);
    expect(notes()).toEqual(['a', 'b']);
  });

  it('is also a command that throws synchronously', async () => {
    const broken: WriteCommand<string, void> = () => {
      throw new Error('broken');
    };
    expect(await outcomes([writer.write(broken, 'x'), writer.write(insert, 'a')])).toEqual([
      'rejected',
      'fulfilled',
    ]);
  });

  it('may already have ended its transaction', async () => {
    const ending: WriteCommand<string, void> = async (tx) => {
      await tx.query('ROLLBACK'); // as SQLite does on a full disk
      throw new Error('disk full');
    };
    await expect(writer.write(ending, 'x')).rejects.toThrow('disk full');
    expect(await writer.write(insert, 'a')).toBe(1);
  });
});

describe('file locked by another process', () => {
  let other: BetterSqlite3.Database;
  beforeEach(() => {
    other = openFile();
    other.exec('BEGIN EXCLUSIVE');
  });
  afterEach(() => other.close());
  const release = () => other.exec('ROLLBACK');
  const untilTried = async (tries: number) => {
    for (let ms = 0; ms < 1000 && count('BEGIN IMMEDIATE') < tries; ms++) {
      await jest.advanceTimersByTimeAsync(1);
    }
  };

  describe('with a mocked clock', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
    afterEach(() => jest.useRealTimers());

    it('delays writes, in order, until the file is free', async () => {
      const writes = ['a', 'b', 'c'].map((note) => writer.write(insert, note));
      await untilTried(5);
      const late = writer.write(insert, 'd');
      expect(notes()).toEqual([]);
      release();
      await jest.advanceTimersByTimeAsync(100);
      expect(await Promise.all([...writes, late])).toEqual([1, 2, 3, 4]);
      expect(count('COMMIT')).toBe(1);
      expect(writer.storage).toEqual({ trouble: null, lastTroubleAtMs: null });
    });

    it('rejects each write after 5 s with the reason, and writes none of them', async () => {
      const startedMs = performance.now();
      const refusedAfterMs: number[] = [];
      const refuse = (error: unknown) => {
        expect(error).toMatchObject({ name: 'StorageError', reason: 'locked', code: 'STORAGE_UNAVAILABLE' });
        refusedAfterMs.push(performance.now() - startedMs);
      };
      const writes = [writer.write(insert, 'a').catch(refuse), writer.writeAlong(insert, 'b').catch(refuse)];
      await jest.advanceTimersByTimeAsync(3000);
      writes.push(writer.write(insert, 'c').catch(refuse));
      await jest.advanceTimersByTimeAsync(6000);
      await Promise.all(writes);
      expect(refusedAfterMs.map((ms) => Math.floor(ms / 1000))).toEqual([5, 5, 8]);
      release();
      expect(notes()).toEqual([]);
      expect(writer.storage.trouble).toBe('locked');
      expect(writer.storage.lastTroubleAtMs).toBeGreaterThan(startedMs + 7000);

      expect(await outcomes([writer.write(insert, 'd')])).toEqual(['fulfilled']);
      expect(writer.storage.trouble).toBeNull();
    });

    it('reports a wait of more than a second as trouble, even if the write succeeds', async () => {
      const write = writer.write(insert, 'a');
      await jest.advanceTimersByTimeAsync(1500);
      expect(writer.storage.trouble).toBe('locked');
      release();
      await jest.advanceTimersByTimeAsync(100);
      await write;
      expect(writer.storage.trouble).toBeNull();
      expect(writer.storage.lastTroubleAtMs).toBeGreaterThan(1000);
    });

    it('rejects a write immediately when the queue is full', async () => {
      const first = writer.write(insert, 'first').catch(() => undefined);
      await untilTried(2);
      const large = 'x'.repeat(10 * 1024 * 1024);
      const writes = Array.from({ length: 5 }, () => outcomes([writer.write(insert, large)]));
      expect(await Promise.race(writes)).toEqual(['rejected']); // the fourth and fifth: two bytes per character
      await jest.advanceTimersByTimeAsync(6000);
      await Promise.all([first, ...writes]);
    });
  });

  it('does not block the event loop', async () => {
    const write = writer.write(insert, 'a');
    let turns = 0;
    while (count('BEGIN IMMEDIATE') < 3) {
      turns++;
      await new Promise((next) => setImmediate(next));
    }
    release();
    expect(await write).toBe(1);
    expect(turns).toBeGreaterThan(2);
  });

  it('delays close until the write completes', async () => {
    const write = writer.write(insert, 'a');
    const closing = writer.close();
    release();
    await closing;
    expect(await write).toBe(1);
  });
});

describe('full disk', () => {
  const fill = () => file.pragma(`max_page_count = ${Number(file.pragma('page_count', { simple: true }))}`);
  const makeRoom = () => file.pragma('max_page_count = 1000000');
  const large = 'x'.repeat(100_000);

  it('rejects large writes of a group and commits small ones', async () => {
    await writer.write(insert, 'first');
    fill();
    const writes = await Promise.allSettled(
      ['a', large, 'b', `${large}!`, 'c'].map((note) => writer.write(insert, note)),
    );
    expect(writes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect((writes[1] as PromiseRejectedResult).reason).toMatchObject({
      name: 'StorageError',
      reason: 'full',
      code: 'STORAGE_FULL',
    });
    expect(notes()).toEqual(['first', 'a', 'b', 'c']);
    expect(writer.storage.lastTroubleAtMs).not.toBeNull();
  });

  it('is cleared by a successful probe', async () => {
    fill();
    await expect(writer.write(insert, large)).rejects.toMatchObject({ reason: 'full' });
    expect(writer.storage.trouble).toBe('full');
    makeRoom();
    await writer.probe();
    expect(writer.storage.trouble).toBeNull();
    expect(await writer.write(insert, large)).toBe(1);
  });

  it('is checked with a real write after an empty transaction', async () => {
    fill();
    await expect(writer.write(insert, large)).rejects.toMatchObject({ reason: 'full' });
    statements.length = 0;
    const reading: WriteCommand<string, number> = async (_tx, inputs) => inputs.map(() => 0);
    await writer.write(reading, 'nothing');
    expect(statements).toContain('PRAGMA user_version = 0');
  });
});

describe('missing file', () => {
  it('rejects a write before a transaction begins', async () => {
    isFileGone = true;
    await expect(writer.write(insert, 'a')).rejects.toMatchObject({ reason: 'gone' });
    expect(statements).toEqual([]);
    expect(writer.storage.trouble).toBe('gone');
  });

  it('rejects a write if the file was removed before its commit was acknowledged', async () => {
    const deleting: WriteCommand<string, number> = (tx, inputs) => {
      isFileGone = true;
      return insert(tx, inputs);
    };
    await expect(writer.write(deleting, 'a')).rejects.toMatchObject({ reason: 'gone' });
  });
});

describe('Writer.writeAlong', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  it('shares the commit of the next write', async () => {
    const along = writer.writeAlong(insert, 'tidied up');
    await new Promise((turn) => setImmediate(turn));
    expect(statements).toEqual([]);
    expect(await Promise.all([along, writer.write(insert, 'a')])).toEqual([2, 1]);
    expect(count('COMMIT')).toBe(1);
  });

  it('shares the next commit even when requested during a transaction', async () => {
    let along!: Promise<number>;
    const asking: WriteCommand<string, number> = (tx, inputs) => {
      along = writer.writeAlong(insert, 'tidied up');
      return insert(tx, inputs);
    };
    await writer.write(asking, 'a');
    await new Promise((turn) => setImmediate(turn));
    expect(notes()).toEqual(['a']);
    await Promise.all([along, writer.write(insert, 'b')]);
    expect(notes()).toEqual(['a', 'b', 'tidied up']);
    expect(count('COMMIT')).toBe(2);
  });

  it('commits after a delay if no other write comes', async () => {
    for (const [note, position] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      const along = writer.writeAlong(insert, note);
      await jest.advanceTimersByTimeAsync(100);
      expect(await along).toBe(position);
    }
  });

  it('does not affect other writes when it fails', async () => {
    await writer.write(insert, 'a');
    const written = [writer.writeAlong(insert, 'a'), writer.write(insert, 'b')];
    expect(await outcomes(written)).toEqual(['rejected', 'fulfilled']);
    expect(notes()).toEqual(['a', 'b']);
  });

  it('commits on close, including a write requested during the last group', async () => {
    let late!: Promise<number>;
    const asking: WriteCommand<string, number> = (tx, inputs) => {
      late = writer.writeAlong(insert, 'late');
      return insert(tx, inputs);
    };
    const early = writer.writeAlong(insert, 'early');
    const last = writer.write(asking, 'last');
    await new Promise((turn) => setImmediate(turn));
    await writer.close();
    await Promise.all([early, last, late]);
    expect(notes().sort()).toEqual(['early', 'last', 'late']);
    await expect(writer.writeAlong(insert, 'a')).rejects.toThrow('closed');
  });
});

describe('Writer.close', () => {
  it('commits pending writes', async () => {
    const writes = ['a', 'b'].map((note) => writer.write(insert, note));
    await writer.close();
    expect(await Promise.all(writes)).toEqual([1, 2]);
  });

  it('commits a burst', async () => {
    const writes = Array.from({ length: 1200 }, (_, n) => writer.write(insert, `note ${n}`));
    await writer.close();
    expect(notes()).toHaveLength(1200);
    await Promise.all(writes);
  });

  it('waits for an open transaction', async () => {
    const open = deferred();
    const goOn = deferred();
    const slow: WriteCommand<string, number> = async (tx: Transaction, inputs) => {
      open.resolve();
      await goOn.promise;
      return insert(tx, inputs);
    };
    const writing = writer.write(slow, 'a');
    await open.promise;
    const closing = writer.close();
    goOn.resolve();
    await closing;
    expect(notes()).toEqual(['a']);
    expect(await writing).toBe(1);
  });

  it('rejects later writes, and can be called twice', async () => {
    await writer.close();
    await writer.close();
    await expect(writer.write(insert, 'a')).rejects.toThrow('The database is closed.');
  });
});
