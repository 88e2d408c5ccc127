import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { SHOWCASE_PROJECTS, QUOTA_FILE } from '../../test/showcase/projects';
import { parseNotificationsFile } from '../channels/notifications-file';
import { parseAllowlists, parseQueries } from '../inputs/input-file';
import { PARAM_TYPES } from '../projects/project';
import { parseProjectFile } from '../projects/project-file';
import { PROJECT_FILE_CONDITIONS } from '../projects/project-file-conditions';
import { PROJECT_FILE_HELP } from '../projects/project-file-help';
import { parseQuotaFile } from '../quota/quota-file';
import { type JsonSchema, schemaParts } from '../schemas/annotated-schema';
import { CONFIG_SCHEMAS, type ConfigSchemaName } from './config-schemas';

const ROOT = join(__dirname, '..', '..');
const SCHEMAS = Object.entries(CONFIG_SCHEMAS) as [ConfigSchemaName, JsonSchema][];
const PARSERS: Record<ConfigSchemaName, (source: string) => { content?: unknown; flaws?: unknown }> = {
  project: parseProjectFile,
  quota: parseQuotaFile,
  queries: parseQueries,
  allowlists: parseAllowlists,
  notifications: parseNotificationsFile,
};
/** Keys whose part is free: its members are the names of the author. */
const isKey = (path: string) => !path.endsWith('*');

const textOf = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
/** Parses as an editor does. */
const asInEditor = (source: string): unknown => parse(source, { merge: true });
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
const accepts = (name: ConfigSchemaName, source: string) => {
  const { $id } = CONFIG_SCHEMAS[name];
  const validate = ajv.getSchema(String($id)) ?? ajv.compile(CONFIG_SCHEMAS[name]);
  return validate(asInEditor(source)) ? true : validate.errors;
};

describe('published schemas', () => {
  it.each(SCHEMAS)('are valid draft-07 without unknown keywords: %s', (_name, schema) => {
    const strict = new Ajv({ strict: true, allowUnionTypes: true });
    expect(strict.validateSchema(schema)).toBe(true);
    expect(() => strict.compile(schema)).not.toThrow();
  });

  it.each(SCHEMAS)('describe each key: %s', (_name, schema) => {
    const undescribed = schemaParts(schema).filter(
      ([path, { description }]) => isKey(path) && typeof description !== 'string',
    );
    expect(undescribed.map(([path]) => path)).toEqual([]);
  });

  it.each(SCHEMAS)('have valid defaults and examples: %s', (_name, schema) => {
    for (const [path, part] of schemaParts(schema)) {
      const shown = [...('default' in part ? [part.default] : []), ...((part.examples ?? []) as unknown[])];
      const validate = new Ajv({ allowUnionTypes: true }).compile(part);
      for (const value of shown) expect([path, value, validate(value)]).toEqual([path, value, true]);
    }
  });

  it('describe only keys that exist', () => {
    const paths = ['', ...schemaParts(CONFIG_SCHEMAS.project).map(([path]) => path)];
    const described = [...Object.keys(PROJECT_FILE_HELP), ...Object.keys(PROJECT_FILE_CONDITIONS)];
    expect(described.filter((path) => !paths.includes(path))).toEqual([]);
  });

  it.each(SCHEMAS)('are the files of config/schemas: %s', (name, schema) => {
    // Write them again: npm run schemas
    expect(JSON.parse(textOf('config', 'schemas', `${name}.json`))).toEqual(schema);
  });

  it('are all in config/schemas', () =>
    expect(readdirSync(join(ROOT, 'config', 'schemas')).sort()).toEqual(
      SCHEMAS.map(([name]) => `${name}.json`).sort(),
    ));
});

describe('defaults of the project schema', () => {
  /** With each key that has parts of its own, so that every default can be set. */
  const file = (path: string) => ({
    id: 'all',
    steps: [{ name: 'work', run: 'make', retry: { maxAttempts: 2 } }],
    params: { a: { type: 'string' } },
    schedule: path.startsWith('schedule.*') ? [{ name: 'a', cron: '@daily' }] : { cron: '@daily' },
    retry: {},
    result: {},
  });
  const defaults = schemaParts(CONFIG_SCHEMAS.project).filter(([, part]) => 'default' in part);

  it.each(defaults.map(([path, part]) => [path, part.default]))(
    '%s is %j, as in the parser',
    (path, value) => {
      const without = parseProjectFile(JSON.stringify(file(String(path))));
      const explicit = file(String(path));
      const keys = String(path).split('.');
      const parent = keys
        .slice(0, -1)
        .reduce<object>(
          (at, key) => Object.entries(at).find(([name]) => key === '*' || key === name)![1] as object,
          explicit,
        );
      Object.assign(parent, { [keys.at(-1)!]: value });
      expect(without.flaws).toBeUndefined();
      expect(parseProjectFile(JSON.stringify(explicit))).toEqual(without);
    },
  );
});

