import { type Instant, toInstant } from '../clock/clock';
import type { OutputValue, ReportedArtifact, ReportedZeroResult, StepOutputs } from '../events/run-event';
import { isReadableName } from '../schemas/readable-name';
import { flawOfArtifactName } from './artifact-name';
import {
  type Artifact,
  type Omission,
  OMISSIONS,
  pendingSteps,
  type StepState,
  type ZeroResult,
} from './run';

/**
 * Limits of what a run stores from its worker's reports. Every list is limited in number and in bytes. The row of a run
 * is written on each change and read for each page. With its inputs and params it stays below 1 MiB.
 */
export const MAX_METRICS = 500;
export const MAX_METRIC_NAME_LENGTH = 100;
export const MAX_ARTIFACTS = 1000;
export const MAX_REPORTED_STEPS = 200;
const MAX_METRICS_BYTES = 96 * 1024;
const MAX_ARTIFACTS_BYTES = 192 * 1024;
const MAX_STEPS_BYTES = 48 * 1024;
export const MAX_ZERO_RESULTS = 500;
const MAX_ZERO_RESULTS_BYTES = 64 * 1024;
/** Maximum bytes that an item takes as JSON besides its name. */
const METRIC_BYTES = 30;
const ARTIFACT_BYTES = 40;
const STEP_BYTES = 190;

/** Of all steps together. A run keeps the newest attempts of each step. */
export const MAX_STEP_ATTEMPTS = 1000;
/** The message of one step. The run has the whole message of the step that reported last. */
export const MAX_STEP_MESSAGE_BYTES = 500;
/** Outputs of all steps as JSON. */
export const MAX_OUTPUTS_BYTES = 64 * 1024;

export const MAX_MESSAGE_BYTES = 8 * 1024;
export const MAX_ERROR_BYTES = 32 * 1024;
export const MAX_REASON_BYTES = 2 * 1024;
const CUT_MARK = ' … [cut]';

/** The summary bar and the run summary need these two metrics, so no limit drops them. */
const ALWAYS_KEPT = new Set(['newJobsCount', 'relevantCount']);

interface Bounded<Kept> {
  kept: Kept;
  isCut: boolean;
}

/** Returns the metrics after a report. Known names are updated; new readable names are added while there is room. */
export function withMetrics(
  known: Record<string, number>,
  reported: Record<string, number>,
): Bounded<Record<string, number>> {
  const kept = new Map(Object.entries(known));
  const fresh = new Budget(() => kept.keys(), METRIC_BYTES, MAX_METRICS, MAX_METRICS_BYTES);
  let isCut = false;
  for (const [name, value] of Object.entries(reported)) {
    const isKept =
      kept.has(name) ||
      ALWAYS_KEPT.has(name) ||
      (name.length <= MAX_METRIC_NAME_LENGTH && isReadableName(name) && fresh.hasRoom(name));
    if (isKept) kept.set(name, value);
    else isCut = true;
  }
  return { kept: Object.fromEntries(kept), isCut };
}

export function withArtifacts(known: Artifact[], reported: ReportedArtifact[]): Bounded<Artifact[]> {
  const kept = new Map(known.map((artifact) => [artifact.name, artifact]));
  const fresh = new Budget(() => kept.keys(), ARTIFACT_BYTES, MAX_ARTIFACTS, MAX_ARTIFACTS_BYTES);
  let isCut = false;
  for (const { name, size } of reported) {
    const before = kept.get(name);
    if (before || (flawOfArtifactName(name) === null && fresh.hasRoom(name)))
      kept.set(name, { name, size: size ?? before?.size ?? 0 });
    else isCut = true;
  }
  return { kept: [...kept.values()], isCut };
}

/** Returns the steps, including one with this name. External workers may report steps that no project file declares. */
export function withStepNamed(known: StepState[], name: string): Bounded<StepState[]> {
  if (known.some((step) => step.name === name)) return { kept: known, isCut: false };
  const fresh = new Budget(
    () => known.map((step) => step.name),
    STEP_BYTES,
    MAX_REPORTED_STEPS,
    MAX_STEPS_BYTES,
  );
  return isReadableName(name) && fresh.hasRoom(name)
    ? { kept: [...known, ...pendingSteps([name])], isCut: false }
    : { kept: known, isCut: true };
}

