import { filled, isCode, outputVariable, paramVariable, referencesIn } from './placeholders';

describe('placeholders', () => {
  it.each([
    ['--day=${params.day}', [{ kind: 'param', text: '${params.day}', name: 'day' }]],
    [
      '${outputs.load.rows}/${params.day}',
      [
        { kind: 'output', text: '${outputs.load.rows}', step: 'load', name: 'rows' },
        { kind: 'param', text: '${params.day}', name: 'day' },
      ],
    ],
    [
      '${outputs.load-2.0.rowCount}',
      [{ kind: 'output', text: '${outputs.load-2.0.rowCount}', step: 'load-2.0', name: 'rowCount' }],
    ],
    ['${outputs.load}', [{ kind: 'malformed', text: '${outputs.load}' }]],
    ['${params.}', [{ kind: 'malformed', text: '${params.}' }]],
    ['${params.day', [{ kind: 'malformed', text: '${params.day' }]],
    ['${params.day or 3}', [{ kind: 'malformed', text: '${params.day or 3}' }]],
    ['${HOME} $params.day {params.day} ${ params.day }', []],
  ])('of %j are read', (argument, references) => expect(referencesIn(argument)).toEqual(references));

  it('are replaced once, so that a value cannot bring in another one', () => {
    const values = { '${params.a}': '${params.b} $& $1', '${params.b}': 'never' };
    const valueOf = ({ text }: { text: string }) => values[text as keyof typeof values];
    expect(filled('<${params.a}>', valueOf)).toBe('<${params.b} $& $1>');
    expect(filled('plain $HOME', valueOf)).toBe('plain $HOME');
  });
});

describe('an argument that an interpreter executes', () => {
  it.each([
    [['bash', '-c', 'X'], 2],
    [['bash', '-eo', 'pipefail', '-c', 'X'], 4],
    [['/bin/sh', '-ec', 'X'], 2],
    [['env', 'A=1', 'bash', '-lc', 'X'], 4],
    [['python3.12', '-W', 'ignore', '-c', 'X'], 4],
    [['node', '--eval', 'X'], 2],
    [['node', '--eval=X'], 1],
    [['node', '-p', 'X'], 2],
    [['perl', '-ne', 'X'], 2],
    [['perl', '-eX'], 1],
    [['php', '-r', 'X'], 2],
    [['pwsh', '-Command', 'X'], 2],
    [['deno', 'eval', 'X'], 2],
    [['sed', '-e', 'X'], 2],
    [['nice', '-n', '5', 'sh', '-c', 'X'], 5],
    [['bash', '-c', '--', 'X'], 3],
    [['bash', '-cx', 'X'], 2],
    [['bash', '-c', '-x', 'X'], 3],
    [['bash', '-c', '-o', 'pipefail', 'X'], 4],
    [['php', '-d', 'k=v', '-r', 'X'], 4],
    [['node', '-r', './x.js', '-e', 'X'], 4],
    [['ruby', '-r', 'json', '-e', 'X'], 4],
    [['lua', '-l', 'm', '-e', 'X'], 4],
    [['osascript', '-l', 'JavaScript', '-e', 'X'], 4],
    [['tsx', '-e', 'X'], 2],
    [['python3-dbg', '-c', 'X'], 2],
    [['su', 'ada', '-c', 'X'], 3],
    [['flock', 'lock', '-c', 'X'], 3],
    [['env', '-S', 'bash -c X'], 2],
    [['awk', 'X', 'file'], 1],
    [['sed', '-n', 'X'], 2],
    [['ssh', 'host', 'X'], 2],
  ])('is found in %j', (command, index) => expect(isCode(command, index)).toBe(true));

  it.each([
    [['bash', '-c', 'echo "$1"', 'name', 'X'], 4],
    [['node', 'report.js', '--day=X'], 2],
    [['python3', 'load.py', 'X'], 2],
    [['curl', '-e', 'X'], 2],
    [['tar', '-c', 'X'], 2],
    [['node', 'x.js', '-v', 'X'], 3],
    [['node', 'x.js', '-c', 'X'], 3],
    [['python3', '-m', 'pytest', '-c', 'X'], 4],
    [['bash', 'backup.sh', '-e', 'X'], 3],
  ])('is not found in %j at %i', (command, index) => expect(isCode(command, index)).toBe(false));
});

it.each([
  ['day', 'DAY'],
  ['maxPages', 'MAX_PAGES'],
  ['max_pages', 'MAX_PAGES'],
  ['HTTPProxy', 'HTTP_PROXY'],
  ['page2Count', 'PAGE2_COUNT'],
])('the variable of parameter %s ends in %s', (name, variable) =>
  expect(paramVariable(name)).toBe(`JOBATO_PARAM_${variable}`),
);

it('the variable of an output has the step and the name', () =>
  expect(outputVariable('load-2.orders', 'rowCount')).toBe('JOBATO_OUTPUT_LOAD_2_ORDERS_ROW_COUNT'));
