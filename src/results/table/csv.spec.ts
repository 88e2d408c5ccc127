import type { Cell } from './cell';
import { csvLine } from './csv';

describe('a line of a CSV file', () => {
  it.each<[Cell, string]>([
    ['plain', 'plain'],
    ['', ''],
    [null, ''],
    [-5, '-5'],
    [1.5, '1.5'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['two\rlines', '"two\rlines"'],
    ['=1+1', `"'=1+1"`],
    ['+49 30', `"'+49 30"`],
    ['-5', `"'-5"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t'=1"`],
    ['\r=1', `"'\r=1"`],
    ['\n=1', `"'\n=1"`],
    ['＝1', `"'＝1"`],
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['a=1', 'a=1'],
    ['a;=1', "a;'=1"],
    ['a; @SUM(A1)', "a; '@SUM(A1)"],
    ['a; b', 'a; b'],
    [{ kind: 'blob', bytes: 12_345 }, '"[blob, 12 kB]"'],
    [{ kind: 'cut', text: 'start', bytes: 2_000_000 }, '"start… [cut, 2 MB]"'],
  ])('has %j as %s', (cell, expected) => expect(csvLine([cell])).toBe(`${expected}\r\n`));

  it('separates cells', () => expect(csvLine([1, null, 'x'])).toBe('1,,x\r\n'));
});
