import { type Complaint, type ParsedYaml, parseYaml } from '../config-files/parse-yaml';
import { Schema } from '../schemas/schema';
import type { AllowedDomain, Query } from './run-inputs';

interface QueriesFile {
  queries: { id: string | number; text: string | number; enabled?: boolean }[];
}
interface AllowlistsFile {
  allowlists: { domain: string; enabled?: boolean }[];
}

const list = (name: string, member: Record<string, unknown>, required: string[]) => ({
  type: 'object',
  required: [name],
  additionalProperties: false,
  properties: {
    [name]: {
      type: 'array',
      maxItems: 10_000,
      items: {
        type: 'object',
        required,
        additionalProperties: false,
        properties: { ...member, enabled: { type: 'boolean' } },
      },
    },
  },
});
/** YAML parses 2026 as a number, but as a query it is text. */
const text = { type: ['string', 'number'], pattern: '\\S', maxLength: 1000 };

export const QUERIES_SCHEMA = list('queries', { id: text, text }, ['id', 'text']);
export const ALLOWLISTS_SCHEMA = list('allowlists', { domain: { type: 'string', maxLength: 1000 } }, [
  'domain',
]);
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
