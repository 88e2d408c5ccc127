import Ajv, { type JSONSchemaType } from 'ajv';
import { type ParsedYaml, parseYaml } from '../config-files/parse-yaml';
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
/** YAML takes 2026 for a number, and whoever looks for it means a text. */
const text = { type: ['string', 'number'], pattern: '\\S', maxLength: 1000 };

const ajv = new Ajv({ allowUnionTypes: true });
export const QUERIES_SCHEMA = list('queries', { id: text, text }, ['id', 'text']);
export const ALLOWLISTS_SCHEMA = list('allowlists', { domain: { type: 'string', maxLength: 1000 } }, [
  'domain',
]);
const validateQueries = ajv.compile(QUERIES_SCHEMA as unknown as JSONSchemaType<QueriesFile>);
const validateAllowlists = ajv.compile(ALLOWLISTS_SCHEMA as unknown as JSONSchemaType<AllowlistsFile>);

/** Reads config/queries.yaml. Never throws. */
export function parseQueries(source: string): ParsedYaml<Query[]> {
  const { content, line, reason } = parseYaml(source, validateQueries, 'queries: []');
  if (content === undefined) return { line, reason };
  return {
    content: content.queries.map((query) => ({
      queryId: String(query.id).trim(),
      text: String(query.text).trim(),
      isEnabled: query.enabled ?? true,
    })),
  };
}

/** Reads config/allowlists.yaml. Never throws. */
export function parseAllowlists(source: string): ParsedYaml<AllowedDomain[]> {
  const { content, line, reason } = parseYaml(source, validateAllowlists, 'allowlists: []', (file) => {
    // As a part of "site:<domain> <text>", neither a blank nor a scheme would find anything.
    const wrong = file.allowlists.findIndex(
      ({ domain }) => !/^\S+$/.test(domain.trim()) || domain.includes('://'),
    );
    if (wrong < 0) return null;
    const { domain } = file.allowlists[wrong]!;
    return {
      path: ['allowlists', wrong, 'domain'],
      reason: `"${domain}" is not a domain such as example.com`,
    };
  });
  if (content === undefined) return { line, reason };
  return {
    content: content.allowlists.map(({ domain, enabled }) => ({
      domain: domain.trim(),
      isEnabled: enabled ?? true,
    })),
  };
}
