import {
  withoutEscapes,
  type Encoding,
  encodedRanges,
  encodingsFor,
  MAX_ESCAPE_LENGTH,
  type TextRange,
  withoutOpenEscape,
} from './text-encodings';
import { SecretFinder } from './secret-finder';
import { secretForms } from './secret-forms';

const MASK = '***';

/** Masks the values of `passEnv` variables and of secret params of a step, wherever they would appear, also encoded. */
export class SecretMask {
  private readonly finder: SecretFinder | null;
  private readonly encodings: Encoding[];
  /** Characters needed at once to recognize the longest secret in any encoding. */
  readonly longest: number;

  constructor(secrets: string[]) {
    const forms = secretForms(secrets);
    const plain = forms.filter(({ base64 }) => base64 === null).map(({ text }) => text);
    this.finder = forms.length === 0 ? null : new SecretFinder(forms);
    this.encodings = encodingsFor(plain);
    this.longest = MAX_ESCAPE_LENGTH * plain.reduce((most, { length }) => Math.max(most, length), 0);
  }

  apply(text: string): string {
    return this.finder === null ? text : masked(text, this.ranges(text, this.finder, false));
  }

  /**
   * Masks the start of a longer text. A partial secret at the cut is masked too, and a partial escape is removed,
   * because a secret would not be found in it.
   */
  applyToStart(text: string): string {
    if (this.finder === null) return text;
    const start = withoutOpenEscape(text);
    const ranges = this.ranges(start, this.finder, true);
    // A single sign, as in "72%", tells nothing of a secret, unless one has begun before it.
    const sign = text.slice(start.length);
    const isShown = sign.length === 1 && !ranges.some(({ end }) => end === start.length);
    return masked(start, ranges) + (isShown ? sign : '');
  }

  /** Masks all strings within a value, including member names. */
  applyWithin<Value>(value: Value): Value {
    if (typeof value === 'string') return this.apply(value) as Value;
    if (Array.isArray(value)) return value.map((item: unknown) => this.applyWithin(item)) as Value;
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.apply(name), this.applyWithin(member as unknown)]),
    ) as Value;
  }

  private ranges(text: string, finder: SecretFinder, isCut: boolean): TextRange[] {
    const find = (searched: string) => {
      const found = finder.find(searched);
      const begun = isCut ? finder.startAtEnd(searched) : 0;
      if (begun > 0) found.push({ start: searched.length - begun, end: searched.length });
      return found;
    };
    const found = find(text);
    for (const encoding of this.encodings) {
      const decoded = withoutEscapes(text, encoding);
      if (decoded === text) continue;
      const within = find(decoded);
      if (within.length > 0) found.push(...encodedRanges(text, encoding, within));
    }
    return found;
  }
}

/** Replaces each part by a mask, and parts that overlap by one. */
function masked(text: string, ranges: TextRange[]): string {
  if (ranges.length === 0) return text;
  let result = '';
  let end = 0;
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    if (range.start >= end) result += `${text.slice(end, range.start)}${MASK}`;
    end = Math.max(end, range.end);
  }
  return result + text.slice(end);
}
