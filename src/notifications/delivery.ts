import type { Instant } from '../clock/clock';
import type { LastingCondition, NotifyCondition } from '../projects/notify-rules';
import type { ErrorFacts } from '../runs/run-error';
import type { RunStatus, TriggeredBy } from '../runs/run';
import type { Answer } from './answer';

/** What a delivery is about. `late-cleared` and the like: the condition is over. */
export type DeliveryKind = NotifyCondition | `${LastingCondition}-cleared` | 'test';

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** The state of a run that caused a delivery. Later changes of the run do not change it. */
export interface RunFacts {
  number: number;
  scope: string;
  status: RunStatus;
  statusReason: string | null;
  triggeredBy: TriggeredBy;
  triggeredByName: string | null;
  startedAt: Instant;
  endedAt: Instant | null;
  /** The step that decided the status; null if there is none. */
  step: { name: string; exitCode: number | null } | null;
  /** For the text of run-error.ts; null without an error. */
  error: ErrorFacts | null;
}

/** The facts of a condition that lasts. */
export interface ConditionFacts {
  /** When it began: the start of a long run, the last success of a stale project, the due time of a late start. */
  since: Instant;
  /** The threshold that was exceeded. */
  limitSeconds: number | null;
  /** Details of the condition, such as why a run is stuck. */
  detail: string | null;
}

/** The facts of a delivery. Sentences are made of them when it is sent. */
export interface DeliveryFacts {
  at: Instant;
  /** Null for a test. */
  projectName: string | null;
  run: RunFacts | null;
  condition: ConditionFacts | null;
}

/** One message to one channel. */
export interface Delivery {
  /** Order of creation. */
  position: number;
  /** The same for each try. */
  id: string;
  channelId: string;
  kind: DeliveryKind;
  projectId: string | null;
  runId: string | null;
  /** Of the condition that it announces; null for the others. */
  subject: string | null;
  facts: DeliveryFacts;
  /** The last error lines of the step, read at the first try; null before. */
  errorLines: string[] | null;
  createdAt: Instant;
  state: DeliveryState;
  attempts: number;
  /** The sum of the waits between tries. */
  waitedMs: number;
  /** When the next try is due, by `Clock.steadyMs`. */
  dueAtMs: number;
  triedAt: Instant | null;
  answer: Answer | null;
  endedAt: Instant | null;
}

export type NewDelivery = Pick<Delivery, 'channelId' | 'kind' | 'projectId' | 'runId' | 'subject' | 'facts'>;

/** A condition that holds now. */
export interface OpenCondition {
  kind: LastingCondition;
  /** What it is about, unique within its kind: a run, a project, or a due start. */
  subject: string;
  projectId: string;
  /** Null unless it is about a run, with whose end it is over. */
  runId: string | null;
  facts: DeliveryFacts;
}