describe('files that come with Jobato', () => {
  const inFolder = (...path: string[]) =>
    readdirSync(join(ROOT, ...path))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => [...path, name].join('/'));
  const files: [string, ConfigSchemaName][] = [
    ...[...inFolder('config', 'projects'), ...inFolder('examples'), ...inFolder('examples', 'projects')].map(
      (file): [string, 'project'] => [file, 'project'],
    ),
    ['config/quota.yaml', 'quota'],
    ['config/queries.yaml', 'queries'],
    ['config/allowlists.yaml', 'allowlists'],
  ];

  it.each(files)('%s is valid and names its schema', (file, name) => {
    expect(accepts(name, textOf(file))).toBe(true);
    const [, path] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(textOf(file)) ?? [];
    expect(join(file, '..', path!)).toBe(`config/schemas/${name}.json`);
  });

  it.each([
    ...Object.entries(SHOWCASE_PROJECTS).map(([name, source]) => [name, 'project', source] as const),
    ['quota', 'quota', QUOTA_FILE] as const,
  ])('the showcase %s is valid', (_what, name, source) => expect(accepts(name, source)).toBe(true));

  it('the whole files in docs/projects.md are valid', () => {
    const blocks = [
      ...textOf('docs', 'projects.md').matchAll(/```yaml\n(?:# config\/(\w+)\.yaml\n)?(.*?)```/gs),
    ];
    const whole = blocks.flatMap(([, file, source]): [ConfigSchemaName, string][] =>
      file !== undefined || source!.startsWith('id:')
        ? [[(file ?? 'project') as ConfigSchemaName, source!]]
        : [],
    );
    expect([...new Set(whole.map(([name]) => name))].sort()).toEqual(SCHEMAS.map(([name]) => name).sort());
    for (const [name, source] of whole) expect([source, accepts(name, source)]).toEqual([source, true]);
  });
});

const STEP = 'id: tiny\nsteps:\n  - name: work\n    run: make\n';

