import { elapsedText } from '../clock/elapsed-text';
import { elapsedMs, type Instant } from '../clock/clock';

/**
 * A part of a text about a run. Pages show an instant in the reader's time zone and update a duration every second. The
 * API and the CLI join the texts.
 */
export interface TextPart {
  text: string;
  /** `text` is this instant. */
  instant?: Instant;
  /** `text` is a duration that counts up from here. */
  elapsedMs?: number;
  /** `text` is a duration that counts down from here. */
  leftMs?: number;
}

export type Sentence = TextPart[];

export function plainText(parts: TextPart[]): string {
  return parts.map(({ text }) => text).join('');
}

/** Puts a space between sentences. */
export function joined(sentences: Sentence[]): TextPart[] {
  return sentences.flatMap((sentence, index) => (index === 0 ? sentence : [{ text: ' ' }, ...sentence]));
}

/** Template tag that returns the parts of a text. */
export function sentence(texts: TemplateStringsArray, ...values: (string | number | TextPart)[]): Sentence {
  const parts = texts.flatMap((text, index): TextPart[] => {
    const value = values[index];
    const after = value === undefined ? [] : [typeof value === 'object' ? value : { text: String(value) }];
    return [{ text }, ...after];
  });
  return merged(parts.filter(({ text }) => text !== ''));
}

export function at(instant: Instant): TextPart {
  return { text: instant, instant };
}

/** The time since `instant`. */
export function since(instant: Instant, now: Instant): TextPart {
  const ms = elapsedMs(instant, now);
  return { text: elapsedText(ms), elapsedMs: ms };
}

/** The time until `instant`, rounded up to a whole second, so that "0 s" means it has passed. */
export function until(instant: Instant, now: Instant): TextPart {
  const ms = elapsedMs(now, instant);
  return { text: elapsedText(ms + 999), leftMs: ms };
}

/** Joins adjacent parts that are plain text. */
function merged(parts: TextPart[]): TextPart[] {
  return parts.reduce<TextPart[]>((all, part) => {
    const last = all.at(-1);
    if (last === undefined || !isPlain(last) || !isPlain(part)) return [...all, part];
    return [...all.slice(0, -1), { text: last.text + part.text }];
  }, []);
}

function isPlain({ instant, elapsedMs: elapsed, leftMs }: TextPart): boolean {
  return instant === undefined && elapsed === undefined && leftMs === undefined;
}
