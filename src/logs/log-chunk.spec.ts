import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { SeededRandom } from '../../test/support/random';
import { toInstant } from '../clock/clock';
import { decodeLines, encodeLines, LogChunk } from './log-chunk';
import { LOG_STREAMS, type LogLine } from './log-line';

const AT = Date.parse('2026-03-01T10:00:00.000Z');
const ODD_TEXTS = [
  '',
  ' ',
  'plain',
  'a\r',
  'tab\there',
  '"quoted" \\ back',
  '\0\u0001\u001b[31m',
  '\u2028\u2029',
  '😀 中 é',
  'data: x',
  'id: 7',
  '</script>',
  '\uD800',
  'x'.repeat(5000),
];

function randomLines(random: SeededRandom, firstSeq = random.integer(1, 1_000_000)): LogLine[] {
  let at = AT;
  return Array.from({ length: random.integer(1, 60) }, (_, index) => {
    at += random.pick([0, 0, 0, 1, 999, -5, 86_400_000]);
    return {
      seq: firstSeq + index,
      at: toInstant(at),
      stream: random.pick(LOG_STREAMS),
      step: random.pick([null, 'fetch', 'parse', 'constructor']),
      text: random.pick(ODD_TEXTS),
    };
  });
}

function parse(frames: Buffer): EventSourceMessage[] {
  const messages: EventSourceMessage[] = [];
  createParser({ onEvent: (message) => messages.push(message) }).feed(frames.toString());
  return messages;
}

const seeds = Array.from({ length: 50 }, (_, seed) => seed);

describe('stored lines', () => {
  it.each(seeds)('decode to the original lines (seed %d)', (seed) => {
    const lines = randomLines(new SeededRandom(seed));
    expect(decodeLines(lines[0]!.seq, encodeLines(lines))).toEqual(lines);
  });

  it('take little more space than their text', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => ({
      seq: index + 1,
      at: toInstant(AT + index),
      stream: 'stdout' as const,
      step: 'fetch',
      text: 'hello',
    }));
    expect(encodeLines(lines).length).toBeLessThan(1000 * ('hello'.length + 15));
  });
});

describe('LogChunk', () => {
  const chunk = new LogChunk(randomLines(new SeededRandom(1), 11));
  const { lines, lastSeq } = chunk;

  it('has the numbers of its first and last line', () =>
    expect([chunk.firstSeq, lastSeq]).toEqual([11, 10 + lines.length]));

  it.each([
    ['all of it after a line before it', 3, 0],
    ['all of it after the line just before it', 10, 0],
    ['what follows its first line', 11, 1],
    ['what follows a line in it', 14, 4],
  ])('returns %s', (_what, seq, from) => {
    expect(chunk.after(seq)).toEqual(lines.slice(from));
    expect(parse(chunk.framesAfter(seq)).map(({ id }) => Number(id))).toEqual(
      lines.slice(from).map((line) => line.seq),
    );
  });

  it('returns nothing after its last line', () => {
    expect(chunk.after(lastSeq)).toEqual([]);
    expect(chunk.framesAfter(lastSeq)).toHaveLength(0);
    expect(chunk.after(lastSeq + 100)).toEqual([]);
  });

  it('computes its frames once for all readers', () =>
    expect(chunk.framesAfter(0)).toBe(chunk.framesAfter(5)));

  it('includes its frames in its size', () => {
    const big = new LogChunk([{ ...lines[0]!, text: 'x'.repeat(10_000) }]);
    const before = big.approximateBytes;
    big.framesAfter(0);
    expect(before).toBeGreaterThan(10_000);
    expect(big.approximateBytes).toBeGreaterThan(before + 10_000);
  });

  it.each(seeds)('produces one server-sent event per line for any text (seed %d)', (seed) => {
    const some = randomLines(new SeededRandom(seed));
    const messages = parse(new LogChunk(some).framesAfter(0));
    expect(messages.map(({ id, event, data }) => ({ id, event, line: JSON.parse(data) as LogLine }))).toEqual(
      some.map((line) => ({ id: String(line.seq), event: 'log', line })),
    );
  });
});
