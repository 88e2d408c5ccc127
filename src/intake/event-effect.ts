import type { Instant } from '../clock/clock';
import type { LogLineInput, RunEvent } from '../events/run-event';
import { attemptOf, type Evidence, speaksForAttempt } from './event-authority';
import { commandOf, isServerEvent } from './event-command';
import type { RunResult } from '../results/run-result';
import type { Run } from '../runs/run';
import { type Emission, type Refusal, type RunPhase, transition } from '../runs/run-state';

/** The effect of one event. */
export interface EventEffect {
  outcome: 'applied' | Refusal;
  /** The sender holds, or held, the lease of the event's attempt. */
  isFromHolder: boolean;
  /** Null if the phase did not change. */
  phaseChange: { from: RunPhase; to: RunPhase } | null;
  changed: Run | null;
  emits: Emission[];
  logLines: LogLineInput[] | null;
}

/**
 * Returns the effect of a new event on its run. Authority is checked first, so that the answer to an unauthorized
 * sender reveals neither the state of the run nor its holder. Pure.
 * @param result what became of the file that the event offers as a result
 */
export function effectOf(
  event: RunEvent,
  run: Run,
  evidence: Evidence,
  now: Instant,
  result: RunResult | null = null,
): EventEffect {
  const nothing: EventEffect = {
    outcome: 'applied',
    isFromHolder: true,
    phaseChange: null,
    changed: null,
    emits: [],
    logLines: null,
  };
  const fromStranger = (outcome: Refusal): EventEffect => ({ ...nothing, outcome, isFromHolder: false });
  // The server's own events are stored when they are published, so they return as duplicates.
  if (isServerEvent(event.eventType)) return fromStranger('not-from-server');
  const attempt = attemptOf(event, run);
  if (attempt > run.attempt) return fromStranger('unknown-attempt');
  if (!speaksForAttempt(event, run, evidence)) return fromStranger('lease-lost');
  if (event.eventType === 'run.log') {
    return attempt === run.attempt
      ? { ...nothing, logLines: event.payload.lines }
      : { ...nothing, outcome: 'stale-attempt' };
  }
  const command = commandOf(event, result);
  if (!command) return nothing;
  const done = transition(run, command, now);
  if (!done.applied) return { ...nothing, outcome: done.refusal };
  return {
    ...nothing,
    changed: done.run,
    emits: done.emits,
    phaseChange: done.from === done.to ? null : { from: done.from, to: done.to },
  };
}
