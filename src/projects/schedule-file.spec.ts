import { parseProjectFile } from './project-file';
import type { ScheduleEntry } from './project';

/** Begins with eight lines, so that the lines of a test start at 9. */
const PROJECT = `id: tiny
params:
  docs: { type: string, default: docs }
  depth: { type: integer, max: 9, default: 1 }
  hosts: { type: array }
  token: { type: secret }
steps: [{ name: fetch, run: x }, { name: report, run: x }]
scopes: { late: [report] }
`;

const schedulesOf = (lines: string): ScheduleEntry[] => parseProjectFile(PROJECT + lines).content!.schedules;
const flawsOf = (lines: string, project = PROJECT): string[] =>
  (parseProjectFile(project + lines).flaws ?? []).map(({ line, reason }) => `${line}: ${reason}`);

it('reads an entry alone as "default", with all defaults', () =>
  expect(schedulesOf('schedule: { cron: " 0 22 * * * " }\n')).toEqual([
    {
      name: 'default',
      cron: '0 22 * * *',
      timeZone: 'UTC',
      scope: 'full',
      params: {},
      catchUp: false,
      isEnabled: true,
    },
  ]));

it('reads a list of entries', () =>
  expect(
    schedulesOf(`schedule:
  - { name: nightly, cron: '@daily', timeZone: europe/berlin, catchUp: true }
  - { name: week-2, cron: '@weekly', scope: late, params: { depth: 3, hosts: [3.10] }, enabled: false }
  - { name: rest, cron: '@weekly', scope: 'from:report' }
`),
  ).toMatchObject([
    { name: 'nightly', timeZone: 'Europe/Berlin', catchUp: true, isEnabled: true },
    { name: 'week-2', scope: 'late', params: { depth: 3, hosts: ['3.10'] }, isEnabled: false },
    { name: 'rest', scope: 'from:report', params: {} },
  ]));

it('has no entries without the key', () => expect(schedulesOf('')).toEqual([]));

it.each<[string, string, string[]]>([
  [
    'a wrong expression and zone, by line',
    "schedule:\n  - name: a\n    cron: '0 22 * *'\n  - name: b\n    cron: '@daily'\n    timeZone: Berlin\n",
    [
      '11: schedule "a": "cron": "0 22 * *" has 4 fields, not 5 (minute, hour, day, month, weekday) or 6 (second first)',
      '14: schedule "b": "timeZone": "Berlin" is not a time zone such as Europe/Berlin or UTC',
    ],
  ],
  [
    'an expression that never matches',
    "schedule: { cron: '0 0 30 2 *' }\n",
    ['9: "cron": "0 0 30 2 *" never matches a date'],
  ],
  [
    'an entry of a list without a name',
    "schedule:\n  - { cron: '@daily' }\n",
    ['10: "schedule.0" must have "name"'],
  ],
  [
    'a name that is used twice',
    "schedule:\n  - { name: a, cron: '@daily' }\n  - { name: a, cron: '@daily' }\n",
    ['11: two schedules have the name "a"'],
  ],
  [
    'an unknown key',
    "schedule:\n  - name: a\n    cron: '@daily'\n    timezone: UTC\n",
    ['12: unknown key "timezone". Did you mean "timeZone"?'],
  ],
  [
    'a scope that does not exist',
    "schedule:\n  - name: a\n    cron: '@daily'\n    scope: only:nope\n",
    [
      '12: schedule "a": "scope": "only:nope" is not a scope of this project: "full", one of "scopes", from:STEP or only:STEP',
    ],
  ],
  [
    'params that the project does not have, or with wrong values',
    "schedule:\n  cron: '@daily'\n  params:\n    deep: 3\n    depth: 10\n    docs: 3\n",
    [
      '12: "params": "deep" is not a parameter of this project (known parameters: docs, depth, hosts, token)',
      '13: "params": "depth" must be at most 9',
      '14: "params": "docs" must be a string',
    ],
  ],
  [
    'a secret in the file',
    "schedule:\n  cron: '@daily'\n  params:\n    token: hunter2\n",
    ['12: "params": "token" is a secret, and every reader can see this file. A schedule cannot give secrets'],
  ],
])('reports %s', (_what, lines, flaws) => expect(flawsOf(lines)).toEqual(flaws));

it('reports a required param that an entry does not give', () => {
  const project = PROJECT.replace('hosts: { type: array }', 'hosts: { type: array, required: true }');
  expect(
    flawsOf(
      "schedule:\n  - { name: a, cron: '@daily', params: { hosts: [a] } }\n  - { name: b, cron: '@daily' }\n",
      project,
    ),
  ).toEqual(['11: schedule "b": "params": "hosts" is required']);
});

it('reports a required secret', () =>
  expect(
    flawsOf(
      "schedule: { cron: '@daily' }\n",
      PROJECT.replace('type: secret', 'type: secret, required: true'),
    ),
  ).toEqual(['9: the secret "token" is required, and a schedule cannot give secrets']));

it('reports more than 50 entries, and a long name', () => {
  const list = (count: number, name: string) =>
    `schedule: [${Array.from({ length: count }, (_, index) => `{ name: ${name}${index}, cron: '@daily' }`).join(', ')}]\n`;
  expect(flawsOf(list(50, 'a'))).toEqual([]);
  expect(flawsOf(list(51, 'a'))).toEqual([expect.stringMatching(/^9: "schedule" .*50/)]);
  expect(flawsOf(list(1, 'a'.repeat(64)))).toEqual([expect.stringMatching(/^9: "schedule\.0\.name" .*64/)]);
  expect(flawsOf("schedule: [{ name: Nightly, cron: '@daily' }]\n")).toEqual([
    expect.stringMatching(/^9: "schedule\.0\.name" must match/),
  ]);
});

it('checks no params while their own rules are wrong', () =>
  expect(
    flawsOf("schedule: { cron: '@daily', params: { depth: 3 } }\n", PROJECT.replace('max: 9', 'max: deep')),
  ).toEqual([expect.stringMatching(/^4: parameter "depth"/)]));
