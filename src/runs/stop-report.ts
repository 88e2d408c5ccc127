import { elapsedMs, type Instant, plusSeconds } from '../clock/clock';
import type { ReportedStopping } from '../events/run-event';
import type { Run, StopReport } from './run';

/** How many of those that are alive are kept by name. */
export const MAX_NAMED_PROCESSES = 5;

/**
 * What is kept of such a report; null where it does not count: nobody has asked for the stop that it speaks of, or
 * its step is over by now. The worker's clock may be wrong, so its times are taken as distances from its report.
 */
export function stopReportOf(
  run: Run,
  step: string | undefined,
  said: ReportedStopping,
  occurredAt: Instant,
  at: Instant,
): StopReport | null {
  const { cause = 'stop-requested', signal, sentAt, killAt, aliveCount, alive = [] } = said;
  if (cause === 'stop-requested' && run.cancelRequestedAt === null) return null;
  if (run.steps.some(({ name, endedAt }) => name === step && endedAt !== null)) return null;
  return {
    step: step ?? null,
    cause,
    signal,
    sentAt: isTime(sentAt) ? plusSeconds(at, -elapsedMs(sentAt, occurredAt) / 1000) : at,
    killAt:
      signal === 'SIGTERM' && isTime(killAt) ? plusSeconds(at, elapsedMs(occurredAt, killAt) / 1000) : null,
    aliveCount: aliveCount ?? null,
    alive: alive.slice(0, MAX_NAMED_PROCESSES).map(({ pid, name }) => ({ pid, name })),
  };
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text));
}
