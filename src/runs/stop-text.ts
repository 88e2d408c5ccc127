import { elapsedText } from '../clock/elapsed-text';
import { elapsedMs, type Instant } from '../clock/clock';
import type { StoppingCause } from '../events/run-event';
import { isTerminal, type Run, type StopReport } from './run';

/** A piece of a sentence: plain text, or a time that goes on while it is read. */
export interface Words {
  text: string;
  /** Counted up from here. */
  elapsedMs?: number;
  /** Counted down from here. */
  leftMs?: number;
}

const CAUSES: Record<Exclude<StoppingCause, 'stop-requested'>, (step: string) => string> = {
  'run-timed-out': () => 'The run took longer than allowed. ',
  'step-timed-out': (step) => `${capital(step)} took longer than allowed. `,
  'left-behind': (step) => `${capital(step)} has ended but left processes behind. `,
  'shutting-down': () => 'The worker is shutting down. ',
};

/** How a stop goes on, said with the times in it; null where nothing is being stopped. */
export function stopWords(run: Run, now: Instant): Words[] | null {
  const { stopReport, cancelRequestedAt } = run;
  if (isTerminal(run)) return null;
  if (stopReport !== null) return reportedWords(stopReport, now);
  return cancelRequestedAt === null ? null : askedWords(run, cancelRequestedAt, now);
}

export function plainText(words: Words[]): string {
  return words.map(({ text }) => text).join('');
}

function askedWords({ workerId, stopBy }: Run, askedAt: Instant, now: Instant): Words[] {
  const worker = workerId === null ? 'The worker that has the run' : `The worker ${workerId}`;
  return [
    { text: 'A stop was asked for ' },
    since(askedAt, now),
    { text: ` ago. ${worker} has not confirmed it yet` },
    ...(stopBy === null
      ? [{ text: '.' }]
      : [{ text: '; without a word from it the run is cancelled in ' }, until(stopBy, now), { text: '.' }]),
  ];
}

function reportedWords(report: StopReport, now: Instant): Words[] {
  const { signal, cause, sentAt, killAt, aliveCount } = report;
  const step = report.step === null ? 'the work' : `step ${report.step}`;
  const because = cause === 'stop-requested' ? '' : CAUSES[cause](step);
  const target = cause === 'left-behind' ? 'them' : step;
  const sent = [{ text: `${because}${signal} was sent to ${target} ` }, since(sentAt, now), { text: ' ago' }];
  if (aliveCount === 0) return [...sent, { text: ', and none of its processes is alive any more.' }];
  const kill = killAt === null ? [] : [until(killAt, now)];
  if (aliveCount === null) {
    return kill.length === 0
      ? [...sent, { text: '.' }]
      : [...sent, { text: '; what is still alive is killed in ' }, ...kill, { text: '.' }];
  }
  const pronoun = aliveCount === 1 ? 'it is' : 'they are';
  return [
    ...sent,
    { text: `. Still alive: ${aliveWords(report, aliveCount)}` },
    ...(kill.length === 0 ? [{ text: '.' }] : [{ text: `; ${pronoun} killed in ` }, ...kill, { text: '.' }]),
  ];
}

function aliveWords({ alive }: StopReport, aliveCount: number): string {
  const named = alive.map(({ pid, name }) => `${name} (pid ${pid})`);
  const others = aliveCount - named.length;
  if (named.length === 0) return aliveCount === 1 ? '1 process' : `${aliveCount} processes`;
  return others > 0 ? `${named.join(', ')} and ${others} more` : named.join(', ');
}

function since(instant: Instant, now: Instant): Words {
  const ms = elapsedMs(instant, now);
  return { text: elapsedText(ms), elapsedMs: ms };
}

function until(instant: Instant, now: Instant): Words {
  const ms = elapsedMs(now, instant);
  // Up to the next whole second: "0 s" is when it really is over.
  return { text: elapsedText(ms + 999), leftMs: ms };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
