import type { TextRange } from './text-encodings';
import { type Base64Form, CHARACTERS_BEFORE, type SecretForm } from './secret-forms';

/** Characters that the hash covers. No form is shorter. */
const HASHED = 4;
/** Distance in characters of the positions at which a long base64 form is recognized. */
const BLOCK = 8;
/** Programs break base64 into lines, so a part of this length is a find. It contains a complete block. */
const MIN_FRAGMENT = 2 * BLOCK;
const IN_BASE64 = /[\w+/-]/;

/** A position within a form at which a scan recognizes it. */
interface Anchor {
  form: SecretForm;
  position: number;
}

/**
 * Finds forms of secrets in one pass, however many there are: a rolling hash of the last characters selects the forms
 * to compare. A regular expression with all forms tries them one after the other at each position.
 */
export class SecretFinder {
  private readonly anchors = new Map<number, Anchor[]>();
  /** Not 0 for hashes with anchors. */
  private readonly marks: Uint8Array;
  private readonly bitMask: number;
  private readonly shift: number;

  constructor(private readonly forms: SecretForm[]) {
    const anchors = forms.flatMap(anchorsOf);
    // Most hashes of other texts find no mark in a table this large.
    const bits = Math.min(20, Math.max(12, Math.ceil(Math.log2(anchors.length + 1)) + 5));
    this.bitMask = 2 ** bits - 1;
    this.shift = Math.ceil(bits / HASHED);
    this.marks = new Uint8Array(2 ** bits);
    for (const anchor of anchors) {
      const { form, position } = anchor;
      let hash = 0;
      for (let at = position; at < position + HASHED; at++)
        hash = ((hash << this.shift) ^ form.text.charCodeAt(at)) & this.bitMask;
      this.marks[hash] = 1;
      const others = this.anchors.get(hash);
      if (others === undefined) this.anchors.set(hash, [anchor]);
      else others.push(anchor);
    }
  }

  /** Returns the parts of the text that contain secrets, in any order. Parts may overlap. */
  find(text: string): TextRange[] {
    const found: TextRange[] = [];
    // Every character of every log line passes here; reading members would take most of the time.
    const { marks, shift, bitMask } = this;
    /** Where the last find of a form ends: the same text repeated is as many finds, none of which overlap. */
    const ends = new Map<SecretForm, number>();
    let coveredTo = 0;
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      hash = ((hash << shift) ^ text.charCodeAt(at)) & bitMask;
      if (marks[hash] === 0 || at < HASHED - 1) continue;
      for (const anchor of this.anchors.get(hash)!) {
        const start = at - HASHED + 1;
        const range = start < (ends.get(anchor.form) ?? 0) ? null : rangeAt(text, start, anchor, coveredTo);
        if (range === null) continue;
        found.push(range);
        ends.set(anchor.form, range.end);
        coveredTo = Math.max(coveredTo, range.end);
      }
    }
    return found;
  }

  /** Returns the length of the longest proper start of a form at the end of the text. */
  startAtEnd(text: string): number {
    const last = text.charCodeAt(text.length - 1);
    let longest = 0;
    for (const { text: form } of this.forms) {
      for (let length = Math.min(form.length - 1, text.length); length > longest; length--) {
        if (form.charCodeAt(length - 1) === last && text.endsWith(form.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}

function anchorsOf(form: SecretForm): Anchor[] {
  if (!isFragmentable(form)) return [{ form, position: 0 }];
  const count = Math.floor(form.text.length / BLOCK);
  return Array.from({ length: count }, (_, index) => ({ form, position: index * BLOCK }));
}

function isFragmentable({ text, isWholeWord, base64 }: SecretForm): boolean {
  return base64 !== null && !isWholeWord && text.length >= MIN_FRAGMENT;
}

/** @param coveredTo a form that ends before it changes nothing */
function rangeAt(text: string, at: number, { form, position }: Anchor, coveredTo: number): TextRange | null {
  if (isFragmentable(form)) return fragmentAt(text, at, form.text, position, form.base64!, coveredTo);
  const end = at + form.text.length;
  if (end <= coveredTo || !text.startsWith(form.text, at)) return null;
  if (form.base64 !== null) {
    return form.isWholeWord && !isWholeWordWithin(text, at, end, form.base64)
      ? null
      : withEdges(text, at, end, form.base64.offset > 0, true);
  }
  return form.isWholeWord && !isWholeWord(text, at, end) ? null : { start: at, end };
}

function fragmentAt(
  text: string,
  at: number,
  form: string,
  position: number,
  { offset }: Base64Form,
  coveredTo: number,
): TextRange | null {
  if (at + BLOCK <= coveredTo || !text.startsWith(form.slice(position, position + BLOCK), at)) return null;
  let first = position;
  let start = at;
  while (first > 0 && start > 0 && form[first - 1] === text[start - 1]) {
    first--;
    start--;
  }
  let last = position + BLOCK;
  let end = at + BLOCK;
  while (last < form.length && end < text.length && form[last] === text[end]) {
    last++;
    end++;
  }
  if (last - first < MIN_FRAGMENT) return null;
  return withEdges(text, start, end, first === 0 && offset > 0, last === form.length);
}

/** Includes the characters that contain bits both of the secret and of its neighbours, and the padding. */
function withEdges(text: string, start: number, end: number, before: boolean, after: boolean): TextRange {
  const first = before && start > 0 ? start - 1 : start;
  if (!after) return { start: first, end };
  let last = end < text.length && IN_BASE64.test(text[end]!) ? end + 1 : end;
  while (text[last] === '=' && last < end + 3) last++;
  return { start: first, end: last };
}

function isWholeWord(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 20), start);
  // A colour code ends with a letter.
  const joinsBefore = /[\p{L}\p{N}_]$/u.test(before) && !/\x1b\[[\d;:]*[A-Za-z]$/.test(before);
  return !joinsBefore && !/^[\p{L}\p{N}_]/u.test(text.slice(end, end + 2));
}

/** Whether the bytes around the secret, which the same base64 text encodes, are not part of a word. */
function isWholeWordWithin(text: string, start: number, end: number, { bytes, offset }: Base64Form): boolean {
  const group = start - CHARACTERS_BEFORE[offset]!;
  const isEncoded = (from: number, to: number) => from >= 0 && /^[\w+/-]*$/.test(text.slice(from, to));
  if (!isEncoded(group, start)) return false;
  const from = isEncoded(group - 4, group) ? group - 4 : group;
  const decoded = Buffer.from(text.slice(from, end + 4), 'base64');
  const at = ((group - from) / 4) * 3 + offset;
  return (
    decoded.subarray(at, at + bytes.length).equals(bytes) &&
    !isWordByte(decoded[at - 1]) &&
    !isWordByte(decoded[at + bytes.length])
  );
}

/** Bytes from 128 belong to letters outside of ASCII. */
function isWordByte(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= 128 || /\w/.test(String.fromCharCode(byte)));
}
