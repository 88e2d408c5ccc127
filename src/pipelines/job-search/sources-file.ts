import { parse } from 'yaml';
import { JobSearchError } from './job-search.errors';
import { type Format, HOSTED } from './providers/providers';
import type { Board } from './providers/provider';

/** A board or feed, and the domain whose searches it answers. */
export interface Source {
  /** Such as `greenhouse:acme`. */
  id: string;
  format: Format;
  domain: string;
  board: Board;
  /** Used for postings that do not name their company. */
  company: string;
  /** Recorded answers beside the sources file, of the first run and of later ones. Null for a source on the web. */
  recordings: string[] | null;
}

const MAX_SOURCES = 1000;
const MAX_TEXT = 2000;
const KEYS = {
  greenhouse: ['board', 'company', 'baseUrl'],
  lever: ['board', 'company', 'baseUrl'],
  ashby: ['board', 'company', 'baseUrl'],
  feed: ['url', 'company'],
  sample: ['format', 'domain', 'board', 'company', 'recordings'],
} as const;
type ProviderName = keyof typeof KEYS;
type Entry = Record<string, unknown>;

/**
 * Reads a sources file.
 * @param name of the file, for messages
 * @throws JobSearchError with the entry and what to change
 */
export function parseSources(text: string, name: string): Source[] {
  const fail = (problem: string) => new JobSearchError('INVALID_SOURCES', `${name}: ${problem}`);
  let content: unknown;
  try {
    content = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw fail(`it is not valid YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  const list = isObject(content) ? content.sources : undefined;
  if (!Array.isArray(list)) throw fail('it must be a mapping with a list "sources:".');
  const unknown = Object.keys(content as Entry).find((key) => key !== 'sources');
  if (unknown !== undefined) throw fail(`unknown key "${unknown}"; only "sources" is allowed.`);
  if (list.length > MAX_SOURCES) throw fail(`it has more than ${MAX_SOURCES} sources.`);
  const sources = list.map((entry, index) => {
    try {
      return sourceFrom(entry);
    } catch (error) {
      throw fail(`entry ${index + 1}: ${(error as Error).message}`);
    }
  });
  const ids = sources.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw fail(`"${twice}" is listed twice.`);
  return sources;
}

function sourceFrom(value: unknown): Source {
  if (!isObject(value))
    throw new Error('it must be a mapping such as { provider: greenhouse, board: acme }.');
  const names = Object.keys(KEYS).join(', ');
  const provider = textOf(value, 'provider');
  if (!Object.hasOwn(KEYS, provider)) throw new Error(`"provider" must be one of ${names}.`);
  const allowed: readonly string[] = KEYS[provider as ProviderName];
  const unknown = Object.keys(value).find((key) => key !== 'provider' && !allowed.includes(key));
  if (unknown !== undefined)
    throw new Error(
      `unknown key "${unknown}"; ${provider} has ${allowed.map((key) => `"${key}"`).join(', ')}.`,
    );
  switch (provider as ProviderName) {
    case 'feed':
      return feedFrom(value);
    case 'sample':
      return sampleFrom(value);
    default:
      return hostedFrom(value, provider as keyof typeof HOSTED);
  }
}

function hostedFrom(entry: Entry, format: keyof typeof HOSTED): Source {
  const name = textOf(entry, 'board');
  const baseUrl = entry.baseUrl === undefined ? HOSTED[format].baseUrl : urlOf(entry, 'baseUrl').href;
  return {
    id: `${format}:${name}`,
    format,
    domain: HOSTED[format].domain,
    board: { name, baseUrl: baseUrl.replace(/\/$/, '') },
    company: optionalText(entry, 'company') ?? name,
    recordings: null,
  };
}

function feedFrom(entry: Entry): Source {
  const url = urlOf(entry, 'url');
  return {
    id: `feed:${url.host}${url.pathname}${url.search}`,
    format: 'feed',
    domain: url.hostname,
    board: { name: '', baseUrl: url.href },
    company: optionalText(entry, 'company') ?? '',
    recordings: null,
  };
}

function sampleFrom(entry: Entry): Source {
  const format = textOf(entry, 'format');
  if (!['greenhouse', 'lever', 'ashby', 'feed'].includes(format))
    throw new Error('"format" must be greenhouse, lever, ashby or feed.');
  const { recordings } = entry;
  const isList = Array.isArray(recordings) && [1, 2].includes(recordings.length);
  if (!isList || !recordings.every((file) => typeof file === 'string' && /^[\w.-]+$/.test(file)))
    throw new Error('"recordings" must be a list of one or two files beside this one.');
  const name = textOf(entry, 'board');
  return {
    id: `sample:${format}:${name}`,
    format: format as Format,
    domain: textOf(entry, 'domain').toLowerCase(),
    board: { name, baseUrl: '' },
    company: optionalText(entry, 'company') ?? (format === 'feed' ? '' : name),
    recordings: recordings as string[],
  };
}

function urlOf(entry: Entry, key: string): URL {
  const text = textOf(entry, key);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error(`"${key}" must be an address such as https://example.com/jobs.rss.`);
  return new URL(text);
}

function textOf(entry: Entry, key: string): string {
  const text = optionalText(entry, key);
  if (text === null) throw new Error(`"${key}" is missing.`);
  return text;
}

function optionalText(entry: Entry, key: string): string | null {
  const value = entry[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_TEXT)
    throw new Error(`"${key}" must be a text of up to ${MAX_TEXT} characters.`);
  return value.trim();
}

function isObject(value: unknown): value is Entry {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
