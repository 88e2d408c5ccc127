import type { ErrorObject } from 'ajv';
import { type Alias, type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { similarName } from '../config/similar-name';
import { Schema } from '../schemas/schema';
import { keepAsWritten, type TextPath } from './as-written';
import type { Flaw } from './file-problem';
import { syntaxFlaws } from './syntax-flaws';

/** Either the content, or at least one error. */
export type ParsedYaml<Content> =
  { content: Content; flaws?: undefined } | { content?: undefined; flaws: Flaw[] };

/** Resolving an alias requires a walk through the file. */
const MAX_ALIASES = 100;
/** Characters of JSON. */
const MAX_EXPANDED_LENGTH = 2 * 1024 * 1024;
/** A generated file can have one error per line. */
const MAX_FLAWS = 50;
/** A key can be as long as the file. */
const MAX_REASON_LENGTH = 500;

/** An error and its path in the file. */
export type Complaint = { path: (string | number)[]; reason: string; atKey?: boolean };

/** A rule that the schema cannot express. Runs only if the schema accepts the top-level keys that it reads. */
export interface YamlRule<Content> {
  reads: (keyof Content & string)[];
  check: (content: Content) => Complaint[];
}

/**
 * Parses a configuration file. Never throws: an invalid file returns all its errors, by line.
 * @param schema with `allErrors`, and with `verbose` for suggestions. `$comment` of a member explains what it must be
 * @param example of the first lines of such a file, shown if the file is not a mapping
 * @param texts where plain scalars are texts, exactly as written
 */
export function parseYaml<Content extends object>(
  source: string,
  schema: Schema<Content>,
  example: string,
  rules: YamlRule<Content>[] = [],
  texts: readonly TextPath[] = [],
): ParsedYaml<Content> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, merge: true });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const flawed = (flaws: Flaw[]) => ({ flaws: byLine(flaws).slice(0, MAX_FLAWS) });

  if (document.errors.length > 0) {
    return flawed(syntaxFlaws(document.errors, source, lines));
  }
  if (!isMap(document.contents))
    return flawed([{ line: 1, reason: `the file must be a mapping such as "${example}"` }]);

  const aliases = aliasesOf(document);
  const content = toJs<Content>(document, aliases.length);
  if (typeof content === 'string')
    return flawed([{ line: lineAt(aliasAtFault(document, aliases)), reason: content }]);
  keepAsWritten(document, content, texts);
  const complaints = complaintsAbout(withoutExtensions(content), schema, rules);
  if (complaints.length === 0) return { content };
  return flawed(
    complaints.map((complaint) => ({ line: lineOf(document, complaint, lineAt), reason: complaint.reason })),
  );
}

/** Returns the line of a path in a file that was parsed before; 1 if it has no such path. */
export function lineOfPath(source: string, path: Complaint['path']): number {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, merge: true });
  return lineOf(document, { path, reason: '' }, (offset) => lines.linePos(offset).line);
}

/** Removes top-level keys that begin with `x-`: authors may use them for anchors. */
function withoutExtensions<Content extends object>(content: Content): Content {
  for (const key of Object.keys(content)) if (key.startsWith('x-')) delete content[key as keyof Content];
  return content;
}

function complaintsAbout<Content extends object>(
  content: Content,
  schema: Schema<Content>,
  rules: YamlRule<Content>[],
): Complaint[] {
  const errors = telling(schema.faultsOf(content));
  const fromSchema = errors.map(fromSchemaError);
  const wrongKeys = new Set([...fromSchema.map(({ path }) => path[0]), ...errors.map(missingKey)]);
  const fromRules = rules
    .filter(({ reads }) => !reads.some((key) => wrongKeys.has(key)))
    .flatMap(({ check }) => check(content));
  return [...fromSchema, ...fromRules];
}

