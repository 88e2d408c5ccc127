import type { ErrorObject, ValidateFunction } from 'ajv';
import { type Alias, type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';

export type ParsedYaml<Content> =
  | { content: Content; line?: undefined; reason?: undefined }
  | { content?: undefined; line: number | null; reason: string };

/** To find what an alias stands for takes a walk through the file. */
const MAX_ALIASES = 100;
/** As JSON. */
const MAX_EXPANDED_LENGTH = 2 * 1024 * 1024;

/** What is wrong, and where in the file. */
export type Complaint = { path: (string | number)[]; reason: string; atKey?: boolean };

/**
 * Reads a file of the configuration. Never throws: a file that cannot be used says where and why.
 * @param validate the schema, compiled
 * @param example of what the file begins with, for one that is no mapping at all
 * @param complaintAbout the rules that span more than one place of the file
 */
export function parseYaml<Content>(
  source: string,
  validate: ValidateFunction<Content>,
  example: string,
  complaintAbout: (content: Content) => Complaint | null = () => null,
): ParsedYaml<Content> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;

  const [syntaxError] = document.errors;
  if (syntaxError) return { line: lineAt(syntaxError.pos[0]), reason: syntaxError.message };
  if (!isMap(document.contents))
    return { line: 1, reason: `the file must be a mapping such as "${example}"` };

  const aliases = aliasesOf(document);
  const content = toJs<Content>(document, aliases.length);
  if (typeof content === 'string') return { line: lineAt(aliasAtFault(document, aliases)), reason: content };
  const complaint = validate(content)
    ? complaintAbout(content)
    : fromSchemaError(tellingOf(validate.errors!));
  if (complaint) return { line: lineOf(document, complaint, lineAt), reason: complaint.reason };
  return { content };
}

/** @returns the content, or what is wrong with its aliases */
function toJs<Content>(document: Document, aliases: number): Content | string {
  if (aliases > MAX_ALIASES) return `the file has more than ${MAX_ALIASES} aliases`;
  try {
    const content = document.toJS({ maxAliasCount: MAX_ALIASES }) as Content;
    if (aliases === 0 || JSON.stringify(content).length <= MAX_EXPANDED_LENGTH) return content;
    return `the file takes more than ${MAX_EXPANDED_LENGTH} characters with its aliases written out`;
  } catch (error) {
    // JSON refuses what contains itself.
    if (error instanceof TypeError) return 'an alias stands for a part of the file that contains it';
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

/** The offset of the alias that has no anchor, or of the first one where there are too many. */
function aliasAtFault(document: Document, aliases: Alias[]): number {
  const unresolved = aliases.slice(0, MAX_ALIASES).find((alias) => alias.resolve(document) === undefined);
  return (unresolved ?? aliases[0])?.range?.[0] ?? 0;
}

/** A wrong name is told twice: first which rule it broke, then which name it is. The latter helps. */
function tellingOf(errors: ErrorObject[]): ErrorObject {
  return errors.find(({ keyword }) => keyword === 'propertyNames') ?? errors[0]!;
}

function fromSchemaError({ instancePath, keyword, params, message }: ErrorObject): Complaint {
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
      return { path: [...path, key], reason: `unknown key "${key}"`, atKey: true };
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
      return { path, reason: `${where} must be ${article(details.type)}` };
    case 'enum':
      return { path, reason: `${where} must be one of ${(details.allowedValues as unknown[]).join(', ')}` };
    default:
      return { path, reason: `${where} ${message ?? 'is not valid'}` };
  }
}

function article(type: unknown): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'a mapping',
    string: 'a text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return [type]
    .flat()
    .map((one) => words[String(one)] ?? String(one))
    .join(' or ');
}

/** The line of the place itself, or of the nearest one around it that the file has. */
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
