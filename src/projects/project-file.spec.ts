import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_NOTIFY_RULES } from './notify-rules';
import { DEFAULT_LIVE_RESULT } from './project';
import { parseProjectFile } from './project-file';

const FULL = `# config/projects/glossary.yaml
id: glossary                 # [a-z0-9-], unique
name: Glossary
default: true
params:
  docs: { type: string, default: docs, description: Folder with the documents }
  depth: { type: integer, required: true, min: 1, max: 9 }
  mode: { type: enum, values: [quick, thorough], default: quick }
steps:
  - name: extract
    command: [node, dist/pipelines/glossary/main.js, extract]   # argv, never through a shell
    timeoutSeconds: 600
    env: { LOG_LEVEL: info, RETRIES: 3, VERBOSE: true }
    passEnv: [LLM_API_KEY]
    workingDir: .
  - { name: provisional, command: [node, main.js] }
  - { name: issues, command: [node, main.js] }
  - { name: refined, command: [node, main.js] }
scopes: { from-terms: [provisional, issues, refined] }
timeoutSeconds: 3600
metrics: [termsCount, issuesCount]
quota: true
inputs: queries-x-allowlists
watch: ["docs/**", "!docs/drafts"]
schedule: { cron: "0 22 * * *", timeZone: UTC, catchUp: false, params: { depth: 3 } }
keep: { days: 90, runs: 500 }
result:
  pointer: db/current-db.txt
  artifact: out/jobs.db
  partial: true
  keep: 2
  table: { name: jobs, columns: [title, score], newBy: first_run, title: title, link: url, sort: score desc }
retry: { maxAttempts: 1 }
stopGraceSeconds: 30
claimTimeoutSeconds: 0
`;

const MINIMAL = 'id: tiny\nsteps:\n  - name: work\n    command: [true-program]\n';
/** Returns a valid file with these lines added, starting at line 5. */
const withLines = (...lines: string[]) => `${MINIMAL}${lines.join('\n')}\n`;

