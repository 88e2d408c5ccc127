import { type Complaint, type ParsedYaml, parseYaml } from '../config-files/parse-yaml';
import type { JsonSchema, SchemaNotes } from '../schemas/annotated-schema';
import { Schema } from '../schemas/schema';
import type { AllowedDomain, Query } from './run-inputs';

interface QueriesFile {
  queries: { id: string | number; text: string | number; enabled?: boolean }[];
}
interface AllowlistsFile {
  allowlists: { domain: string; enabled?: boolean }[];
}

const list = (name: string, description: string, member: JsonSchema, required: string[]) => ({
  type: 'object',
  required: [name],
  additionalProperties: false,
  properties: {
    [name]: {
      description,
      type: 'array',
      maxItems: 10_000,
      items: {
        type: 'object',
        required,
        additionalProperties: false,
        properties: {
          ...member,
          enabled: { description: 'With false, runs do not get it.', type: 'boolean', default: true },
        },
      },
    },
  },
});
/** YAML parses 2026 as a number, but as a query it is text. */
const text = { type: ['string', 'number'], pattern: '\\S', maxLength: 1000 };

export const QUERIES_SCHEMA = list(
  'queries',
  'What runs look for at each domain of allowlists.yaml.',
  {
    id: { description: 'The name of the query, sent to steps and workers.', ...text, examples: ['rust'] },
    text: { description: 'The words to look for.', ...text, examples: ['Rust engineer'] },
  },
  ['id', 'text'],
);
export const ALLOWLISTS_SCHEMA = list(
  'allowlists',
  'The domains at which runs look for each query of queries.yaml.',
  {
    domain: {
      description: 'A domain without scheme and blanks.',
      type: 'string',
      maxLength: 1000,
      examples: ['example.com'],
    },
  },
  ['domain'],
);
/** The rule about domains as a JSON Schema, for editors. The parser has it in code, for its message. */
export const ALLOWLISTS_CONDITIONS: SchemaNotes = {
  'allowlists.*.domain': { pattern: '^\\s*(?!\\S*://)\\S+\\s*$' },
};
const queriesSchema = new Schema<QueriesFile>(QUERIES_SCHEMA, { allErrors: true, allowUnionTypes: true });
const allowlistsSchema = new Schema<AllowlistsFile>(ALLOWLISTS_SCHEMA, { allErrors: true });

/** Parses queries.yaml. Never throws. */
export function parseQueries(source: string): ParsedYaml<Query[]> {
  const { content, flaws } = parseYaml(source, queriesSchema, 'queries: []');
  if (content === undefined) return { flaws };
  return {
    content: content.queries.map((query) => ({
      queryId: String(query.id).trim(),
      text: String(query.text).trim(),
      isEnabled: query.enabled ?? true,
    })),
  };
}

/** Parses allowlists.yaml. Never throws. */
export function parseAllowlists(source: string): ParsedYaml<AllowedDomain[]> {
  const { content, flaws } = parseYaml(source, allowlistsSchema, 'allowlists: []', [
    { reads: ['allowlists'], check: ({ allowlists }) => allowlists.flatMap(aboutDomain) },
  ]);
  if (content === undefined) return { flaws };
  return {
    content: content.allowlists.map(({ domain, enabled }) => ({
      domain: domain.trim(),
      isEnabled: enabled ?? true,
    })),
  };
}

/** In "site:<domain> <text>", a domain with spaces or a scheme would find nothing. */
function aboutDomain({ domain }: { domain: string }, index: number): Complaint[] {
  if (/^\S+$/.test(domain.trim()) && !domain.includes('://')) return [];
  return [
    { path: ['allowlists', index, 'domain'], reason: `"${domain}" is not a domain such as example.com` },
  ];
}
