import type { Instant } from '../clock/clock';
import type { LogLineInput, RunEvent } from '../events/run-event';
import { attemptOf, type Evidence, speaksForAttempt } from './event-authority';
import { commandOf, isServerEvent } from './event-command';
import type { Run } from './run';
import { type Emission, type Refusal, type RunPhase, transition } from './run-state';

/** What one event did. */
export interface EventEffect {
  outcome: 'applied' | Refusal;
  /** Its sender holds, or held, the attempt that it is about. */
  isFromHolder: boolean;
  /** Null where the phase stayed the same. */
  phaseChange: { from: RunPhase; to: RunPhase } | null;
  changed: Run | null;
  emits: Emission[];
  logLines: LogLineInput[] | null;
}

/**
 * What an event that was never seen before does to its run. The sender's authority comes first: what a stranger is
 * answered must not depend on how the run stands, or on who holds it. Pure.
 */
export function effectOf(event: RunEvent, run: Run, evidence: Evidence, now: Instant): EventEffect {
  const nothing: EventEffect = {
    outcome: 'applied',
    isFromHolder: true,
    phaseChange: null,
    changed: null,
    emits: [],
    logLines: null,
  };
  const fromStranger = (outcome: Refusal): EventEffect => ({ ...nothing, outcome, isFromHolder: false });
  // The server stores its own in the transaction that publishes them, so that they return as duplicates.
  if (isServerEvent(event.eventType)) return fromStranger('not-from-server');
  const attempt = attemptOf(event, run);
  if (attempt > run.attempt) return fromStranger('unknown-attempt');
  if (!speaksForAttempt(event, run, evidence)) return fromStranger('lease-lost');
  if (event.eventType === 'run.log') {
    return attempt === run.attempt
      ? { ...nothing, logLines: event.payload.lines }
      : { ...nothing, outcome: 'stale-attempt' };
  }
  const command = commandOf(event);
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
