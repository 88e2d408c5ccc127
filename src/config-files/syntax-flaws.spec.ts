import { LineCounter, parseDocument } from 'yaml';
import { syntaxFlaws } from './syntax-flaws';

function flawsOf(source: string) {
  const lines = new LineCounter();
  const { errors } = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  return syntaxFlaws(errors, source, lines);
}

it.each([
  [
    'double quote',
    'id: a\nname: "b\nsteps:\n  - name: x\n    command: [echo]\n',
    2,
    'this quote is never closed',
  ],
  ['single quote', "id: a\nname: 'b\nsteps: []\n", 2, 'this quote is never closed'],
  ['list', 'id: a\nsteps: [1,\n  2\n', 2, 'this "[" is never closed. Add a "]"'],
  ['mapping in a list', 'id: a\nsteps: [1, {\n  a: 2\n', 2, 'this "{" is never closed. Add a "}"'],
])('reports a %s without an end in the line where it begins', (_what, source, line, reason) => {
  const [flaw] = flawsOf(source);
  expect([flaw!.line, flaw!.reason.startsWith(reason)]).toEqual([line, true]);
});

it.each(['id: a\n\n\nname: [\n\n\n', 'id: "a', '"', 'a: b: c\n', '{', '\t- a\n', 'a: |\n - b\n\u0007: ]'])(
  'names a line that the file has: %j',
  (source) => {
    const flaws = flawsOf(source);
    const count = source.trimEnd().split('\n').length;
    for (const { line } of flaws) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(count);
    }
  },
);

it('leaves quotes within plain texts alone', () =>
  expect(flawsOf(`id: it's\nname: say "x\nsteps: [a\n`)[0]).toMatchObject({ line: 3 }));
