import { posix } from 'node:path';

/** The files that a document can link to. */
export interface DocumentPlace {
  /** The name of the document among the artifacts of its run. */
  name: string;
  /** Returns the address of the page of an artifact; null if the run has no artifact of that name. */
  pageOf: (name: string) => string | null;
  /** Returns the address of a picture; null if the run has no such artifact. */
  pictureOf: (name: string) => string | null;
}

export type DocumentLink =
  /** To another site, or to the page of an artifact. */
  | { type: 'page'; href: string; isOutside: boolean }
  /** To a place in the same document. */
  | { type: 'fragment'; fragment: string }
  /** To a file that the run does not have. Its target is shown as text. */
  | { type: 'dead'; target: string };

/** Ids of a document have this prefix, so that none is the id of another part of the page. */
export const ID_PREFIX = 'doc-';
const LONGEST_TARGET = 200;

export function documentLink(address: string, place: DocumentPlace): DocumentLink {
  if (/^(?:https?:\/\/|mailto:)/i.test(address)) return { type: 'page', href: address, isOutside: true };
  if (address.startsWith('#')) return { type: 'fragment', fragment: decoded(address.slice(1)) };
  const [path, fragment] = divided(address);
  const name = artifactName(path, place.name);
  const page = name === null ? null : place.pageOf(name);
  if (page === null) return { type: 'dead', target: decoded(address).slice(0, LONGEST_TARGET) };
  const href = fragment === '' ? page : `${page}#${ID_PREFIX}${encodeURIComponent(decoded(fragment))}`;
  return { type: 'page', href, isOutside: false };
}

/** Returns the address of a picture of the same run; null for any other, because a preview loads nothing from outside. */
export function documentPicture(address: string, place: DocumentPlace): string | null {
  const name = artifactName(divided(address)[0], place.name);
  return name === null ? null : place.pictureOf(name);
}

/**
 * Returns true if the text of a link already names its target: the name of the file, or the number of the line where
 * the text before it names the file.
 */
export function namesTarget(text: string, target: string): boolean {
  const [path, fragment] = divided(target);
  const base = posix.basename(path);
  return (base !== '' && text.includes(base)) || fragment === `L${text.trim()}`;
}

/**
 * Returns the name that GitHub gives to a heading, for links to it: lower case, without punctuation, and with hyphens
 * for spaces.
 */
export function headingSlug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** The ids of one document, each used once. */
export class DocumentIds {
  private readonly taken = new Set<string>();

  /** Returns the id for a heading; a number follows a name that is in use. Null for a heading without letters. */
  ofHeading(text: string): string | null {
    const slug = headingSlug(text);
    if (slug === '') return null;
    let name = slug;
    for (let number = 1; this.taken.has(name); number++) name = `${slug}-${number}`;
    return this.ofAnchor(name);
  }

  /** Returns the id for an anchor of the document; null if it is invalid or in use. */
  ofAnchor(name: string): string | null {
    if (name === '' || /\s/.test(name) || this.taken.has(name)) return null;
    this.taken.add(name);
    return ID_PREFIX + name;
  }

  /** Returns the link to an id of the document; null if there is none. */
  hrefOf(fragment: string): string | null {
    const name = [fragment, fragment.toLowerCase()].find((each) => this.taken.has(each));
    return name === undefined ? null : `#${ID_PREFIX}${encodeURIComponent(name)}`;
  }
}

/** Returns null for a path that cannot be an artifact of the run, such as one outside its folder. */
function artifactName(path: string, from: string): string | null {
  if (path === '' || path.startsWith('/') || /^[a-z][a-z\d+.-]*:/i.test(path)) return null;
  return posix.join(posix.dirname(from), decoded(path));
}

function divided(address: string): [path: string, fragment: string] {
  const at = address.indexOf('#');
  return at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