/** Removes duplicates: one mistake can break several rules of the parser at the same line. */
function byLine(flaws: Flaw[]): Flaw[] {
  const seen = new Set<string>();
  return flaws
    .map(({ line, reason }) => ({ line, reason: inShort(reason) }))
    .filter(({ line, reason }) => !seen.has(`${line} ${reason}`) && seen.add(`${line} ${reason}`))
    .sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

function inShort(reason: string): string {
  return reason.length <= MAX_REASON_LENGTH ? reason : `${reason.slice(0, MAX_REASON_LENGTH)}…`;
}

/** @returns the content, or an error about its aliases */
function toJs<Content>(document: Document, aliases: number): Content | string {
  if (aliases > MAX_ALIASES) return `the file has more than ${MAX_ALIASES} aliases`;
  try {
    const content = document.toJS({ maxAliasCount: MAX_ALIASES }) as Content;
    if (aliases === 0 || JSON.stringify(content).length <= MAX_EXPANDED_LENGTH) return content;
    return `the file is longer than ${MAX_EXPANDED_LENGTH} characters after its aliases are expanded`;
  } catch (error) {
    // JSON.stringify rejects circular structures.
    if (error instanceof TypeError) return 'an alias refers to a part of the file that contains the alias';
    return error instanceof Error ? error.message : String(error);
  }
}

function aliasesOf(document: Document): Alias[] {
  const aliases: Alias[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      aliases.push(alias);
      return aliases.length > MAX_ALIASES ? visit.BREAK : undefined;
    },
  });
  return aliases;
}

/** Returns the offset of the alias without an anchor, or of the first one if there are too many. */
function aliasAtFault(document: Document, aliases: Alias[]): number {
  const unresolved = aliases.slice(0, MAX_ALIASES).find((alias) => alias.resolve(document) === undefined);
  return (unresolved ?? aliases[0])?.range?.[0] ?? 0;
}

/**
 * Drops redundant errors. A wrong property name is reported twice: with the broken rule, and with the name, which is
 * more useful.
 */
function telling(errors: ErrorObject[]): ErrorObject[] {
  return errors.filter(
    ({ keyword, propertyName }) => keyword === 'propertyNames' || propertyName === undefined,
  );
}

function fromSchemaError(error: ErrorObject): Complaint {
  const { instancePath, keyword, params, message } = error;
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const where = path.length === 0 ? 'the file' : `"${path.join('.')}"`;
  const details = params as Record<string, unknown>;
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(details.additionalProperty);
      return { path: [...path, key], reason: `unknown key "${key}"${suggestion(key, error)}`, atKey: true };
    }
    case 'propertyNames':
      return {
        path: [...path, String(details.propertyName)],
        reason: `"${String(details.propertyName)}" is not a valid name here`,
        atKey: true,
      };
    case 'required':
      return { path, reason: `${where} must have "${String(details.missingProperty)}"` };
    case 'type':
      return { path, reason: `${where} must be ${article(details.type)}${explanation(error)}` };
    case 'enum':
      return { path, reason: `${where} must be one of ${(details.allowedValues as unknown[]).join(', ')}` };
    default:
      return { path, reason: `${where} ${message ?? 'is not valid'}` };
  }
}

/** Returns the top-level key that the file lacks: the path of this error is the whole file. */
function missingKey({ keyword, instancePath, params }: ErrorObject): string | undefined {
  return keyword === 'required' && instancePath === ''
    ? String((params as { missingProperty: unknown }).missingProperty)
    : undefined;
}

/** The schema is known only with `verbose`. */
function suggestion(key: string, { parentSchema }: ErrorObject): string {
  const { properties = {} } = (parentSchema ?? {}) as { properties?: object };
  const similar = similarName([key], Object.keys(properties));
  return similar === null ? '' : `. Did you mean "${similar}"?`;
}

function explanation({ parentSchema }: ErrorObject): string {
  const { $comment } = (parentSchema ?? {}) as { $comment?: string };
  return $comment === undefined ? '' : `. ${$comment}`;
}

function article(type: unknown): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'a mapping',
    string: 'a string',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return [type]
    .flat()
    .map((one) => words[String(one)] ?? String(one))
    .join(' or ');
}

/** Returns the line of the path, or of its nearest existing parent. */
function lineOf(document: Document, { path, atKey }: Complaint, lineAt: (offset: number) => number): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      : undefined;
    if (pair && isNode(pair.key) && pair.key.range && (atKey || length === path.length))
      return lineAt(pair.key.range[0]);
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lineAt(node.range[0]);
  }
  return 1;
}