describe('project schema', () => {
  it('accepts the merge key as a name, which editors check before they resolve it', () => {
    const parts = schemaParts(CONFIG_SCHEMAS.project).filter(([, { propertyNames }]) => propertyNames);
    expect(parts.map(([path]) => path)).toEqual([
      'params',
      'env',
      'steps.*.env',
      'scopes',
      'schedule.params',
      'schedule.*.params',
    ]);
    for (const [, { propertyNames }] of parts) {
      const names = ajv.compile({ type: 'string', ...(propertyNames as JsonSchema) });
      expect(['<<', 'a', 'a b'].map((name) => names(name))).toEqual([true, true, false]);
    }
  });

  it.each<[string, string]>([
    [
      'anchors and extensions',
      'x-env: &e { A: 1 }\nid: t\nsteps: [{ name: a, run: x, env: { <<: *e, B: 2 } }]\n',
    ],
    ['texts as written', `${STEP}env: { PY: 3.10, ON: true, EMPTY: , BIG: 12345678901234567890 }\n`],
    ['numbers in a command', 'id: t\nsteps: [{ name: a, command: [sleep, 0.50], }]\n'],
    ['numbers in a shell', 'id: t\nsteps: [{ name: a, run: x, shell: [python3.12, -W, 1.0] }]\n'],
    ['an external project without steps', 'id: t\nexecutor: external\n'],
    ['an external project with steps without commands', 'id: t\nexecutor: external\nsteps: [{ name: a }]\n'],
    ['a step with a command', 'id: t\nsteps: [{ name: a, command: [x] }]\n'],
    [
      'each type of param',
      `${STEP}params: { ${PARAM_TYPES.map((type) => `${type}: { type: ${type}${['date', 'secret'].includes(type) ? '' : ', values: [a]'} }`).join(', ')} }\n`,
    ],
    [
      'defaults',
      `${STEP}params: { a: { type: integer, default: 1 }, b: { type: enum, values: [x], default: x } }\n`,
    ],
    ['cron expressions', `${STEP}schedule: { cron: " 0 22 * * * " }\n`],
    ['cron expressions with seconds', `${STEP}schedule: { cron: "0 0 22 * * *" }\n`],
    ['a list of schedules', `${STEP}schedule: [{ name: a, cron: "@daily", scope: full, params: {} }]\n`],
    ['an empty list of schedules', `${STEP}schedule: []\n`],
    ['nicknames', `${STEP}schedule: { cron: "@daily" }\n`],
  ])('accepts as the parser does: %s', (_what, source) => {
    expect(parseProjectFile(source).flaws).toBeUndefined();
    expect(accepts('project', source)).toBe(true);
  });

  it.each<[string, string]>([
    ['an empty file', ''],
    ['a list', '- id: a\n'],
    ['no id', 'steps: [{ name: a, run: x }]\n'],
    ['an id in capitals', 'id: Tiny\nexecutor: external\n'],
    ['a number for an id', 'id: 17\nexecutor: external\n'],
    ['an unknown key', `${STEP}colour: red\n`],
    ['an unknown key in a step', `${STEP}    comand: [x]\n`],
    ['an unknown key in a param', `${STEP}params: { a: { type: string, tpye: x } }\n`],
    ['an unknown key in the schedule', `${STEP}schedule: { cron: "@daily", tz: UTC }\n`],
    ['an unknown key in retry', `${STEP}retry: { attempts: 2 }\n`],
    ['an extension below the top level', `${STEP}    x-more: 1\n`],
    ['an unknown executor', 'id: t\nexecutor: docker\n'],
    ['no steps', 'id: t\n'],
    ['no steps with the default executor', 'id: t\nexecutor: steps\n'],
    ['an empty list of steps', 'id: t\nsteps: []\n'],
    ['a text for steps', 'id: t\nsteps: work\n'],
    ['nothing where a list should be', 'id: t\nsteps:\n'],
    ['a text for a step', 'id: t\nsteps: [work]\n'],
    ['a step without a name', 'id: t\nsteps: [{ run: x }]\n'],
    ['a step without a command', 'id: t\nsteps: [{ name: a }]\n'],
    ['a step with a command and a script', `${STEP}    command: [x]\n`],
    ['a shell without a script', 'id: t\nsteps: [{ name: a, command: [x], shell: [sh] }]\n'],
    [
      'a shell without a script in an external project',
      'id: t\nexecutor: external\nsteps: [{ name: a, shell: [sh] }]\n',
    ],
    ['a command as one text', 'id: t\nsteps: [{ name: a, command: npm run work }]\n'],
    ['an empty command', 'id: t\nsteps: [{ name: a, command: [] }]\n'],
    ['a mapping in a command', 'id: t\nsteps: [{ name: a, command: [sleep, { seconds: 5 }] }]\n'],
    ['an empty script', 'id: t\nsteps: [{ name: a, run: "" }]\n'],
    ['an argument that is too long', `id: t\nsteps: [{ name: a, command: [${'x'.repeat(40_000)}] }]\n`],
    ['zero time', `${STEP}timeoutSeconds: 0\n`],
    ['a word for true', `${STEP}quota: sure\n`],
    ['a tag with a blank', `${STEP}tags: [two words]\n`],
    ['the same tag twice', `${STEP}tags: [a, a]\n`],
    ['a variable with a dash', `${STEP}env: { A-B: x }\n`],
    ['a list as a value', `${STEP}env: { A: [x] }\n`],
    ['a secret of Jobato for all steps', `${STEP}passPlainEnv: [JOBATO_API_KEY]\n`],
    ['a secret of Jobato for a step', `${STEP}    passEnv: [REDIS_URL]\n`],
    ['the file of a secret of Jobato', `${STEP}    passPlainEnv: [JOBATO_ADMIN_TOKEN_FILE]\n`],
    ['a param that cannot be a variable', `${STEP}params: { my-docs: { type: string } }\n`],
    ['a param without a type', `${STEP}params: { a: { default: x } }\n`],
    ['an unknown type', `${STEP}params: { a: { type: day } }\n`],
    ['an enum without values', `${STEP}params: { a: { type: enum } }\n`],
    ['an enum with a number as default', `${STEP}params: { a: { type: enum, values: ["1"], default: 1 } }\n`],
    ['a default of another type', `${STEP}params: { a: { type: integer, default: deep } }\n`],
    ['a fraction as default of an integer', `${STEP}params: { a: { type: integer, default: 1.5 } }\n`],
    ['a default of a secret', `${STEP}params: { a: { type: secret, default: x } }\n`],
    ['an example of a secret', `${STEP}params: { a: { type: secret, example: x } }\n`],
    ['values of a secret', `${STEP}params: { a: { type: secret, values: [x] } }\n`],
    ['an unsafe integer', `${STEP}params: { a: { type: integer, default: 9007199254740993 } }\n`],
    ['a number as default of a text', `${STEP}params: { a: { type: string, default: 1 } }\n`],
    ['a text as default of a number', `${STEP}params: { a: { type: number, default: "1" } }\n`],
    ['a text as default of an array', `${STEP}params: { a: { type: array, default: x } }\n`],
    ['a number as default of a date', `${STEP}params: { a: { type: date, default: 2026 } }\n`],
    ['an unknown condition of a step', `${STEP}    when: never\n`],
    ['a retry without a number of attempts', `${STEP}    retry: { delaySeconds: 1 }\n`],
    ['no step at a time', `${STEP}parallel: 0\n`],
    ['a text as default of a boolean', `${STEP}params: { a: { type: boolean, default: "yes" } }\n`],
    ['a scope with a colon', `${STEP}scopes: { "from:work": [work] }\n`],
    ['an empty scope', `${STEP}scopes: { part: [] }\n`],
    ['the built-in scope', `${STEP}scopes: { full: [work] }\n`],
    ['an entry without a name in a list', `${STEP}schedule: [{ cron: "@daily" }]\n`],
    ['a schedule that is a text', `${STEP}schedule: "@daily"\n`],
    ['a list with a wrong expression', `${STEP}schedule: [{ name: a, cron: "0 22 * *" }]\n`],
    ['a schedule without a time', `${STEP}schedule: { timeZone: UTC }\n`],
    ['a schedule with four fields', `${STEP}schedule: { cron: "0 22 * *" }\n`],
    ['a schedule with seven fields', `${STEP}schedule: { cron: "0 0 22 * * * *" }\n`],
    ['an unknown nickname', `${STEP}schedule: { cron: "@yearly" }\n`],
    ['a fraction of an attempt', `${STEP}retry: { maxAttempts: 1.5 }\n`],
    ['a negative grace', `${STEP}stopGraceSeconds: -1\n`],
  ])('rejects as the parser does: %s', (_what, source) => {
    expect(parseProjectFile(source).flaws).toBeDefined();
    expect(accepts('project', source)).not.toBe(true);
  });

  it.each<[string, string]>([
    ['a need that is not a step', `${STEP}    needs: [wrok]\n`],
    ['a placeholder in a script', `${STEP}  - { name: next, run: "echo \${params.a}" }\n`],
    ['two steps of one name', `${STEP}  - { name: work, run: x }\n`],
    ['a scope with an unknown step', `${STEP}scopes: { part: [wrok] }\n`],
    ['a default beyond its limit', `${STEP}params: { a: { type: integer, max: 5, default: 6 } }\n`],
    [
      'a default that is none of the values',
      `${STEP}params: { a: { type: enum, values: [x], default: y } }\n`,
    ],
    ['a pattern with a back-reference', `${STEP}params: { a: { type: string, pattern: '(a)\\1' } }\n`],
    ['a scope that does not exist', `${STEP}schedule: { cron: "@daily", scope: nope }\n`],
    ['a param that does not exist', `${STEP}schedule: { cron: "@daily", params: { a: 1 } }\n`],
    [
      'two schedules of one name',
      `${STEP}schedule: [{ name: a, cron: "@daily" }, { name: a, cron: "@daily" }]\n`,
    ],
    ['an unknown time zone', `${STEP}schedule: { cron: "@daily", timeZone: Mars/Olympus }\n`],
    ['a cron field beyond its range', `${STEP}schedule: { cron: "99 * * * *" }\n`],
  ])('leaves to the parser what a schema cannot express: %s', (_what, source) => {
    expect(parseProjectFile(source).flaws).toBeDefined();
    expect(accepts('project', source)).toBe(true);
  });
});

