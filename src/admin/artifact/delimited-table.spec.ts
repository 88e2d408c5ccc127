import { delimitedTable } from './delimited-table';

const of = (text: string, isTabs = false) => {
  const table = delimitedTable(text, isTabs);
  return table && [table.columns, ...table.rows].map((row) => row.map((cell) => cell.text));
};

it.each([
  [
    'rows',
    'a,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'rows without a last line break, and a byte order mark',
    '\uFEFFa,b\r\n1,',
    [
      ['a', 'b'],
      ['1', ''],
    ],
  ],
  [
    'fields in quotes',
    '"a ""b""","c,\nd"\n"1",2',
    [
      ['a "b"', 'c,\nd'],
      ['1', '2'],
    ],
  ],
  [
    'a quote that is never closed',
    'a,b\n1,"2\n3',
    [
      ['a', 'b'],
      ['1', '2\n3'],
    ],
  ],
  [
    'text behind a quote',
    'a,b\n"1"2,3',
    [
      ['a', 'b'],
      ['12', '3'],
    ],
  ],
  [
    'semicolons',
    'a;b,c;d\n1;2;3',
    [
      ['a', 'b,c', 'd'],
      ['1', '2', '3'],
    ],
  ],
  [
    'rows of different length',
    'a,b\n1\n1,2,3',
    [
      ['a', 'b', ''],
      ['1', '', ''],
      ['1', '2', '3'],
    ],
  ],
  [
    'empty lines',
    'a,b\n\n1,2\n\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
])('reads %s', (_what, text, rows) => expect(of(text)).toEqual(rows));

it('reads tabs', () =>
  expect(of('a\tb,c\n1\t2', true)).toEqual([
    ['a', 'b,c'],
    ['1', '2'],
  ]));

it('is no table without a delimiter', () => expect([of(''), of('a\nb')]).toEqual([null, null]));

it('knows numbers', () => {
  const cells = delimitedTable('1,-2.5,"1,000",3%,1-2,,x', false)!.columns;
  expect(cells.map(({ isNumber }) => isNumber)).toEqual([true, true, true, true, false, false, false]);
});

it('is bounded', () => {
  const row = `${'1,'.repeat(59)}${'x'.repeat(1_100)}\n`;
  const table = delimitedTable(row.repeat(501), false)!;
  expect([table.columns.length, table.rows.length, table.hasMoreRows, table.hasMoreColumns]).toEqual([
    50,
    500,
    false,
    true,
  ]);
  expect(delimitedTable(`${row.repeat(501)}\n1`, false)!.hasMoreRows).toBe(true);
  expect(delimitedTable(`a,${'x'.repeat(1_001)}`, false)!.columns[1]!.text).toHaveLength(1_001);
});
