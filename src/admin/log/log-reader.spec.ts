import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LATER } from '../../../test/support/a-run';
import { Clock } from '../../clock/clock';
import { loadConfig } from '../../config/config';
import { Database } from '../../database/database';
import { LogRepository } from '../../logs/log.repository';
import { LogStore } from '../../logs/log-store';
import { LogTail } from '../../logs/log-tail';
import { LogChunkEntity, LogEndEntity } from '../../logs/log.entities';
import { logQuestion } from './log-question';
import { LogReader } from './log-reader';

const RUN = { isActive: true, isMixed: false };

class StoppedClock extends Clock {
  override nowMs(): number {
    return Date.parse(LATER);
  }
}

let folder: string;
let database: Database;
let store: LogStore;
let reader: LogReader;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobato-log-'));
  database = await Database.open(join(folder, 'log.db'), [LogChunkEntity, LogEndEntity]);
  store = new LogStore(database, new LogRepository(database), new StoppedClock(), loadConfig({}, folder));
  reader = new LogReader(store, new LogTail(store));
  // 120,000 lines: every 1,000th is an error, and the first 60,000 belong to another step.
  for (let written = 0; written < 120_000; written += 5000) {
    const lines = Array.from({ length: 5000 }, (_, index) => {
      const seq = written + index + 1;
      return { text: seq % 1000 === 0 ? `ERROR at ${seq}` : `line ${seq}`, step: seq <= 60_000 ? 'a' : 'b' };
    });
    await store.append({ runId: 'long', attempt: 1, lines });
  }
  const wide = Array.from({ length: 40 }, (_, index) => ({ text: `${index + 1} `.padEnd(60_000, 'x') }));
  await store.append({ runId: 'wide', attempt: 1, lines: wide });
  const colourful = Array.from({ length: 1000 }, () => ({ text: '\x1b[31mx\x1b[32my'.repeat(40) }));
  await store.append({ runId: 'colourful', attempt: 1, lines: colourful });
  // A stack trace for each 100 lines, written line by line, with lines of another step in between.
  for (let number = 1; number <= 3; number++) {
    const other = { text: 'ERROR of another step', step: 'b' };
    const fine = Array.from({ length: 97 }, () => ({ text: 'fine', step: 'a' }));
    await store.append({ runId: 'traces', attempt: 1, lines: [...fine, { text: 'ERROR one', step: 'a' }] });
    await store.append({ runId: 'traces', attempt: 1, lines: [{ text: 'fine', step: 'b' }] });
    await store.append({ runId: 'traces', attempt: 1, lines: [{ text: '  at main (a.js:1:2)', step: 'a' }] });
    if (number === 3) await store.append({ runId: 'traces', attempt: 1, lines: [other] });
  }
  // 24 MB, half of it written line by line, as a slow step does.
  const huge = Array.from({ length: 400 }, (_, index) => ({ text: `${index + 1} `.padEnd(60_000, 'x') }));
  await store.append({ runId: 'huge', attempt: 1, lines: huge.slice(0, 200) });
  for (const line of huge.slice(200)) await store.append({ runId: 'huge', attempt: 1, lines: [line] });
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const read = async (query: Record<string, string>, runId = 'long') => {
  const { from, to, count, sections } = await reader.window(runId, logQuestion(query), RUN);
  const seqs = sections.flatMap(({ lists }) => lists.flat().map(({ seq }) => seq));
  return { range: [from, to], count, ends: [seqs[0], seqs.at(-1)] };
};

it('returns the last 1,000 lines by default, and pages in both directions', async () => {
  expect(await read({})).toMatchObject({ range: [119_001, 120_000], count: 1000 });
  expect(await read({ to: '119000' })).toMatchObject({ range: [118_001, 119_000], count: 1000 });
  expect(await read({ from: '59980' })).toMatchObject({ range: [59_980, 60_979], ends: [59_980, 60_979] });
  expect(await read({ to: '10' })).toMatchObject({ range: [1, 10], count: 10 });
  expect(await read({ from: '119999' })).toMatchObject({ range: [119_999, 120_000], count: 2 });
  expect(await read({ to: '999999' })).toMatchObject({ range: [119_001, 120_000] });
  expect(await read({ from: '999999' })).toMatchObject({ count: 0 });
});

it('returns the lines after a given one, or the last 1,000 if there are more', async () => {
  expect(await read({ after: '119998' })).toMatchObject({ range: [119_999, 120_000] });
  expect(await read({ after: '120000' })).toMatchObject({ range: [120_001, 120_000], count: 0 });
  expect(await read({ after: '5' })).toMatchObject({ range: [119_001, 120_000], count: 1000 });
});

it('limits the amount of text in a window', async () => {
  expect(await read({}, 'wide')).toMatchObject({ range: [33, 40], count: 8 });
  expect(await read({ from: '5' }, 'wide')).toMatchObject({ range: [5, 12], count: 8 });
});

it('counts colours and hits towards the text limit', async () => {
  expect((await read({}, 'colourful')).count).toBeLessThan(200);
  expect((await read({ q: 'x' }, 'colourful')).count).toBeLessThan(150);
});

