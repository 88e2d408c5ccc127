import type { Instant } from '../clock/clock';
import type { LogLineInput, RunEvent } from '../events/run-event';
import { type Evidence, speaksForAttempt } from './event-authority';
import { commandOf } from './event-command';
import type { Run } from './run';
import { type Emission, type Refusal, transition } from './run-state';

/** What one event did. */
export interface EventEffect {
  outcome: 'applied' | Refusal;
  /** Its sender holds, or held, the attempt that it is about. */
  isFromHolder: boolean;
  /** `active → completed`, where the phase changed. */
  inWords: string | null;
  changed: Run | null;
  emits: Emission[];
  logLines: LogLineInput[] | null;
}

/** What an event that was never seen before does to its run. Pure. */
export function effectOf(event: RunEvent, run: Run, evidence: Evidence, now: Instant): EventEffect {
  const isFromHolder = speaksForAttempt(event, run, evidence);
  const nothing: EventEffect = {
    outcome: 'applied',
    isFromHolder,
    inWords: null,
    changed: null,
    emits: [],
    logLines: null,
  };
  if (event.eventType === 'run.log') {
    const { attempt = run.attempt, lines } = event.payload;
    if (attempt === run.attempt) {
      return isFromHolder ? { ...nothing, logLines: lines } : { ...nothing, outcome: 'lease-lost' };
    }
    return { ...nothing, outcome: attempt < run.attempt ? 'stale-attempt' : 'unknown-attempt' };
  }
  const command = commandOf(event);
  if (!command) return nothing;
  const done = transition(run, command, now);
  if (!done.applied) return { ...nothing, outcome: done.refusal };
  if (!isFromHolder) return { ...nothing, outcome: 'lease-lost' };
  return {
    ...nothing,
    changed: done.run,
    emits: done.emits,
    inWords: done.from === done.to ? null : `${done.from} → ${done.to}`,
  };
}
