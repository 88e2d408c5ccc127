import type { RunEventType } from '../../events/run-event';
import { numberText } from '../words/number-text';
import { reasonWords } from '../../runs/reason-words';
import { requestedWords, triggeredWords } from '../words/run-words';
import { scopeWords, STATUS_WORDS } from '../words/status-words';
import type { AliveProcesses, RoutineEntry, TimelineEntry } from './timeline-entry';

const MAX_NAMED_ARTIFACTS = 3;
/** For a rejected event, whose type can be any text. */
const MAX_TYPE_LENGTH = 100;

const FINAL_TYPES: string[] = ['run.completed', 'run.failed', 'run.cancelled'] satisfies RunEventType[];
const TOO_LARGE = '(too large to show in detail)';

const ROUTINE_NAMES: Record<RoutineEntry['kind'], [one: string, many: string]> = {
  progress: ['progress report', 'progress reports'],
  heartbeat: ['heartbeat', 'heartbeats'],
  log: ['log batch', 'log batches'],
};

/** Returns the sentence for an entry. `aliveText` returns the one for a signal's `alive`. */
export function entryText(entry: TimelineEntry): string {
  switch (entry.kind) {
    case 'accepted':
      return `Accepted, ${triggeredWords(entry)}: ${scopeWords(entry.scope)}`;
    case 'published':
      return entry.attempt === 1
        ? 'Published to workers'
        : `Published to workers as attempt ${entry.attempt}`;
    case 'published-again':
      return `Published to workers again, requested ${requestedWords(entry.requestedBy)}`;
    case 'worker-started':
      return `${entry.workerId} started attempt ${entry.attempt}`;
    case 'progress':
    case 'heartbeat':
    case 'log':
      return routineText([entry]);
    case 'step':
      return stepText(entry);
    case 'step-attempt':
      return attemptText(entry);
    case 'artifacts':
      return `Created ${artifactNames(entry.names)}`;
    case 'signal':
      return `${entry.signal} sent to ${entry.step === null ? 'the processes' : `step ${entry.step}`}`;
    case 'completed':
      return 'Run completed';
    case 'partial':
      return `Run ended as partial${entry.reason === null ? '' : `: ${reasonWords(entry.reason)}`}`;
    case 'failed':
      return `Run failed: ${entry.message} (${entry.errorCode})`;
    case 'cancelled':
      return 'Worker confirmed the stop; run cancelled';
    case 'stop-requested':
      return `Stop requested ${requestedWords(entry.requestedBy)}`;
    case 'withdrawn':
      return `Stop sent to workers: ${reasonWords(entry.reason)}`;
    case 'ended':
      return `${STATUS_WORDS[entry.status]}${entry.reason === null ? '' : `: ${reasonWords(entry.reason)}`}`;
    case 'foreign':
      return entry.eventType === 'run.requested'
        ? 'Unknown sender published run.requested; ignored'
        : 'Unknown sender asked workers to stop; the run itself was not asked to stop';
    case 'large':
      return largeText(entry);
    case 'other':
      return `${entry.eventType} applied`;
    case 'refused':
      return refusedText(entry);
    case 'rejected':
      return `${(entry.eventType ?? 'Event').slice(0, MAX_TYPE_LENGTH)} rejected: ${entry.reason}`;
  }
}

/** Returns "3 progress reports, 2 heartbeats and 1 log batch", in the order of first occurrence. */
export function routineText(entries: RoutineEntry[]): string {
  const counts = new Map<RoutineEntry['kind'], number>();
  for (const { kind } of entries) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const parts = [...counts].map(
    ([kind, count]) => `${numberText(count)} ${ROUTINE_NAMES[kind][count === 1 ? 0 : 1]}`,
  );
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** Returns "still alive: python3 (pid 7)". */
export function aliveText({ count, named }: AliveProcesses): string {
  if (count === 0) return 'all processes have ended';
  const names = named.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ');
  return `still alive: ${names || numberText(count)}`;
}

function stepText({ step, status, exitCode }: Extract<TimelineEntry, { kind: 'step' }>): string {
  if (status === 'running') return `Step ${step} started`;
  const code = status === 'failed' && exitCode !== null ? ` with exit code ${exitCode}` : '';
  return `Step ${step} ${status}${code}`;
}

function attemptText({ step, attempt }: Extract<TimelineEntry, { kind: 'step-attempt' }>): string {
  const { number, status, exitCode = null } = attempt;
  if (status === 'running') return `Attempt ${number} of step ${step} started`;
  const code = status === 'failed' && exitCode !== null ? ` with exit code ${exitCode}` : '';
  return `Attempt ${number} of step ${step} ${status}${code}`;
}

function artifactNames(names: string[]): string {
  const more = names.length - MAX_NAMED_ARTIFACTS;
  return names.slice(0, MAX_NAMED_ARTIFACTS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function largeText({ eventType, isPartial }: Extract<TimelineEntry, { kind: 'large' }>): string {
  switch (eventType) {
    case 'run.requested':
      return `Published to workers ${TOO_LARGE}`;
    case 'run.started':
      return `A worker started ${TOO_LARGE}`;
    case 'run.progress':
      return `Progress report ${TOO_LARGE}`;
    case 'run.completed':
      return `Run ${isPartial ? 'ended as partial' : 'completed'} ${TOO_LARGE}`;
    case 'run.failed':
      return `Run failed ${TOO_LARGE}`;
    case 'run.cancel.requested':
      return `Stop requested ${TOO_LARGE}`;
  }
}

function refusedText({ eventType, outcome }: Extract<TimelineEntry, { kind: 'refused' }>): string {
  switch (outcome) {
    case 'already-ended':
      return FINAL_TYPES.includes(eventType)
        ? `Second end (${eventType}) ignored: the run had already ended`
        : `${eventType} ignored: the run had already ended`;
    case 'stale-attempt':
      return `${eventType} ignored: sent for an older attempt`;
    case 'unknown-attempt':
      return `${eventType} ignored: unknown attempt`;
    case 'other-worker':
      return `${eventType} ignored: sent by a worker that does not hold the run`;
    case 'not-from-server':
      return `${eventType} ignored: not published by this server`;
    case 'lease-lost':
      return `${eventType} ignored: its sender does not hold the lease`;
    default:
      return `${eventType} ignored`;
  }
}
