import { NICKNAMES } from '../cron/cron-expression';
import { fileVariableOf, SECRETS } from '../config/secrets';
import type { SchemaNotes } from '../schemas/annotated-schema';
import type { ParamType } from './project';
import { POINTER } from './result-file';
import { FULL_SCOPE } from './scope';
import { WATCH_PATTERN } from './watch-rules';

const ofType = (type: ParamType, then: object) => ({
  if: { properties: { type: { const: type } }, required: ['type'] },
  then,
});
/** Declares the key too, as strict validators demand. */
const having = (key: string) => ({ properties: { [key]: {} }, required: [key] });
const withDefault = (schema: object) => ({ properties: { default: schema } });
const without = (keys: string[]) => ({ properties: Object.fromEntries(keys.map((key) => [key, false])) });
const noSecret = { not: { enum: SECRETS.flatMap((name) => [name, fileVariableOf(name)]) } };

const CRON = {
  pattern: `^\\s*(?:${Object.keys(NICKNAMES).join('|')}|[^@\\s]\\S*(?:\\s+\\S+){4,5})\\s*$`,
};

/**
 * The rules of the parser (project-file.ts) that a JSON Schema can express, for editors. The parser has them in code,
 * because its messages name the step, the param and what to do. A test compares the two.
 */
export const PROJECT_FILE_CONDITIONS: SchemaNotes = {
  '': {
    if: { properties: { executor: { const: 'external' } }, required: ['executor'] },
    else: {
      required: ['steps'],
      properties: {
        steps: {
          type: 'array',
          minItems: 1,
          items: { type: 'object', if: { not: having('command') }, then: having('run') },
        },
      },
    },
  },
  'result.pointer': { pattern: POINTER },
  'steps.*': { dependencies: { run: { properties: { command: false } }, shell: ['run'] } },
  'params.*': {
    allOf: [
      ofType('enum', having('values')),
      ofType('enum', withDefault({ type: 'string' })),
      ofType('string', withDefault({ type: 'string' })),
      ofType('date', withDefault({ type: 'string' })),
      ofType('array', withDefault({ type: 'array' })),
      ofType('secret', without(['default', 'example', 'values'])),
      ofType('number', withDefault({ type: 'number' })),
      ofType('boolean', withDefault({ type: 'boolean' })),
      ofType(
        'integer',
        withDefault({ type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
      ),
    ],
  },
  'passEnv.*': noSecret,
  'passPlainEnv.*': noSecret,
  'steps.*.passEnv.*': noSecret,
  'steps.*.passPlainEnv.*': noSecret,
  'watch.*': { pattern: WATCH_PATTERN },
  'artifacts.*': { pattern: WATCH_PATTERN },
  'steps.*.artifacts.*': { pattern: WATCH_PATTERN },
  scopes: { patternProperties: { [`^${FULL_SCOPE}$`]: false } },
  'schedule.cron': CRON,
  'schedule.*.cron': CRON,
};
