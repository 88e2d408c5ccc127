import type { Instant } from '../clock/clock';
import type { StoppingCause } from '../events/run-event';
import { isTerminal, type Run, type StopReport } from './run';
import { type Sentence, sentence, since, type TextPart, until } from './text-part';

/** Steps that are described when several are stopped at once. */
const SHOWN_REPORTS = 3;

/** Texts for ending processes without a requested stop. */
const CAUSES: Record<Exclude<StoppingCause, 'stop-requested'>, (step: string) => string> = {
  'run-timed-out': () => 'The run took longer than allowed.',
  'step-timed-out': (step) => `${capital(step)} took longer than allowed.`,
  'left-behind': (step) => `${capital(step)} has ended but left processes behind.`,
  'shutting-down': () => 'The worker is shutting down.',
};

/** Describes the progress of a stop; null if nothing is being stopped. */
export function stopSentences(run: Run, now: Instant): Sentence[] | null {
  const { stopReports, cancelRequestedAt } = run;
  if (isTerminal(run)) return null;
  if (stopReports !== null) return reportsSentences(stopReports, now);
  return cancelRequestedAt === null ? null : requestSentences(run, cancelRequestedAt, now);
}

function requestSentences({ workerId, stopBy }: Run, requestedAt: Instant, now: Instant): Sentence[] {
  const worker = workerId === null ? 'The worker that holds the run' : `Worker ${workerId}`;
  return [
    sentence`Stop requested ${since(requestedAt, now)} ago.`,
    stopBy === null
      ? sentence`${worker} has not confirmed it yet.`
      : sentence`${worker} has not confirmed it yet; without confirmation the run is cancelled in ${until(stopBy, now)}.`,
  ];
}

function reportsSentences(reports: StopReport[], now: Instant): Sentence[] {
  const others = reports.length - SHOWN_REPORTS;
  return [
    ...reports.slice(0, SHOWN_REPORTS).flatMap((report) => reportSentences(report, now)),
    ...(others > 0
      ? [sentence`${others === 1 ? '1 more step is' : `${others} more steps are`} being stopped.`]
      : []),
  ];
}

function reportSentences(report: StopReport, now: Instant): Sentence[] {
  const { signal, cause, sentAt, killAt, aliveCount } = report;
  const step = report.step === null ? 'the processes' : `step ${report.step}`;
  const target = cause === 'left-behind' ? 'them' : step;
  const sent = sentence`${signal} was sent to ${target} ${since(sentAt, now)} ago`;
  return [
    ...(cause === 'stop-requested' ? [] : [sentence`${CAUSES[cause](step)}`]),
    ...signalSentences(sent, report, aliveCount, killAt === null ? null : until(killAt, now)),
  ];
}

function signalSentences(
  sent: Sentence,
  report: StopReport,
  aliveCount: number | null,
  killIn: TextPart | null,
): Sentence[] {
  if (aliveCount === 0) return [[...sent, { text: '; all processes have ended.' }]];
  if (aliveCount === null)
    return [
      killIn === null
        ? [...sent, { text: '.' }]
        : [...sent, { text: '; processes still alive are killed in ' }, killIn, { text: '.' }],
    ];
  const alive = `Still alive: ${aliveNames(report, aliveCount)}`;
  const pronoun = aliveCount === 1 ? 'it is' : 'they are';
  return [
    [...sent, { text: '.' }],
    killIn === null ? sentence`${alive}.` : sentence`${alive}; ${pronoun} killed in ${killIn}.`,
  ];
}

function aliveNames({ alive }: StopReport, aliveCount: number): string {
  const named = alive.map(({ pid, name }) => `${name} (pid ${pid})`);
  const others = aliveCount - named.length;
  if (named.length === 0) return aliveCount === 1 ? '1 process' : `${aliveCount} processes`;
  return others > 0 ? `${named.join(', ')} and ${others} more` : named.join(', ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