describe('parseProjectFile', () => {
  it('reads all keys', () => {
    const { content: project, flaws } = parseProjectFile(FULL);
    expect(flaws).toBeUndefined();
    expect(project).toMatchObject({
      projectId: 'glossary',
      name: 'Glossary',
      isDefault: true,
      executor: 'steps',
      scopes: { 'from-terms': ['provisional', 'issues', 'refined'] },
      timeoutSeconds: 3600,
      metrics: ['termsCount', 'issuesCount'],
      quota: true,
      inputs: 'queries-x-allowlists',
      watch: ['docs/**', '!docs/drafts'],
      schedules: [
        { name: 'default', cron: '0 22 * * *', timeZone: 'UTC', catchUp: false, params: { depth: 3 } },
      ],
      keep: { days: 90, runs: 500 },
      result: { artifact: 'out/jobs.db', partial: true },
      liveResult: {
        pointer: 'db/current-db.txt',
        keep: 2,
        table: {
          name: 'jobs',
          columns: ['title', 'score'],
          newBy: 'first_run',
          title: 'title',
          link: 'url',
          sort: { column: 'score', descending: true },
        },
      },
      maxAttempts: 1,
      stopGraceSeconds: 30,
      claimTimeoutSeconds: 0,
    });
    expect(project!.params.docs).toMatchObject({ type: 'string', default: 'docs', required: false });
    expect(project!.params.depth).toMatchObject({
      type: 'integer',
      default: null,
      required: true,
      min: 1,
      max: 9,
    });
    expect(project!.params.mode).toMatchObject({ type: 'enum', values: ['quick', 'thorough'] });
    expect(project!.steps[0]).toEqual({
      name: 'extract',
      command: ['node', 'dist/pipelines/glossary/main.js', 'extract'],
      timeoutSeconds: 600,
      env: { LOG_LEVEL: 'info', RETRIES: '3', VERBOSE: 'true' },
      passEnv: ['LLM_API_KEY'],
      passPlainEnv: [],
      script: null,
      workingDir: '.',
      needs: null,
      when: 'success',
      continueOnError: false,
      mergeOutput: false,
      retry: null,
      artifacts: [],
    });
  });

  it('reads dates, lists and texts of several lines', () => {
    const source = withLines(
      'params:',
      '  day: { type: date, min: 2026-01-01, max: 2026-12-31, default: 2026-03-31 }',
      '  versions: { type: array, values: [3.10, 3.11], default: [3.10], min: 1 }',
      '  notes: { type: string, multiline: true, example: "a\\nb" }',
    );
    expect(parseProjectFile(source).content!.params).toMatchObject({
      day: { type: 'date', min: '2026-01-01', max: '2026-12-31', default: '2026-03-31', multiline: false },
      versions: { type: 'array', values: ['3.10', '3.11'], default: ['3.10'], min: 1, example: null },
      notes: { type: 'string', multiline: true, example: 'a\nb' },
    });
  });

  it('has defaults for optional keys', () =>
    expect(parseProjectFile(MINIMAL).content).toEqual({
      projectId: 'tiny',
      name: 'tiny',
      description: null,
      tags: [],
      isEnabled: true,
      isDefault: false,
      executor: 'steps',
      params: {},
      steps: [
        {
          name: 'work',
          command: ['true-program'],
          timeoutSeconds: null,
          env: {},
          passEnv: [],
          passPlainEnv: [],
          script: null,
          workingDir: '.',
          needs: null,
          when: 'success',
          continueOnError: false,
          mergeOutput: false,
          retry: null,
          artifacts: [],
        },
      ],
      artifacts: [],
      parallel: 4,
      scopes: {},
      timeoutSeconds: null,
      metrics: ['newJobsCount', 'relevantCount'],
      quota: false,
      inputs: null,
      watch: [],
      schedules: [],
      keep: null,
      result: null,
      liveResult: DEFAULT_LIVE_RESULT,
      maxAttempts: 1,
      stopGraceSeconds: 30,
      claimTimeoutSeconds: 0,
      notifications: NO_NOTIFY_RULES,
    }));

  it.each([
    ['an external project without steps', 'id: jobs\nexecutor: external\n'],
    [
      'an external project whose steps have no command',
      'id: jobs\nexecutor: external\nsteps: [{ name: search }]\n',
    ],
    [
      'anchors and aliases',
      `${MINIMAL}  - name: again\n    command: &c [a, b]\n  - { name: third, command: *c }\n`,
    ],
    ['Windows line ends', MINIMAL.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\u{FEFF}${MINIMAL}`],
    ['JSON', '{"id": "tiny", "steps": [{"name": "work", "command": ["x"]}]}'],
    ['a scope with the name of a member of every object', withLines('scopes: { constructor: [work] }')],
  ])('accepts %s', (_what, source) => expect(parseProjectFile(source).flaws).toBeUndefined());

  it('reads description, tags and whether the project is enabled', () =>
    expect(
      parseProjectFile(`${MINIMAL}description: Loads orders\ntags: [finance, nightly]\nenabled: false\n`)
        .content,
    ).toMatchObject({ description: 'Loads orders', tags: ['finance', 'nightly'], isEnabled: false }));

  it('reads the graph of the steps', () =>
    expect(
      parseProjectFile(`${MINIMAL}    retry: { maxAttempts: 3, backoff: 4 }
  - { name: next, command: [x, "\${outputs.work.rows}"], needs: [work], continueOnError: true }
  - { name: tidy, run: rm -rf tmp, when: always }
parallel: 2
`).content,
    ).toMatchObject({
      parallel: 2,
      steps: [
        { needs: null, retry: { maxAttempts: 3, delaySeconds: 1, backoff: 4, maxDelaySeconds: 300 } },
        { needs: ['work'], continueOnError: true, retry: null },
        { needs: null, when: 'always' },
      ],
    }));

  it('keeps texts of env, command and shell as written', () => {
    const source = `id: tiny
env: { PY: 3.10, MODE: 0o755, EMPTY: }
steps:
  - name: work
    command: [sleep, 0.50, 1e3, 12345678901234567890]
    env: { ON: True, ZIP: 0123 }
    timeoutSeconds: 1e2
  - name: script
    shell: [python3.12, -W, 1.0]
    run: print(1)
`;
    expect(parseProjectFile(source).content?.steps).toMatchObject([
      {
        command: ['sleep', '0.50', '1e3', '12345678901234567890'],
        env: { PY: '3.10', MODE: '0o755', EMPTY: '', ON: 'True', ZIP: '0123' },
        timeoutSeconds: 100,
      },
      { script: { text: 'print(1)', shell: ['python3.12', '-W', '1.0'] } },
    ]);
  });

  it('gives each step the variables of the project, unless the step has its own', () => {
    const source = `id: tiny
env: { TZ: Europe/Berlin, LEVEL: info, TOKEN: none, PROXY: none }
passEnv: [DB_PASSWORD]
passPlainEnv: [HTTP_PROXY]
steps:
  - { name: one, command: [x] }
  - { name: two, command: [x], env: { LEVEL: debug }, passEnv: [DB_PASSWORD, TOKEN], passPlainEnv: [PROXY] }
`;
    expect(parseProjectFile(source).content?.steps).toMatchObject([
      {
        env: { TZ: 'Europe/Berlin', LEVEL: 'info', TOKEN: 'none', PROXY: 'none' },
        passEnv: ['DB_PASSWORD'],
        passPlainEnv: ['HTTP_PROXY'],
      },
      {
        env: { TZ: 'Europe/Berlin', LEVEL: 'debug' },
        passEnv: ['DB_PASSWORD', 'TOKEN'],
        passPlainEnv: ['HTTP_PROXY', 'PROXY'],
      },
    ]);
    expect(Object.keys(parseProjectFile(source).content!.steps[1]!.env)).toEqual(['TZ', 'LEVEL']);
  });

  it('reads a script with its line breaks', () =>
    expect(
      parseProjectFile('id: tiny\nsteps:\n  - name: work\n    run: |\n      make all\n      make check\n')
        .content?.steps[0],
    ).toMatchObject({ command: [], script: { text: 'make all\nmake check\n', shell: null } }));

  it('accepts the project that comes with Jobato', () => {
    const source = readFileSync(join(__dirname, '..', '..', 'config', 'projects', 'glossary.yaml'), 'utf8');
    expect(parseProjectFile(source).content?.projectId).toBe('glossary');
  });
});

describe('invalid project file', () => {
  it.each<[string, string, number, RegExp]>([
    // as YAML
    ['is empty', '', 1, /must be a mapping/],
    ['is only a comment', '# nothing yet\n', 1, /must be a mapping/],
    ['is a list', '- id: a\n- id: b\n', 1, /must be a mapping/],
    ['is a text', 'hello\n', 1, /must be a mapping/],
    ['is indented by a tab', 'id: tiny\nsteps:\n\t- name: work\n', 3, /[Tt]ab/],
    ['has an open bracket', 'id: tiny\nsteps: [\n', 2, /./],
    ['has an open quote', 'id: "tiny\n', 1, /quote/],
    ['has a duplicate key', 'id: tiny\nname: A\nname: B\n', 3, /unique/],
    [
      'has a duplicate key at a deeper level',
      `${MINIMAL}    env: { A: 1 }\n    env: { B: 2 }\n`,
      6,
      /unique/,
    ],
    ['has two documents', `${MINIMAL}---\n${MINIMAL}`, 5, /more than one YAML document, separated by "---"/],
    ['refers to an unknown anchor', 'id: tiny\nname: *unknown\n', 2, /unknown/],

    // keys
    ['has no id', 'name: Tiny\n', 1, /must have "id"/],
    ['has an unknown key', withLines('colour: red'), 5, /unknown key "colour"/],
    ['has an unknown key in a step', `${MINIMAL}    comand: [x]\n`, 5, /unknown key "comand"/],
    [
      'has an unknown key in a parameter',
      withLines('params:', '  a:', '    type: string', '    tpye: x'),
      8,
      /unknown key "tpye"/,
    ],
    [
      'has an unknown key in the schedule',
      withLines('schedule:', '  cron: "* * * * *"', '  tz: UTC'),
      7,
      /unknown key "tz"/,
    ],
    ['keeps no runs at all', withLines('keep: { runs: 0 }'), 5, /"keep.runs" must be >= 1/],
    [
      'has a pointer outside of the data folder',
      withLines('result: { pointer: ../current.txt }'),
      5,
      /below DATA_DIR/,
    ],
    ['has an absolute pointer', withLines('result: { pointer: /etc/passwd }'), 5, /below DATA_DIR/],
    ['has a pointer without a name', withLines('result: { pointer: db/ }'), 5, /below DATA_DIR/],
    ['has a table without a name', withLines('result: { table: { title: t } }'), 5, /must have "name"/],
    ['has an unknown key in keep', withLines('keep: { weeks: 2 }'), 5, /unknown key "weeks"/],
    ['has an unknown key in retry', withLines('retry: { attempts: 2 }'), 5, /unknown key "attempts"/],
    ['has __proto__ for a key', withLines('__proto__: { quota: true }'), 5, /unknown key "__proto__"/],
    [
      'names a parameter that cannot be a variable',
      withLines('params:', '  my-docs: { type: string }'),
      6,
      /"my-docs" is not a valid name/,
    ],
    [
      'names a scope with a colon',
      withLines('scopes:', '  "from:work": [work]'),
      6,
      /"from:work" is not a valid name/,
    ],
    [
      'names an environment variable with a dash',
      `${MINIMAL}    env:\n      A-B: x\n`,
      6,
      /"A-B" is not a valid name/,
    ],

    // types
    ['has an id in capitals', 'id: Tiny\nexecutor: external\n', 1, /"id" must match/],
    ['has an id that is a path', 'id: ../etc\nexecutor: external\n', 1, /"id" must match/],
    ['has a number for an id', 'name: x\nid: 17\nexecutor: external\n', 2, /"id" must be a string/],
    ['has a text for steps', 'id: tiny\n\nsteps: work\n', 3, /"steps" must be a list/],
    ['has a text for a step', 'id: tiny\nsteps:\n  - work\n', 3, /"steps.0" must be a mapping/],
    [
      'has a command as one text',
      'id: tiny\nsteps:\n  - name: work\n    command: npm run work\n',
      4,
      /"steps.0.command" must be a list\. Write a line for a shell as "run"$/,
    ],
    [
      'has a mapping in a command',
      'id: tiny\nsteps:\n  - name: work\n    command:\n      - sleep\n      - { seconds: 5 }\n',
      6,
      /"steps.0.command.1" must be a string/,
    ],
    ['has an empty command', 'id: tiny\nsteps:\n  - name: work\n    command: []\n', 4, /"steps.0.command"/],
    [
      'has a command and a script',
      `${MINIMAL}    run: make\n`,
      5,
      /step "work" has both "command" and "run"\. Keep one of them/,
    ],
    [
      'has a shell without a script',
      `${MINIMAL}    shell: [python3]\n`,
      5,
      /step "work" has a "shell" but no "run", which it would execute/,
    ],
    [
      'has an empty program name',
      'id: tiny\nsteps:\n  - name: work\n    command:\n      - ""\n      - -v\n',
      5,
      /step "work": the first item of "command" is the name of the program and must not be empty/,
    ],
    [
      'has a blank interpreter',
      'id: tiny\nsteps:\n  - name: work\n    run: "1"\n    shell: [" "]\n',
      5,
      /step "work": the first item of "shell" is the name of the program and must not be empty/,
    ],
    [
      'has a blank script',
      'id: tiny\nsteps:\n  - name: work\n    run: "  "\n',
      4,
      /step "work" has a "run" without/,
    ],
    [
      'has a NUL character in an argument',
      'id: tiny\nsteps:\n  - name: work\n    command: [echo, "a\\0b"]\n',
      4,
      /step "work": "command" has a NUL character, with which no program can start/,
    ],
    [
      'has a NUL character in a variable of all steps',
      withLines('env: { A: "\\0" }'),
      5,
      /"env" has a NUL character, with which no program can start/,
    ],
    ['has an empty script', 'id: tiny\nsteps:\n  - name: work\n    run: ""\n', 4, /"steps.0.run"/],
    ['has a tag with a blank', withLines('tags: [two words]'), 5, /"tags.0"/],
    [
      'passes a secret of Jobato to all steps',
      withLines('passPlainEnv: [JOBATO_API_KEY]'),
      5,
      /the project has JOBATO_API_KEY in "passPlainEnv", but Jobato never passes its own secrets/,
    ],
    [
      'has a misspelt key',
      withLines('timeoutSecond: 5'),
      5,
      /^unknown key "timeoutSecond"\. Did you mean "timeoutSeconds"\?$/,
    ],
    ['has a word for true', withLines('quota: sure'), 5, /"quota" must be true or false/],
    ['has zero time', withLines('timeoutSeconds: 0'), 5, /"timeoutSeconds" must be > 0/],
    ['has infinite time', withLines('timeoutSeconds: .inf'), 5, /"timeoutSeconds"/],
    ['has a number that is NaN', withLines('stopGraceSeconds: .nan'), 5, /"stopGraceSeconds"/],
    [
      'has a fractional number of attempts',
      withLines('retry:', '  maxAttempts: 1.5'),
      6,
      /"retry.maxAttempts" must be a whole number/,
    ],
    [
      'has an unknown executor',
      'id: tiny\nexecutor: docker\n',
      2,
      /"executor" must be one of steps, external/,
    ],
    [
      'has an unknown parameter type',
      withLines('params:', '  a: { type: text }'),
      6,
      /"params.a.type" must be one of string, integer/,
    ],
    [
      'has a parameter without a type',
      withLines('params:', '  a:', '    default: x'),
      6,
      /"params.a" must have "type"/,
    ],
    [
      'has a schedule with four fields',
      withLines('schedule:', '  timeZone: UTC', '  cron: "0 22 * *"'),
      7,
      /"cron": "0 22 \* \*" has 4 fields, not 5/,
    ],
    [
      'has a schedule in an unknown time zone',
      withLines('schedule:', '  cron: "0 22 * * *"', '  timeZone: Mars/Olympus'),
      7,
      /"timeZone": "Mars\/Olympus" is not a time zone such as/,
    ],
    [
      'has a schedule without a time',
      withLines('schedule: { timeZone: UTC }'),
      5,
      /"schedule" must have "cron"/,
    ],
    ...['../docs/**', '/etc/**', '!/etc', 'docs/{..,a}/x'].map(
      (pattern): [string, string, number, RegExp] => [
        `watches ${pattern}`,
        withLines('watch:', '  - docs/**', `  - "${pattern}"`),
        7,
        /"watch": ".*" must be relative to the folder in which the server was started/,
      ],
    ),
    ['has nothing where a list should be', 'id: tiny\nsteps:\n', 2, /"steps" must be a list/],

    // rules across several keys
    ['has no step', 'id: tiny\n', 1, /"steps" must list at least one step/],
    ['has an empty list of steps', 'id: tiny\nsteps: []\n', 2, /"steps" must list at least one step/],
    ['has a step without a command', `${MINIMAL}  - name: rest\n`, 5, /step "rest" needs a "command"/],
    [
      'has two steps of one name',
      `${MINIMAL}  - command: [x]\n    name: work\n`,
      6,
      /two steps have the name "work"/,
    ],
    ...['JOBATO_ADMIN_TOKEN', 'JOBATO_API_KEY', 'REDIS_URL', 'JOBATO_API_KEY_FILE'].map(
      (name): [string, string, number, RegExp] => [
        `passes ${name} to a step`,
        `${MINIMAL}    passEnv:\n      - LLM_KEY\n      - ${name}\n`,
        7,
        new RegExp(`step "work" has ${name} in "passEnv", but Jobato never passes its own secrets to steps`),
      ],
    ),
    [
      'has a scope that names an unknown step',
      withLines('scopes:', '  part:', '    - work', '    - wrok'),
      8,
      /scope "part" contains "wrok", which is not a step/,
    ],
    [
      'has a scope that names a member of every object',
      withLines('scopes: { part: [constructor] }'),
      5,
      /"constructor", which is not a step/,
    ],
    ['has an empty scope', withLines('scopes: { part: [] }'), 5, /"scopes.part"/],
    ['redefines full', withLines('scopes:', '  full: [work]'), 6, /"full" is a built-in scope/],
    [
      'has a default of another type',
      withLines('params:', '  depth:', '    type: integer', '    default: deep'),
      8,
      /parameter "depth": the default must be a whole number/,
    ],
    [
      'has a default that is too large',
      withLines('params:', '  depth: { type: integer, max: 5, default: 6 }'),
      6,
      /the default must be at most 5/,
    ],
    [
      'has a default that does not match',
      withLines('params:', '  a: { type: string, pattern: "[a-z]+", default: A1 }'),
      6,
      /the default must match/,
    ],
    [
      'has a default that is none of the values',
      withLines('params:', '  a: { type: enum, values: [x], default: y }'),
      6,
      /the default must be one of x/,
    ],
    [
      'has an enum without values',
      withLines('params:', '  a: { type: enum }'),
      6,
      /parameter "a": an enum needs "values"/,
    ],
    ...[
      [
        'has no integer in its range',
        'type: integer, min: 9, max: 1',
        /"min" \(9\) must not be above "max" \(1\)/,
      ],
      ['has no day in its range', 'type: date, min: 2026-02-01, max: 2026-01-31', /must not be above "max"/],
      ['has no length in its range', 'type: string, min: 2, max: 1', /must not be above "max"/],
      ['has a date as a bound of a number', 'type: integer, min: 2026-01-01', /"min" must be a number/],
      ['has a number as a bound of a date', 'type: date, max: 2026', /"max" must be a date such as/],
      ['has a bound that is no day', 'type: date, min: 2026-02-30', /"min" must be a date such as/],
      ['has a default that is no day', 'type: date, default: 2026-02-30', /the default must be a day/],
      ['has a pattern for a date', 'type: date, pattern: "2.*"', /"pattern" is not for a date/],
      [
        'has several lines for a number',
        'type: integer, multiline: true',
        /"multiline" is only for a string/,
      ],
      ['limits an array to half an item', 'type: array, min: 0.5', /"min" must be a number of items from 0/],
      ['allows too many items', 'type: array, max: 1001', /"max" must be a number of items from 0 to 1000/],
      [
        'has an empty item as default',
        'type: array, default: [a, ""]',
        /the default item 2 must not be empty/,
      ],
      ['has an empty allowed item', 'type: array, values: [""]', /"values": item 1 must not be empty/],
      [
        'has a text as default of an array',
        'type: array, default: a',
        /the default must be a list of strings/,
      ],
      [
        'has a default for a secret',
        'type: secret, default: swordfish',
        /^parameter "a": "default" is not for a secret, because every reader can see it$/,
      ],
      ['has an example of a secret', 'type: secret, example: x', /"example" is not for a secret, because/],
      ['has values for a secret', 'type: secret, values: [x]', /"values" is not for a secret$/],
      ['has a secret of several lines', 'type: secret, multiline: true', /"multiline" is only for a string/],
      ['has a text as a bound of a secret', 'type: secret, min: 2026-01-01', /"min" must be a number/],
      [
        'has an example that does not match',
        'type: string, pattern: "v.*", description: Tag, example: x',
        /the example must match v\.\*/,
      ],
    ].map(([what, param, reason]): [string, string, number, RegExp] => [
      what as string,
      withLines('params:', `  a: { ${param as string} }`),
      6,
      reason as RegExp,
    ]),
    [
      'has a pattern that is not a regular expression',
      withLines('params:', '  a:', '    type: string', '    pattern: "["'),
      8,
      /"pattern" is not a regular expression/,
    ],
    [
      'has a command that is too large in total',
      `id: a\nsteps:\n  - name: a\n    command: [${Array.from({ length: 20 }, () => 'x'.repeat(30_000)).join(', ')}]\n`,
      3,
      /step "a": command and env take 600020 bytes, more than the limit of 524288/,
    ],
    [
      'has an argument that is too long',
      `id: a\nsteps:\n  - name: a\n    command: [x, ${'x'.repeat(40_000)}]\n`,
      4,
      /"steps.0.command.1" must NOT have more than 32768 characters/,
    ],
    [
      'has a pattern with look-ahead',
      withLines('params:', '  a:', '    type: string', '    pattern: "a(?=b)"'),
      8,
      /"pattern" uses look-around, which is not supported/,
    ],
    [
      'has defaults that exceed the size limit together',
      withLines(
        'params:',
        `  a: { type: string, default: "${'x'.repeat(40_000)}" }`,
        `  b: { type: string, default: "${'x'.repeat(40_000)}" }`,
      ),
      5,
      /the defaults take 80015 bytes as JSON, more than the limit of 65536/,
    ],
    [
      'needs a step that does not exist',
      `${MINIMAL}  - { name: next, command: [x], needs: [work, wok] }\n`,
      5,
      /^step "next" needs "wok", which is not a step\. Did you mean "work"\?$/,
    ],
    ['has a step that needs itself', `${MINIMAL}    needs: [work]\n`, 5, /^step "work" needs itself$/],
    [
      'has steps that need each other',
      `${MINIMAL}    needs: [last]\n  - { name: next, command: [x], needs: [work] }\n  - name: last\n    command: [x]\n    needs: [next]\n`,
      9,
      /^the steps need each other: last → next → work → last$/,
    ],
    [
      'has a step that needs one that waits for all others',
      `${MINIMAL}  - { name: tidy, command: [x], when: always }\n  - name: next\n    command: [x]\n    needs: [tidy]\n`,
      8,
      /next → tidy → next\. Step "tidy" has "when: always" and no "needs", so it waits for all ordinary steps$/,
    ],
    [
      'has a placeholder for an unknown parameter',
      withLines('params: { orders: { type: string } }').replace('true-program', 'x, "--day=${params.order}"'),
      4,
      /^step "work" has \$\{params\.order\}, but the project has no parameter "order"\. Did you mean "orders"\?$/,
    ],
    [
      'has a placeholder for an output of an unknown step',
      MINIMAL.replace('true-program', 'x, "${outputs.load.rows}"'),
      4,
      /^step "work" has \$\{outputs\.load\.rows\}, but "load" is not a step$/,
    ],
    [
      'has a placeholder for an output of a later step',
      `${MINIMAL.replace('true-program', 'x, "${outputs.next.rows}"')}  - { name: next, command: [x] }\n`,
      4,
      /^step "work" has \$\{outputs\.next\.rows\}, but does not wait for step "next"\. Add it to "needs"$/,
    ],
    [
      'has an incomplete placeholder',
      MINIMAL.replace('true-program', 'x, "${outputs.load}"'),
      4,
      /^step "work" has \$\{outputs\.load\}, which is neither \$\{params\.<name>\} nor \$\{outputs\.<step>\.<name>\}$/,
    ],
    [
      'has a placeholder in a script',
      `${MINIMAL}  - name: next\n    run: echo \${params.day}\nparams: { day: { type: string } }\n`,
      6,
      /^"run" of step "next" has \$\{params\.day\}, which a shell could execute\. Use the variable JOBATO_PARAM_DAY instead, in quotes: "\$JOBATO_PARAM_DAY"$/,
    ],
    [
      'has a secret in a command',
      `${MINIMAL.replace('true-program', 'x, "--token=${params.token}"')}params: { token: { type: secret } }\n`,
      4,
      /^step "work" has \$\{params\.token\}, a secret, and .+\. Let the program read the variable JOBATO_PARAM_TOKEN instead$/,
    ],
    [
      'has a placeholder in code for a shell',
      `${MINIMAL.replace('true-program', 'bash, -c, "echo ${outputs.load.rows}"')}`,
      4,
      /^step "work" has \$\{outputs\.load\.rows\} in code that an interpreter executes\. Use the variable JOBATO_OUTPUT_LOAD_ROWS instead, in quotes: "\$JOBATO_OUTPUT_LOAD_ROWS"$/,
    ],
    [
      'has two parameters with one variable',
      withLines('params:', '  maxPages: { type: integer }', '  max_pages: { type: integer }'),
      7,
      /^parameters "maxPages" and "max_pages" have the same variable JOBATO_PARAM_MAX_PAGES$/,
    ],
    [
      'has an unknown condition of a step',
      `${MINIMAL}    when: allways\n`,
      5,
      /^"steps\.0\.when" must be one of success, failure, always$/,
    ],
    [
      'has a pattern with unmatched brackets',
      withLines('params:', '  a: { type: string, pattern: "a)(b" }'),
      6,
      /"pattern" is not a regular expression/,
    ],
  ])('%s: reports line and reason', (_what, source, line, reason) => {
    const { content, flaws } = parseProjectFile(source);
    expect(content).toBeUndefined();
    expect(flaws).toContainEqual({ line, reason: expect.stringMatching(reason) });
  });

  it('is rejected quickly if it expands aliases exponentially', () => {
    const levels = Array.from(
      { length: 30 },
      (_, n) => `  l${n + 1}: &l${n + 1} [*l${n}, *l${n}, *l${n}, *l${n}]`,
    );
    const bomb = `id: tiny\nparams:\n  l0: &l0 [x, x]\n${levels.join('\n')}\n`;
    expect(parseProjectFile(bomb)).toEqual({
      flaws: [{ line: 4, reason: expect.stringMatching(/alias/i) }],
    });
  });

  it.each([
    ['itself', 'id: tiny\nsteps: &all\n  - *all\n'],
    ['itself, as a mapping', 'id: tiny\nparams: &all\n  a: *all\n'],
    ['bytes of another kind', '\0\u0001\uFFFD\uD800'],
  ])('is rejected if it contains %s', (_what, source) =>
    expect(parseProjectFile(source).flaws).toEqual(expect.arrayContaining([expect.any(Object)])),
  );
});

describe('errors of a project file', () => {
  const flawsOf = (source: string) =>
    parseProjectFile(source).flaws?.map(({ line, reason }) => `${line}: ${reason}`);

  it('are returned together, in line order', () =>
    expect(
      flawsOf(`id: Tiny
colour: red
params:
  depth: { type: integer, default: deep }
  mode: { type: enum }
steps:
  - { name: work, command: [x] }
  - { name: work }
scopes:
  part: [wrok, work, wokr]
schedule: { cron: "0 22 * *", timeZone: Mars/Olympus }
`),
    ).toEqual([
      expect.stringMatching(/^1: "id" must match/),
      '2: unknown key "colour"',
      expect.stringMatching(/^4: parameter "depth": the default must be a whole number/),
      '5: parameter "mode": an enum needs "values"',
      '8: two steps have the name "work"',
      '8: step "work" needs a "command" or a "run"',
      '10: scope "part" contains "wrok", which is not a step',
      '10: scope "part" contains "wokr", which is not a step',
      expect.stringMatching(/^11: "cron": "0 22 \* \*" has 4 fields/),
      expect.stringMatching(/^11: "timeZone": "Mars\/Olympus"/),
    ]));

  it('omit rules about a part that is already invalid in the schema', () =>
    expect(
      flawsOf('id: tiny\nsteps: work\nscopes: { part: [work] }\nparams: { mode: { type: enum } }\n'),
    ).toEqual(['2: "steps" must be a list', '4: parameter "mode": an enum needs "values"']));

  it('include several syntax errors', () =>
    expect(flawsOf('id: tiny\nname: A\nname: B\ndefault: true\ndefault: true\n')).toEqual([
      expect.stringMatching(/^3: .*unique/),
      expect.stringMatching(/^5: .*unique/),
    ]));

  it('are limited in number and length', () => {
    const many = Array.from({ length: 1000 }, (_, n) => `k${n}${'x'.repeat(800)}: 1\n`).join('');
    const { flaws = [] } = parseProjectFile(`id: tiny\n${many}`);
    expect(flaws).toHaveLength(50);
    expect(Math.max(...flaws.map(({ reason }) => reason.length))).toBeLessThan(600);
  });
});

it('resolves merge keys, and ignores keys that begin with x-', () => {
  const { content, flaws } = parseProjectFile(`x-step: &step
  timeoutSeconds: 60
  env: { A: "1" }
id: tiny
steps:
  - { <<: *step, name: one, command: [x] }
  - { <<: *step, name: two, command: [y], timeoutSeconds: 5 }
`);
  expect(flaws).toBeUndefined();
  expect(content?.steps).toMatchObject([
    { name: 'one', timeoutSeconds: 60, env: { A: '1' } },
    { name: 'two', timeoutSeconds: 5, env: { A: '1' } },
  ]);
});

describe('keys about notifications', () => {
  it('are read', () => {
    const { content } = parseProjectFile(
      `notify: [{ channel: ops, on: [failed, late] }]\nlateAfterSeconds: 60\nlongAfterSeconds: 90\nexpectSuccessEverySeconds: 120\n${MINIMAL}`,
    );
    expect(content!.notifications).toEqual({
      notify: [{ channel: 'ops', on: ['failed', 'late'] }],
      lateAfterSeconds: 60,
      longAfterSeconds: 90,
      expectSuccessEverySeconds: 120,
    });
    expect(parseProjectFile(`notify: []\n${MINIMAL}`).content!.notifications.notify).toEqual([]);
  });

  it.each([
    ['notify:\n  - { channel: ops, on: [broken] }\n', 2, 'must be one of started, completed'],
    [
      'notify:\n  - { channel: ops, on: [failed] }\n  - { channel: ops, on: [late] }\n',
      3,
      'lists channel "ops" twice',
    ],
    ['notify: [{ channel: ops, on: [] }]\n', 1, 'must NOT have fewer than 1 items'],
    ['longAfterSeconds: 0\n', 1, 'must be > 0'],
  ])('are refused with their line: %j', (text, line, reason) => {
    const [flaw] = parseProjectFile(`${text}${MINIMAL}`).flaws!;
    expect(flaw).toMatchObject({ line, reason: expect.stringContaining(reason) as string });
  });
});
