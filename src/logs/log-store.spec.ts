import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LATER } from '../../test/support/a-run';
import { SeededRandom } from '../../test/support/random';
import { Clock } from '../clock/clock';
import { loadConfig } from '../config/config';
import { Database } from '../database/database';
import type { LogLine } from './log-line';
import { LogRepository } from './log.repository';
import { LogStore } from './log-store';
import { LogChunkEntity, LogEndEntity } from './log.entities';

class StoppedClock extends Clock {
  override nowMs(): number {
    return Date.parse(LATER);
  }
}

let folder: string;
let database: Database;
let store: LogStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-log-'));
  database = await Database.open(join(folder, 'log.db'), [LogChunkEntity, LogEndEntity]);
  store = new LogStore(
    database,
    new LogRepository(database),
    new StoppedClock(),
    loadConfig({ LOG_LIMIT_MB: '1' }, folder),
  );
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const append = (lines: Parameters<LogStore['append']>[0]['lines'], runId = 'run', attempt = 1) =>
  store.append({ runId, attempt, lines });
const texts = (...list: string[]) => list.map((text) => ({ text }));
/** Reads the whole log in chunks, as a follower does. */
const read = async (runId = 'run', after = 0): Promise<LogLine[]> => {
  const chunk = await store.readAfter(runId, after);
  if (!chunk) return [];
  const lines = chunk.after(after);
  return [...lines, ...(await read(runId, lines.at(-1)!.seq))];
};
const textsOf = (lines: readonly LogLine[]) => lines.map(({ text }) => text);

describe('LogStore', () => {
  it('keeps times sent with lines unless the caller corrects them', async () => {
    const at = '2026-03-01T10:00:00.000Z';
    await store.append({ runId: 'run', attempt: 1, lines: [{ at, text: 'as named' }] });
    const named: string[] = [];
    const timeOf = (instant: string, now: string) => {
      named.push(instant);
      return now;
    };
    await store.append({ runId: 'run', attempt: 1, timeOf, lines: [{ at, text: 'a' }, { text: 'b' }] });
    expect((await read()).map((line) => line.at === at)).toEqual([true, false, false]);
    expect(named).toEqual([at]);
  });

  it('returns nothing for an empty log', async () => {
    expect(await store.readAfter('run', 0)).toBeNull();
    expect(await store.lastSeq('run')).toBe(0);
  });

  it('reads backwards from any line in limited chunks', async () => {
    expect(await store.readTo('run', 1)).toBeNull();
    for (let written = 0; written < 9000; written += 300) {
      await append(texts(...Array.from({ length: 300 }, (_, n) => `${written + n + 1}`)));
    }
    for (const to of [9000, 8999, 301, 300, 1]) {
      const seqs: number[] = [];
      let next = to;
      while (next > 0) {
        const chunk = (await store.readTo('run', next))!;
        expect(chunk.lines.length).toBeLessThanOrEqual(4000);
        seqs.unshift(...chunk.lines.map(({ seq }) => seq).filter((seq) => seq <= next));
        next = chunk.firstSeq - 1;
      }
      expect(seqs).toEqual(Array.from({ length: to }, (_, n) => n + 1));
    }
  });

  it('stores the given members of each line, and fills in defaults', async () => {
    await append([
      { text: 'plain' },
      { text: 'whole', at: '2026-03-01T10:00:00.5Z', stream: 'stderr', step: 'fetch', n: 1 },
      { text: 'odd time', at: 'yesterday' },
    ]);
    expect(await read()).toEqual([
      { seq: 1, at: LATER, stream: 'stdout', step: null, text: 'plain' },
      { seq: 2, at: '2026-03-01T10:00:00.500Z', stream: 'stderr', step: 'fetch', text: 'whole' },
      { seq: 3, at: LATER, stream: 'stdout', step: null, text: 'odd time' },
    ]);
  });

  it('numbers lines without gaps under concurrent appends', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, n) => append(texts(`${n}a`, `${n}b`))));
    const lines = await read();
    expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
    expect(textsOf(lines)).toEqual(Array.from({ length: 200 }, (_, n) => [`${n}a`, `${n}b`]).flat());
  });

  it('keeps the logs of runs separate', async () => {
    await Promise.all([
      append(texts('one'), 'run-1'),
      append(texts('two'), 'run-2'),
      append(texts('three'), 'run-1'),
    ]);
    expect(textsOf(await read('run-1'))).toEqual(['one', 'three']);
    expect((await read('run-2')).map(({ seq, text }) => [seq, text])).toEqual([[1, 'two']]);
  });

  it.each(Array.from({ length: 10 }, (_, seed) => seed))(
    'reads on from any line without loss or repetition (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const all: string[] = [];
      while (all.length < 6000) {
        const batch = Array.from({ length: random.integer(1, 3000) }, (_, n) => `${all.length + n}`);
        await append(texts(...batch));
        all.push(...batch);
      }
      for (const after of [0, 1, all.length - 1, all.length, random.integer(0, all.length)]) {
        expect(textsOf(await read('run', after))).toEqual(all.slice(after));
      }
      expect(await store.lastSeq('run')).toBe(all.length);
    },
  );

  it('returns a large append in smaller chunks', async () => {
    await append(texts(...Array.from({ length: 5000 }, (_, n) => `${n}`)));
    expect((await store.readAfter('run', 0))!.lines.length).toBeLessThan(5000);
    expect(await read()).toHaveLength(5000);
  });

  it('returns the stored lines from an append', async () => {
    const { chunks, limitReached } = await append(texts('one', 'two'));
    expect(chunks.flatMap(({ lines }) => lines.map(({ seq, text }) => [seq, text]))).toEqual([
      [1, 'one'],
      [2, 'two'],
    ]);
    expect(limitReached).toBe(false);
  });

  it('keeps text of every kind, and truncates long lines', async () => {
    const odd = ['', '\0', 'a\r', '😀', '"', '\uD800', 'x'.repeat(70_000)];
    await append(texts(...odd));
    const stored = textsOf(await read());
    expect(stored.slice(0, -1)).toEqual(odd.slice(0, -1));
    expect(stored.at(-1)).toMatch(/^x{65536} … \[line cut at 64 KiB\]$/);
  });
});

