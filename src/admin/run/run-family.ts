import type { Instant } from '../../clock/clock';
import { valueText } from '../../projects/param-value';
import type { Run } from '../../runs/run';
import { shownParams } from '../../runs/shown-params';
import type { FamilyRun } from '../../history/run-detail.repository';
import { type DurationText, durationOf } from '../words/duration-text';
import { reasonWords } from '../../runs/reason-words';
import { scopeWords } from '../words/status-words';
import { runMark, type StatusMark } from '../words/status-mark';
import { stepCells, type StepCells, stepColumns } from './step-cells';
import { timeTextWithSeconds, type TimeText } from '../words/time-text';

export interface FamilyRow {
  runId: string;
  href: string;
  startedAt: TimeText;
  mark: StatusMark;
  reason: string | null;
  scope: string;
  duration: DurationText | null;
  /** The params that differ from this run. */
  params: string;
  stepCells: StepCells;
  /** The relation to the run of this page. */
  relation: string;
  isThis: boolean;
}

/** The number of latest re-runs that are listed. */
export const MAX_REPEATS = 20;
const MAX_PARAMS = 4;
const MAX_VALUE_LENGTH = 40;

/** Returns a run with the runs that it repeats and those that repeat it; empty without such runs. */
export function familyRows(run: Run, family: FamilyRun[], now: Instant): FamilyRow[] {
  if (family.length < 2) return [];
  // In the step order of the run with the most steps, so that each step keeps its column.
  const most = family.reduce((one, other) => (other.steps.length > one.steps.length ? other : one));
  const columns = stepColumns(
    most.steps.map(({ name }) => name),
    family,
  );
  return family.map((each) => ({
    runId: each.runId,
    href: `/runs/${each.runId}`,
    startedAt: timeTextWithSeconds(each.startedAt),
    mark: runMark(each),
    reason: each.statusReason === null ? null : reasonWords(each.statusReason),
    scope: scopeWords(each.scope),
    duration: durationOf(each, now),
    params: each.runId === run.runId ? '' : otherParams(run, each),
    stepCells: stepCells(each, columns, now),
    relation: relationOf(run, each),
    isThis: each.runId === run.runId,
  }));
}

function relationOf(run: Run, other: FamilyRun): string {
  if (other.runId === run.runId) return 'this run';
  if (other.runId === run.rerunOf) return 'source of this re-run';
  if (other.rerunOf === run.runId) return 're-run of this run';
  return other.rerunOf === null ? 'first run' : 're-run';
}

/** Secrets cannot be compared, so only their absence counts. */
function otherParams(run: Run, other: FamilyRun): string {
  const [mine, theirs] = [shownParams(run), shownParams(other)];
  const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].filter(
    (name) => JSON.stringify(mine[name]) !== JSON.stringify(theirs[name]),
  );
  if (names.length === 0) return 'the same';
  const parts = names
    .slice(0, MAX_PARAMS)
    .map((name) => (theirs[name] === undefined ? `no ${name}` : `${name} = ${shown(theirs[name])}`));
  const more = names.length > MAX_PARAMS ? ` and ${names.length - MAX_PARAMS} more` : '';
  return `${parts.join(', ')}${more}`;
}

function shown(value: unknown): string {
  const text = valueText(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)} …` : text;
}
