import { type Instant, toInstant } from '../../clock/clock';
import type { Run } from '../../runs/run';
import { errorSentences } from '../../runs/run-error';
import { stopSentences } from '../../runs/stop-text';
import { joined, type TextPart } from '../../runs/text-part';
import type { Waiting } from '../../runs/waiting';
import { waitingSentences } from '../../runs/waiting-text';
import { shortText } from './short-text';
import { ticking } from './ticking';
import { type TimeText, timeText } from './time-text';

/** A part of a text on a page. Templates render it with the partial `words`. */
export interface PageWords extends TextPart {
  /** The instant as pages show it. */
  at?: TimeText;
}

export function pageWords(parts: TextPart[]): PageWords[] {
  return parts.map((part) => (part.instant === undefined ? part : { ...part, at: timeText(part.instant) }));
}

function tickingWords(parts: TextPart[], now: Instant): PageWords[] {
  return pageWords(parts).map((part) => {
    const { elapsedMs, leftMs } = part;
    if (elapsedMs !== undefined) return ticking({ ...part }, { since: shifted(now, -elapsedMs) });
    if (leftMs === undefined) return part;
    // After the end, the difference to now is no longer known.
    return ticking({ ...part }, { until: leftMs === 0 ? null : shifted(now, leftMs) });
  });
}

function shifted(instant: Instant, ms: number): Instant {
  return toInstant(Date.parse(instant) + ms);
}

/** Returns why a run makes no progress; null if it does not wait. */
export function waitingWords(run: Run, waiting: Waiting | null, now: Instant): PageWords[] | null {
  return withoutIdleTimes(waiting, (each) => tickingWords(joined(waitingSentences(each, run, now)), now));
}

/** Returns the first sentence, for a row of a list; for a stop, all sentences, because their times tick. */
export function waitingInShort(run: Run, waiting: Waiting | null, now: Instant): PageWords[] | null {
  return withoutIdleTimes(waiting, (each) =>
    each.code === 'stopping'
      ? tickingWords(joined(stopSentences(run, now) ?? []), now)
      : tickingWords(waitingSentences(each, run, now)[0] ?? [], now),
  );
}

/** @param maxLength for each part, in characters: an error message can be any text */
export function errorWords(run: Run, maxLength: number): PageWords[] | null {
  const sentences = errorSentences(run);
  return (
    sentences &&
    pageWords(joined(sentences).map((part) => ({ ...part, text: shortText(part.text, maxLength) })))
  );
}

/** The sentences contain the idle times of consumers as plain text, so these tick with the whole text. */
function withoutIdleTimes(
  waiting: Waiting | null,
  wordsOf: (waiting: Waiting) => PageWords[],
): PageWords[] | null {
  if (waiting === null) return null;
  if (!('consumers' in waiting)) return wordsOf(waiting);
  const consumers = waiting.consumers.map((consumer) => ({ ...consumer, idleMs: 0 }));
  return ticking(wordsOf(waiting), wordsOf({ ...waiting, consumers }));
}