describe('duplicate lines', () => {
  it('are dropped by their number, in any order', async () => {
    await append([
      { n: 1, text: 'one' },
      { n: 3, text: 'three' },
    ]);
    await append([
      { n: 3, text: 'three' },
      { n: 2, text: 'two' },
      { n: 1, text: 'one' },
      { n: 4, text: 'four' },
    ]);
    expect(textsOf(await read())).toEqual(['one', 'three', 'two', 'four']);
  });

  it('are dropped within one append', async () => {
    await append([
      { n: 1, text: 'one' },
      { n: 1, text: 'one' },
    ]);
    expect(textsOf(await read())).toEqual(['one']);
  });

  it('are kept if they have no number', async () => {
    await append(texts('same', 'same'));
    expect(await read()).toHaveLength(2);
  });

  it('are kept if they belong to another attempt', async () => {
    await append([{ n: 1, text: 'first try' }], 'run', 1);
    await append([{ n: 1, text: 'second try' }], 'run', 2);
    expect(textsOf(await read())).toEqual(['first try', 'second try']);
  });
});

describe('log limit', () => {
  const MIB = 1024 * 1024;
  const line = 'x'.repeat(1008); // 1 KiB including its overhead

  it('ends the log with one message, and drops later lines', async () => {
    // The row takes the space of one line.
    const filled = await append(texts(...Array<string>(MIB / 1024 - 1).fill(line)));
    expect(filled.limitReached).toBe(false);
    const over = await append(texts(line, 'and another'));
    expect([over.limitReached, over.storedLines]).toEqual([true, 1]);
    const later = await append(texts('later'));
    expect([later.limitReached, later.storedLines]).toEqual([true, 0]);

    const lines = await read();
    expect(lines).toHaveLength(MIB / 1024);
    expect(lines.at(-1)).toMatchObject({
      stream: 'system',
      text: expect.stringContaining('limit of 1 MB (LOG_LIMIT_MB)'),
    });
    expect(await store.lastSeq('run')).toBe(lines.length);
  });

  it('applies to each run separately', async () => {
    await append(texts(...Array<string>(2 * (MIB / 1024)).fill(line)), 'long');
    expect((await append(texts('hello'), 'short')).limitReached).toBe(false);
    expect(textsOf(await read('short'))).toEqual(['hello']);
  });

  it.each([
    ['empty lines', (n: number) => ({ text: '', n })],
    ['control characters', (n: number) => ({ text: '\u0001'.repeat(1000), n })],
    ['quotation marks', (n: number) => ({ text: '"'.repeat(1000), n })],
    ['halves of characters', (n: number) => ({ text: '\ud800'.repeat(1000), n })],
    [
      'another long step name in each line',
      (n: number) => ({ text: 'x', step: `${n}`.padStart(200, 's'), n }),
    ],
    [
      'times far apart',
      (n: number) => ({ text: 'x', at: n % 2 ? '0001-01-01T00:00:00Z' : '9999-01-01T00:00:00Z' }),
    ],
  ])('includes the encoding of %s', async (_what, lineOf) => {
    let limitReached = false;
    for (let n = 0; !limitReached; n += 5000) {
      const lines = Array.from({ length: 5000 }, (_, index) => lineOf(n + index));
      ({ limitReached } = await append(lines));
    }
    expect(await storedBytes()).toBeLessThan(1.25 * MIB);
  });

  it('includes the rows of lines that arrive one by one', async () => {
    let stored = 0;
    for (let reached = false; !reached;) {
      // All appends of a turn share a transaction, and each has its own row in the inbox.
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, n) =>
          store.append({ runId: `run-${n % 2}`, attempt: 1, lines: [{ text: '' }], rowBytes: 400 }),
        ),
      );
      stored += results.filter(({ storedLines }) => storedLines > 0).length;
      reached = results.every(({ limitReached }) => limitReached);
    }
    expect(stored * 400).toBeLessThan(2.1 * MIB);
  });

  it('is not exceeded by line numbers of earlier attempts', async () => {
    for (let attempt = 1; attempt <= 50; attempt++) {
      await append(
        Array.from({ length: 1000 }, (_, n) => ({ text: 'x', n: 2 * n })),
        'run',
        attempt,
      );
    }
    const [end] = await database.read.query<{ size: number }>(
      'SELECT OCTET_LENGTH(seen_numbers) AS size FROM log_ends',
    );
    expect(end!.size).toBeLessThan(15_000);
  });

  async function storedBytes(): Promise<number> {
    const [sum] = await database.read.query<{ size: number }>(
      'SELECT SUM(OCTET_LENGTH(lines) + 100) AS size FROM log_chunks',
    );
    return sum!.size;
  }
});
