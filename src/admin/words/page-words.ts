import type { Instant } from '../../clock/clock';
import type { Run } from '../../runs/run';
import type { RunView } from '../../runs/run-view';
import { stopWords, type Words } from '../../runs/stop-words';
import { type TimeText, timeText } from './time-text';

/** Words of a page: a moment in them is shown in the reader's own time. */
export interface PageWords extends Words {
  at?: TimeText;
}

const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)/;

/** A sentence that is the same everywhere, with its moments as moments. */
export function wordsWithTimes(message: string): PageWords[] {
  return message
    .split(INSTANT)
    .filter((text) => text !== '')
    .map((text) => (INSTANT.test(text) ? { text, at: timeText(text) } : { text }));
}

/** Why a run is not further, its times going on while it is read; null where nothing holds it up. */
export function waitingWords(
  run: Run,
  { waiting }: Pick<RunView, 'waiting'>,
  now: Instant,
): PageWords[] | null {
  return waiting && (stopWords(run, now) ?? wordsWithTimes(waiting.message));
}