/** Returns outputs of earlier runs, which have the same limit together; null without any. */
export function boundedOutputs(outputs: StepOutputs): Bounded<StepOutputs | null> {
  if (Object.keys(outputs).length === 0) return { kept: null, isCut: false };
  return jsonBytes(outputs) > MAX_OUTPUTS_BYTES
    ? { kept: null, isCut: true }
    : { kept: outputs, isCut: false };
}

/** Returns the outputs after a report of a step. A report that exceeds the limit changes nothing. */
export function withOutputs(
  known: StepOutputs | null,
  step: string,
  reported: Record<string, OutputValue>,
): Bounded<StepOutputs | null> {
  const before = known !== null && Object.hasOwn(known, step) ? known[step] : {};
  const kept = { ...known, [step]: { ...before, ...reported } };
  return jsonBytes(kept) > MAX_OUTPUTS_BYTES ? { kept: known, isCut: true } : { kept, isCut: false };
}

/**
 * Returns the first searches without results, as many as a run stores. Ignores those without a query or a domain.
 * @param endedAt replaces a missing or unreadable time
 */
export function boundedZeroResults(reported: ReportedZeroResult[], endedAt: Instant): Bounded<ZeroResult[]> {
  const kept: ZeroResult[] = [];
  let bytes = 0;
  let isCut = false;
  for (const { queryText, domain, occurredAt } of reported) {
    const at = Date.parse(occurredAt ?? '');
    const result =
      queryText === undefined || domain === undefined
        ? null
        : { queryText, domain, occurredAt: Number.isNaN(at) ? endedAt : toInstant(at) };
    const size = result === null ? 0 : jsonBytes(result) + 1;
    if (result === null || kept.length === MAX_ZERO_RESULTS || bytes + size > MAX_ZERO_RESULTS_BYTES) {
      isCut = true;
    } else {
      kept.push(result);
      bytes += size;
    }
  }
  return { kept, isCut };
}

/** Returns the omissions of a run, including the new ones. */
export function withOmissions(
  before: Omission[] | null,
  cut: Partial<Record<Omission, boolean>>,
): Omission[] | null {
  const added = OMISSIONS.filter((what) => cut[what] && !before?.includes(what));
  return added.length === 0 ? before : [...(before ?? []), ...added];
}

/** Returns the text cut to `maxBytes` of JSON; a cut text ends with a mark. */
export function cutText(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at most six bytes of JSON, so nearly every text is short enough without counting.
  if (text.length * 6 <= maxBytes || jsonBytes(text) <= maxBytes) return text;
  const room = maxBytes - jsonBytes(CUT_MARK);
  let start = text.slice(0, room);
  while (jsonBytes(start) > room) start = start.slice(0, Math.floor(start.length * 0.9));
  return `${start.replace(/[\uD800-\uDBFF]$/, '')}${CUT_MARK}`;
}

/** The remaining room for new names. Known names are counted only when the first new name arrives. */
class Budget {
  private count: number | null = null;
  private bytes = 0;

  constructor(
    private readonly names: () => Iterable<string>,
    private readonly bytesEach: number,
    private readonly maxCount: number,
    private readonly maxBytes: number,
  ) {}

  /** Reserves the room of a new name. Returns false if there is none. */
  hasRoom(name: string): boolean {
    if (this.count === null) {
      this.count = 0;
      for (const known of this.names()) {
        this.count++;
        this.bytes += this.sizeOf(known);
      }
    }
    const size = this.sizeOf(name);
    if (this.count >= this.maxCount || this.bytes + size > this.maxBytes) return false;
    this.count++;
    this.bytes += size;
    return true;
  }

  private sizeOf(name: string): number {
    return jsonBytes(name) + this.bytesEach;
  }
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
