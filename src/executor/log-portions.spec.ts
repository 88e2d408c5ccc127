import { MAX_EVENT_BYTES } from '../events/parse-event';
import { MAX_LINE_BYTES } from '../logs/log-line';
import { logPortions } from './log-portions';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('logPortions', () => {
  it('numbers lines consecutively across portions', () => {
    const lines = Array.from({ length: 100 }, (_, index) => ({ text: `${index} `.padEnd(10_000, 'x') }));
    const portions = logPortions(lines, 41);
    expect(portions.length).toBeGreaterThan(2);
    expect(portions.flat().map(({ n }) => n)).toEqual(lines.map((_, index) => 41 + index));
    expect(portions.flat().map(({ text }) => text)).toEqual(lines.map(({ text }) => text));
    for (const portion of portions) expect(bytesOf(portion)).toBeLessThan(257 * 1024);
  });

  it('keeps portions within the event limit even if each character takes six bytes', () => {
    const long = { text: '\u0000'.repeat(2 * MAX_LINE_BYTES) };
    const portions = logPortions([long, { text: 'a' }, long], 1);
    expect(portions.map((portion) => portion.length)).toEqual([1, 1, 1]);
    for (const portion of portions) expect(bytesOf(portion)).toBeLessThan(MAX_EVENT_BYTES);
  });

  it('gives open lines no number', () =>
    expect(logPortions([{ text: 'name?', open: true }], 7)).toEqual([[{ text: 'name?', open: true }]]));

  it('returns no portions for no lines', () => {
    expect(logPortions([], 7)).toEqual([]);
  });
});
