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
  return sentences.flatMap((each, index) => (index === 0 ? each : [{ text: ' ' }, ...each]));
}

/** Template tag that returns the parts of a text, with adjacent plain text in one part. */
export function sentence(texts: TemplateStringsArray, ...values: (string | number | TextPart)[]): Sentence {
  const parts: Sentence = [];
  let plain = '';
  for (const [index, text] of texts.entries()) {
    const value = values[index] ?? '';
    plain += text;
    if (typeof value === 'object' && !isPlain(value)) {
      if (plain !== '') parts.push({ text: plain });
      parts.push(value);
      plain = '';
    } else {
      plain += typeof value === 'object' ? value.text : value;
    }
  }
  return plain === '' ? parts : [...parts, { text: plain }];
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

function isPlain({ instant, elapsedMs: elapsed, leftMs }: TextPart): boolean {
  return instant === undefined && elapsed === undefined && leftMs === undefined;
}
