import { parseDocument } from 'yaml';
import { keepAsWritten } from './as-written';

const PATHS = [
  ['env', '*'],
  ['steps', '*', 'command', '*'],
];

function read(source: string): unknown {
  const document = parseDocument(source, { merge: true });
  const content = document.toJS() as object;
  keepAsWritten(document, content, PATHS);
  return content;
}

it.each([
  '3.10',
  '0123',
  '0o755',
  '0x1F',
  '12345678901234567890',
  '1e3',
  '+1',
  '.5',
  '-0',
  'true',
  'True',
  'null',
  '~',
  '.inf',
  '2026-11-30',
  '1_000',
  '12:30:45',
])('the text %s is kept', (text) => {
  expect(read(`env: { A: ${text} }\nsteps: [{ command: [echo, ${text}] }]`)).toEqual({
    env: { A: text },
    steps: [{ command: ['echo', text] }],
  });
});

it('an empty value is an empty text', () =>
  expect(read('env:\n  A:\n  B: ""\n')).toEqual({ env: { A: '', B: '' } }));

it('quoted and block texts stay as they are', () =>
  expect(read(`env:\n  A: "3.10"\n  B: '1\\n'\n  C: |\n    two\n    lines\n`)).toEqual({
    env: { A: '3.10', B: '1\\n', C: 'two\nlines\n' },
  }));

it('values elsewhere keep their types, even with the anchor of a text', () =>
  expect(read('seconds: &seconds 60\nenv: { A: *seconds, B: &port 0080 }\nport: *port')).toEqual({
    seconds: 60,
    env: { A: '60', B: '0080' },
    port: 80,
  }));

it.each([
  ['an alias', 'x: &x { A: 3.10 }\nenv: *x'],
  ['a merge key', 'x: &x { A: 3.10 }\nenv: { <<: *x }'],
  ['several merged maps', 'x: &x { A: 3.10 }\ny: &y { A: 1.0 }\nenv: { <<: [*x, *y] }'],
  ['a merge key of a map that merges', 'x: &x { A: 3.10 }\ny: &y { <<: *x }\nenv: { <<: *y }'],
  ['a key that wins over a merged one', 'x: &x { A: 2.20 }\nenv: { <<: *x, A: 3.10 }'],
  ['a merge key above', 'base: &base { env: { A: 3.10 } }\n<<: *base'],
])('texts are kept through %s', (_what, source) =>
  expect(read(source)).toMatchObject({ env: { A: '3.10' } }),
);

it.each([
  ['a text', 'A: hello', 'hello'],
  ['a quoted number', 'A: "1.0"', '1.0'],
  ['a list', 'A: [x]', ['x']],
  ['an earlier merged map', '<<: [{ A: hello }, *x]', 'hello'],
])('%s wins over a merged number', (_what, own, expected) =>
  expect(read(`x: &x { A: 2.20 }\nenv: { ${own.startsWith('<<') ? own : `<<: *x, ${own}`} }`)).toMatchObject({
    env: { A: expected },
  }),
);

it('what a list item has of its own wins over what it merges', () =>
  expect(
    read('x: &x { command: [echo, 2.20] }\nsteps: [{ <<: *x, command: [echo, 3.10] }, { <<: *x }]'),
  ).toMatchObject({ steps: [{ command: ['echo', '3.10'] }, { command: ['echo', '2.20'] }] }));

it('lists and maps are left to the schema', () =>
  expect(read('env: { A: [1.0], B: { C: 1.0 } }')).toEqual({ env: { A: [1], B: { C: 1 } } }));

it('a map that merges itself does not hang', () => {
  const document = parseDocument('env: &env\n  A: 3.10\n  <<: *env\n', { merge: true });
  const content = { env: { A: 3.1 } };
  keepAsWritten(document, content, PATHS);
  expect(content).toEqual({ env: { A: '3.10' } });
});

it('maps that merge each other twice do not take exponential time', () => {
  const levels = Array.from({ length: 60 }, (_, n) => `x${n + 1}: &x${n + 1} { <<: [*x${n}, *x${n}] }`);
  const document = parseDocument(['x0: &x0 { A: 3.10 }', ...levels, 'env: *x60'].join('\n'), { merge: true });
  const content = { env: { A: 3.1 } };
  keepAsWritten(document, content, PATHS);
  expect(content).toEqual({ env: { A: '3.10' } });
});
