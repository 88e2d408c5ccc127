import type { Instant } from '../../clock/clock';
import type { Run } from '../../runs/run';
import { errorSentences } from '../../runs/run-error';
import { stopSentences } from '../../runs/stop-text';
import { joined, type TextPart } from '../../runs/text-part';
import type { Waiting } from '../../runs/waiting';
import { waitingSentences } from '../../runs/waiting-text';
import { shortText } from './short-text';
import { type TimeText, timeText } from './time-text';

/** A part of a text on a page. Templates render it with the partial `words`. */
export interface PageWords extends TextPart {
  /** The instant as pages show it. */
  at?: TimeText;
}

export function pageWords(parts: TextPart[]): PageWords[] {
  return parts.map((part) => (part.instant === undefined ? part : { ...part, at: timeText(part.instant) }));
}

/** Returns why a run makes no progress; null if it does not wait. */
export function waitingWords(run: Run, waiting: Waiting | null, now: Instant): PageWords[] | null {
  return waiting && pageWords(joined(waitingSentences(waiting, run, now)));
}

/** Returns the first sentence, for a row of a list; for a stop, all sentences, because their times tick. */
export function waitingInShort(run: Run, waiting: Waiting | null, now: Instant): PageWords[] | null {
  if (waiting === null) return null;
  if (waiting.code === 'stopping') return pageWords(joined(stopSentences(run, now) ?? []));
  return pageWords(waitingSentences(waiting, run, now)[0] ?? []);
}

/** @param maxLength for each part, in characters: an error message can be any text */
export function errorWords(run: Run, maxLength: number): PageWords[] | null {
  const sentences = errorSentences(run);
  return (
    sentences &&
    pageWords(joined(sentences).map((part) => ({ ...part, text: shortText(part.text, maxLength) })))
  );
}
