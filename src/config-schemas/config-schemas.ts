import { NOTIFICATIONS_FILE_CONDITIONS, NOTIFICATIONS_FILE_SCHEMA } from '../channels/notifications-file';
import { ALLOWLISTS_CONDITIONS, ALLOWLISTS_SCHEMA, QUERIES_SCHEMA } from '../inputs/input-file';
import { PROJECT_FILE_TEXTS } from '../projects/project-file';
import { PROJECT_FILE_CONDITIONS } from '../projects/project-file-conditions';
import { PROJECT_FILE_HELP } from '../projects/project-file-help';
import { PROJECT_FILE_SCHEMA } from '../projects/project-file.schema';
import { QUOTA_FILE_SCHEMA } from '../quota/quota-file';
import { annotatedSchema, type JsonSchema, schemaParts, type SchemaNotes } from '../schemas/annotated-schema';

/** In YAML, `3.10` is a number. The parser passes it on as written. */
const TEXTS: SchemaNotes = Object.fromEntries(
  PROJECT_FILE_TEXTS.map((path) => [path.join('.'), { type: ['string', 'number', 'boolean', 'null'] }]),
);

/** Editors check the merge key as a name. The parser resolves it before it checks names. */
function mergeKeys(rules: JsonSchema): SchemaNotes {
  return Object.fromEntries(
    schemaParts(rules).flatMap(([path, { propertyNames }]) => {
      const names = propertyNames as { pattern: string } | undefined;
      return names ? [[path, { propertyNames: { ...names, pattern: `^<<$|${names.pattern}` } }]] : [];
    }),
  );
}

/** The JSON Schemas of the configuration files, by name: the rules of the parsers, with texts for editors. */
export const CONFIG_SCHEMAS = {
  project: published(
    'project',
    'Project file',
    'A project: a thing that can be run, with its steps and the values to choose for a run.',
    PROJECT_FILE_SCHEMA,
    [PROJECT_FILE_HELP, PROJECT_FILE_CONDITIONS, TEXTS, mergeKeys(PROJECT_FILE_SCHEMA)],
  ),
  quota: published('quota', 'quota.yaml', 'Limits for the calls of runs.', QUOTA_FILE_SCHEMA),
  queries: published('queries', 'queries.yaml', 'What runs look for.', QUERIES_SCHEMA),
  allowlists: published('allowlists', 'allowlists.yaml', 'Where runs look.', ALLOWLISTS_SCHEMA, [
    ALLOWLISTS_CONDITIONS,
  ]),
  notifications: published(
    'notifications',
    'notifications.yaml',
    'Who is notified of runs.',
    NOTIFICATIONS_FILE_SCHEMA,
    [NOTIFICATIONS_FILE_CONDITIONS],
  ),
};

export type ConfigSchemaName = keyof typeof CONFIG_SCHEMAS;

/** Draft-07 is the newest draft that the YAML language server supports fully. */
function published(
  name: string,
  title: string,
  description: string,
  rules: JsonSchema,
  notes: readonly SchemaNotes[] = [],
): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:jobato:schema:${name}`,
    title: `Jobato: ${title}`,
    description,
    ...annotatedSchema(rules, notes),
    // The parser removes them before it checks the file.
    patternProperties: { '^x-': { description: 'Ignored. It can hold anchors.' } },
  };
}
