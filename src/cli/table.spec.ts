import { PassThrough } from 'node:stream';
import stringWidth from 'string-width';
import { aligned, type Column, columnWidths, table } from './table';
import { Terminal } from './terminal';
import { cut } from './text-width';

interface Row {
  name: string;
  text: string;
}

const COLUMNS: Column<Row>[] = [
  { heading: 'NAME', cell: ({ name }) => name },
  { heading: 'TEXT', cell: ({ text }) => text, isText: true },
  { heading: 'AT', cell: () => ({ text: '21:09', plain: '2026-11-28T21:09:00Z' }) },
];

function shown(rows: Row[], columns: number | null): string[] {
  const stream = Object.assign(new PassThrough(), {
    isTTY: columns !== null,
    columns,
    hasColors: () => false,
  });
  return table(new Terminal(stream as unknown as NodeJS.WriteStream), COLUMNS, rows);
}

describe('table', () => {
  it('aligns columns below a heading on a terminal', () => {
    const rows = [
      { name: 'a', text: 'short' },
      { name: 'longer', text: '' },
    ];
    expect(shown(rows, 80)).toEqual(['NAME    TEXT   AT', 'a       short  21:09', 'longer         21:09']);
  });

  it('cuts the longest text to the width of the terminal', () => {
    const [heading, row] = shown([{ name: 'nightly-backup', text: 'word '.repeat(30) }], 40);
    expect(heading).toBe('NAME            TEXT               AT');
    expect(row).toBe('nightly-backup  word word word w…  21:09');
  });

  it.each([60, 30, 12, 5, 1])('fits long and wide cells into %i columns', (width) => {
    const rows = [
      { name: '夜間バックアップ', text: '👩‍👩‍👧 '.repeat(20) },
      { name: 'x'.repeat(70), text: '' },
    ];
    for (const line of shown(rows, width)) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  });

  it('counts wide characters as two columns', () => {
    const rows = [
      { name: '日本', text: 'a' },
      { name: 'e\u0301', text: 'b' },
      { name: '🎉', text: 'c' },
    ];
    expect(shown(rows, 80).slice(1)).toEqual([
      '日本  a     21:09',
      'e\u0301     b     21:09',
      '🎉    c     21:09',
    ]);
  });

  it('separates complete cells by tabs in a pipe, without a heading', () => {
    const text = 'word '.repeat(50).trim();
    expect(shown([{ name: 'a', text }], null)).toEqual([`a\t${text}\t2026-11-28T21:09:00Z`]);
  });

  it.each([80, null])('lets no control character through (width %s)', (width) => {
    const [line] = shown([{ name: 'a\tb\u001b[2J\u0007', text: 'c\nd\u202ee' }], width).slice(-1);
    expect(line).toContain('a b␇');
    expect(line).toContain('c d�e');
  });
});

it('aligned pads to the widest cell', () =>
  expect(
    aligned([
      ['日本', '1'],
      ['a', '2'],
    ]),
  ).toEqual(['日本  1', 'a     2']));

describe('columnWidths', () => {
  it('narrows texts before other columns, the widest first', () =>
    expect(columnWidths([10, 40, 20], 60, [false, true, true])).toEqual([10, 26, 20]));

  it('leaves out columns from the right if texts cannot get narrower', () =>
    expect(columnWidths([10, 40, 20, 5], 36, [false, true, false, false])).toEqual([10, 24]));

  it('narrows the first two columns in a very narrow window, and shows one column at least', () => {
    expect(columnWidths([40, 40, 40], 30, [false, false, false])).toEqual([14, 14]);
    expect(columnWidths([5, 5, 5], 3, [false, false, false])).toEqual([3]);
  });

  it('shows a single column', () => expect(columnWidths([40], 30, [false])).toEqual([30]));
});

describe('cut', () => {
  it('never divides a character', () => {
    expect(cut('👩‍👩‍👧 family', 4)).toBe('👩‍👩‍👧…');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('fits', 4)).toBe('fits');
  });
});