describe('schemas of the other files', () => {
  it.each<[ConfigSchemaName, string]>([
    ['quota', 'quota: {}\n'],
    ['quota', 'quota: { dailyLimit: -1 }\n'],
    ['quota', 'quota: { dailyLimit: 1, resetPolicy: { resetHour: 24 } }\n'],
    ['quota', 'limits: 1\n'],
    ['queries', 'queries: [{ id: a }]\n'],
    ['queries', 'queries: [{ id: a, text: " " }]\n'],
    ['queries', 'queries: [{ id: a, text: b, on: true }]\n'],
    ['allowlists', 'allowlists: [example.com]\n'],
    ['allowlists', 'allowlists: [{ domain: "https://example.com" }]\n'],
    ['allowlists', 'allowlists: [{ domain: "example com" }]\n'],
    ['allowlists', 'allowlists: [{ domain: " " }]\n'],
  ])('%s rejects as the parser does: %s', (name, source) => {
    expect(PARSERS[name](source).flaws).toBeDefined();
    expect(accepts(name, source)).not.toBe(true);
  });

  it.each<[ConfigSchemaName, string]>([
    ['quota', 'x-note: a\nquota: { dailyLimit: 0 }\n'],
    ['queries', 'queries: [{ id: 1, text: 2026, enabled: false }]\n'],
    ['allowlists', 'allowlists: [{ domain: " example.com " }]\n'],
  ])('%s accepts as the parser does: %s', (name, source) => {
    expect(PARSERS[name](source).flaws).toBeUndefined();
    expect(accepts(name, source)).toBe(true);
  });
});