it.each([
  ['the page', {}, 1024],
  ['an earlier part', { to: '150' }, 1024],
  ['a linked line', { from: '20' }, 1024],
  ['few new lines', { after: '398' }, 1024],
  ['too many new lines', { after: '5' }, 2048],
  ['a search upwards', { q: 'nowhere' }, 9 * 1024],
  ['a search downwards', { q: 'nowhere', from: '1' }, 9 * 1024],
  ['a search with hits', { q: 'x' }, 1024],
])('limits how much it reads from long lines and yields between reads: %s', async (_, query, maxKib) => {
  const queries = jest.spyOn(database.read, 'query');
  let turns = 0;
  const takeTurn = () => {
    turns++;
    immediate = setImmediate(takeTurn);
  };
  let immediate = setImmediate(takeTurn);
  await read(query, 'huge');
  clearImmediate(immediate);
  const answers = (await Promise.all(queries.mock.results.map(({ value }) => value))) as {
    lines?: string;
  }[][];
  queries.mockRestore();
  const sizes = answers.map((rows) => rows.reduce((sum, { lines }) => sum + (lines?.length ?? 0), 0));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(512 * 1024); // in one read
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(maxKib * 1024);
  expect(turns).toBeGreaterThanOrEqual(sizes.filter((size) => size > 0).length);
});

it('searches a limited part of the log and returns the range it searched', async () => {
  const errors = await read({ level: 'errors' });
  expect(errors).toEqual({ range: [20_001, 120_000], count: 100, ends: [21_000, 120_000] });
  expect(await read({ level: 'errors', to: '20000' })).toMatchObject({ range: [1, 20_000], count: 20 });
  expect(await read({ q: 'AT 1000', to: '20000' })).toMatchObject({ range: [1, 20_000], count: 2 });
  expect(await read({ q: 'line' })).toMatchObject({ count: 1000, ends: [118_999, 119_999] });
  expect(await read({ level: 'errors', from: '1' })).toMatchObject({ range: [1, 100_000], count: 100 });
  expect(await read({ level: 'errors', after: '119000' })).toMatchObject({
    range: [119_001, 120_000],
    ends: [120_000, 120_000],
  });
});

it('counts the lines of a stack trace as errors, in both directions and from any line', async () => {
  expect(await read({ level: 'errors', only: 'a' }, 'traces')).toMatchObject({ count: 6, ends: [98, 300] });
  expect(await read({ level: 'errors', from: '100' }, 'traces')).toMatchObject({
    count: 6,
    ends: [100, 301],
  });
  expect(await read({ level: 'errors', to: '100' }, 'traces')).toMatchObject({ count: 2, ends: [98, 100] });
  expect(await read({ level: 'errors', after: '299' }, 'traces')).toMatchObject({ count: 2 });
});

it('formats the number of hits with a thousands separator', async () => {
  const { found } = await reader.page('long', logQuestion({ q: 'line' }), RUN);
  expect(found).toEqual({ count: '1,000', from: '118,999', to: '120,000' });
});

it('finds the start of a step anywhere in the log', async () => {
  const { steps } = await reader.page('long', logQuestion({}), RUN);
  expect(steps).toEqual([
    { name: 'a', href: '/runs/long?from=1#L1' },
    { name: 'b', href: '/runs/long?from=59981#L60001' },
  ]);
});

describe('matches', () => {
  const matches = (runId: string, query: Record<string, string>, after = 0, known = 0) =>
    reader.matches(runId, logQuestion(query), after, known);

  it('counts in the whole log, one request after the other', async () => {
    const first = await matches('long', { q: 'error AT' });
    expect([first.lines.length, first.lines[0], first.to, first.isWhole]).toEqual([
      100,
      [1000, 1],
      100_000,
      false,
    ]);
    const next = await matches('long', { mark: 'error AT' }, first.to, 100);
    expect([next.lines.length, next.lines[0], next.isWhole]).toEqual([20, [101_000, 1], true]);
    expect(await matches('long', { q: 'error AT' }, 120_000)).toEqual({
      lines: [],
      to: 120_000,
      isWhole: true,
    });
  });

  it('counts several in a line, and respects the filter', async () => {
    expect((await matches('colourful', { q: 'xy' }, 998)).lines).toEqual([
      [999, 40],
      [1000, 40],
    ]);
    expect((await matches('long', { q: 'line', only: 'b' })).lines[0]![0]).toBe(60_001);
    expect((await matches('long', { q: '5000', level: 'errors' })).lines.slice(0, 2)).toEqual([
      [5000, 1],
      [15_000, 1],
    ]);
  });

  it('ends at 1,000, and at 8 MiB of text', async () => {
    const { lines, isWhole } = await matches('long', { q: 'line' }, 0, 990);
    expect([lines, isWhole]).toEqual([Array.from({ length: 10 }, (_, index) => [index + 1, 1]), false]);
    const huge = await matches('huge', { q: 'nothing' });
    expect([huge.isWhole, huge.to]).toEqual([false, 140]);
  });
});
