import { basename } from 'node:path';
import { elapsedMs, type Instant } from '../../clock/clock';
import { valueText } from '../../projects/param-value';
import type { RunInput } from '../../events/run-event';
import type { ProjectDefinition } from '../../projects/project';
import type { QuotaStatus } from '../../quota/quotas';
import { whyNotLive } from '../../results/result-text';
import { isTerminal, type Omission, type Run } from '../../runs/run';
import {
  MAX_ARTIFACTS,
  MAX_METRIC_NAME_LENGTH,
  MAX_METRICS,
  MAX_OUTPUTS_BYTES,
  MAX_STEP_ATTEMPTS,
  MAX_REPORTED_STEPS,
  MAX_ZERO_RESULTS,
} from '../../runs/report-limits';
import type { AlikeRun } from '../../history/run-history.repository';
import { phaseOf } from '../../runs/run-state';
import { shownParams } from '../../runs/shown-params';
import { workerMayStillBeBusy } from '../../runs/run-error';
import type { LateEnd } from '../../history/run-detail.repository';
import { artifactHref } from '../../runs/run-view';
import { USUAL_WAIT_MS, type Waiting } from '../../runs/waiting';
import { type DurationText, durationOf } from '../words/duration-text';
import { humanised } from '../words/humanised';
import { sizeText } from '../../config/size-text';
import { numberText } from '../words/number-text';
import { numberSign, runName, triggeredWords } from '../words/run-words';
import { scopeWords } from '../words/status-words';
import { type CurrentProject, type RerunOffer, rerunOffer } from './rerun-offer';
import { type FooterWarning, runFooter } from './run-footer';
import { type RunKeeping, runKeeping } from './run-keeping';
import { type RunOutcome, runOutcome } from './run-outcome';
import { type RunSearches, runSearches } from './run-searches';
import { fullBar, type ProgressBar, progressBar } from './run-steps';
import { runMark, type StatusMark } from '../words/status-mark';
import { type StepTimeline, stepTimeline } from './step-timeline';
import { NEW_COUNT, NONE, RELEVANT_COUNT, type SummaryBar, summaryBar } from './summary-bar';
import { type TimeLeft, timeLeft } from './time-left';
import { shortText } from '../words/short-text';
import { timeText, type TimeText, timeTextOrNull, timeTextWithSecondsOrNull } from '../words/time-text';
import { type PageWords, waitingWords } from '../words/page-words';
import { type AskAgainOffer, askAgainOffer, lateEndWords, workerWords } from './unheard-worker';

/** The members of a definition that the page shows. */
export interface ShownDefinition extends Pick<ProjectDefinition, 'name' | 'metrics'> {
  /** By name of the param, shortened. */
  paramDescriptions: Record<string, string>;
  /** True if runs of the project get searches. */
  hasInputs: boolean;
}

export interface RunFacts {
  run: Run;
  /** The searches that the run was started with; null without any. */
  inputs: RunInput[] | null;
  /** Why the run makes no progress; null if it does not wait. */
  waiting: Waiting | null;
  /** The definition that the run started with. */
  definition: ShownDefinition;
  /** The current definition, for re-runs; null if the project is gone. */
  current: CurrentProject | null;
  /** Completed runs with the same scope, for typical durations. */
  alike: AlikeRun[];
  /** A report of the run's end that arrived after the run had already ended. Null if there is none. */
  lateEnd: LateEnd | null;
  /** The number of the run that this one repeats; null if there is none, or it was deleted. */
  rerunOfNumber: number | null;
  /** The current quota of the project. */
  quota: QuotaStatus | null;
  /** The last lines of the failed step's error output. */
  errorLines: string[];
  /** When the schedule that started the run was due; null for other triggers. */
  dueAt: Instant | null;
  /** The live result of the project came from this run. */
  isResultLive: boolean;
}

/**
 * The order of the page. An ended run shows its outcome, files and steps before the log. The page of a run that was
 * active when it was opened keeps the log in its place, also after the end, so that nothing moves under the reader.
 */
export interface PageOrder {
  isLogFirst: boolean;
}

/** The file that the run offered as the result of its project. */
export interface ShownResult {
  name: string;
  size: string;
  isLive: boolean;
}

export interface ShownArtifact {
  name: string;
  size: string;
  href: string;
  previewHref: string;
}

/** The quota after the remaining calls. */
export interface QuotaLimit {
  dailyLimit: string;
  resetsAt: TimeText;
}

export interface RunPage extends PageOrder {
  runId: string;
  shortId: string;
  /** "Nightly backup #14" */
  name: string;
  /** "#14" */
  number: string;
  projectId: string;
  projectName: string;
  /** Null if the project is gone. */
  projectHref: string | null;
  mark: StatusMark;
  isActive: boolean;
  /** True while the page polls for changes: while the run is active, and after its end while its worker may still report. */
  isWatched: boolean;
  isStopping: boolean;
  canStop: boolean;
  rerun: RerunOffer | null;
  rerunHref: string;
  stopHref: string;
  summary: SummaryBar;
  waiting: PageWords[] | null;
  askAgain: AskAgainOffer | null;
  lateEnd: PageWords[] | null;
  /** True during the short wait after the start that is normal before a worker claims the run. */
  isFresh: boolean;
  outcome: RunOutcome | null;
  scope: string;
  trigger: string;
  due: TimeText | null;
  quota: QuotaLimit | null;
  rerunOf: { href: string | null; name: string } | null;
  keeping: RunKeeping;
  params: ShownParam[];
  steps: StepTimeline;
  progress: ProgressBar | null;
  timeLeft: TimeLeft | null;
  metrics: { name: string; value: string }[];
  /** The number of all metrics, for the link "Show all 500". Null if the page already shows all. */
  allMetrics: string | null;
  allArtifacts: string | null;
  /** The file that became the live result, unless it is one of the artifacts. */
  result: ShownResult | null;
  /** Why the file that the run offered did not become the live result. */
  whyNotLive: string | null;
  /** Notes about lists that are incomplete. */
  omissions: string[];
  apiHref: string;
  artifacts: (ShownArtifact & { isLive: boolean })[];
  /** There are artifacts, or a result. */
  hasFiles: boolean;
  searches: RunSearches | null;
  /** The number of issued calls, unless it is shown with the searches; null if none were reported. */
  calls: string | null;
  foot: RunFoot;
  logHref: string;
}

/** What the page says about a run at its end: who carried it out, and what to know before the next one. */
export interface RunFoot {
  /** Null if the table of attempts names the workers. */
  worker: string | null;
  /** The run may have, or has had, more than one attempt. */
  hasAttempts: boolean;
  attempt: number;
  maxAttempts: number;
  lastHeard: DurationText | null;
  endedAt: TimeText | null;
  warnings: FooterWarning[];
}

export interface ShownParam {
  name: string;
  value: string;
  /** True if the value has several lines, which are then below its name. */
  hasLines: boolean;
  description: string | null;
}

/** The maximum number of rows of each list; the API returns all. */
const SHOWN_METRICS = 50;
const SHOWN_ARTIFACTS = 100;
/** The maximum length, in characters, of a text from a worker or a client. */
const SHOWN_LENGTH = 2000;
/** The maximum number of lines of a param. */
const SHOWN_LINES = 20;
const MAX_DESCRIPTION_LENGTH = 200;

const OMISSION_WORDS: Record<Omission, string> = {
  metrics: `This run reported too many metrics, or some with names that are too long. Jobato keeps up to ${MAX_METRICS} metrics with names of up to ${MAX_METRIC_NAME_LENGTH} characters, and ignores the others.`,
  artifacts: `This run reported too many artifacts, or some with invalid names. Jobato keeps up to ${MAX_ARTIFACTS} artifacts with valid names, and ignores the others.`,
  steps: `This run reported too many steps. Jobato keeps ${MAX_REPORTED_STEPS} and ignores the others.`,
  attempts: `The steps of this run had too many attempts. Jobato keeps the newest ${MAX_STEP_ATTEMPTS}.`,
  outputs: `The steps of this run reported outputs of more than ${MAX_OUTPUTS_BYTES / 1024} KiB. Jobato ignores the excess.`,
  zeroResults: `This run reported too many searches without results, or some without a query or a domain. Jobato keeps up to ${numberText(MAX_ZERO_RESULTS)}, and ignores the others.`,
};

export function runPage(facts: RunFacts, { isLogFirst }: PageOrder, now: Instant): RunPage {
  const { run, definition, current, alike, quota } = facts;
  const { runId, projectId, artifacts } = run;
  const isActive = !isTerminal(run);
  const projectName = current?.definition.name ?? definition.name;
  const metrics = otherMetrics(run, definition);
  const searches = runSearches(run, facts.inputs, definition.hasInputs);
  const result = resultOf(facts);
  const isResult = (name: string) => result !== null && result.name === name;
  return {
    isLogFirst,
    runId,
    shortId: runId.slice(-12),
    name: runName(projectName, run),
    number: numberSign(run),
    projectId,
    projectName,
    projectHref: current && `/projects/${projectId}`,
    mark: runMark(run),
    isActive,
    isWatched: isActive || (workerMayStillBeBusy(run) && facts.lateEnd === null),
    isStopping: isActive && run.cancelRequestedAt !== null,
    canStop: isActive && run.cancelRequestedAt === null,
    rerun: rerunOffer(run, current, quota),
    rerunHref: `/runs/${runId}/rerun`,
    stopHref: `/runs/${runId}/stop`,
    summary: withoutUnknown(summaryBar(run, definition.metrics, alike, quota, now)),
    waiting: waitingWords(run, facts.waiting, now),
    askAgain: askAgainOffer(run, facts.waiting),
    lateEnd: facts.lateEnd && lateEndWords(run, facts.lateEnd),
    isFresh: phaseOf(run) === 'waiting' && elapsedMs(run.startedAt, now) < USUAL_WAIT_MS,
    outcome: runOutcome(run, facts.errorLines),
    scope: scopeWords(run.scope),
    trigger: triggeredWords(run),
    due: timeTextOrNull(facts.dueAt),
    quota: quota && { dailyLimit: numberText(quota.dailyLimit), resetsAt: timeText(quota.resetsAt) },
    rerunOf: run.rerunOf === null ? null : originalOf(run.rerunOf, facts.rerunOfNumber),
    keeping: runKeeping(run),
    params: Object.entries(shownParams(run)).map(([name, value]) => shownParam(name, value, definition)),
    steps: stepTimeline(run, alike, now),
    progress: progressBar(run) ?? (isLogFirst ? fullBar(run) : null),
    timeLeft: timeLeft(run, alike, now),
    metrics: metrics.slice(0, SHOWN_METRICS).map(([name, value]) => ({
      name: humanised(name),
      value: numberText(value),
    })),
    allMetrics: metrics.length > SHOWN_METRICS ? numberText(metrics.length) : null,
    allArtifacts: artifacts.length > SHOWN_ARTIFACTS ? numberText(artifacts.length) : null,
    result: artifacts.some(({ name }) => isResult(name)) ? null : result,
    whyNotLive: run.result && whyNotLive(run.result),
    omissions: (run.omitted ?? []).map((what) => OMISSION_WORDS[what]),
    apiHref: `/api/runs/${runId}`,
    artifacts: artifacts.slice(0, SHOWN_ARTIFACTS).map(({ name, size }) => ({
      name,
      size: sizeText(size),
      href: artifactHref(runId, name),
      previewHref: `/runs/${runId}/artifacts/${encodeURIComponent(name)}`,
      isLive: isResult(name) && facts.isResultLive,
    })),
    hasFiles: artifacts.length > 0 || run.result !== null,
    searches,
    calls: searches === null && run.issuedCalls !== null ? numberText(run.issuedCalls) : null,
    foot: footOf(facts, now),
    logHref: `/api/runs/${runId}/logs`,
  };
}

function withoutUnknown(bar: SummaryBar): SummaryBar {
  return { ...bar, metrics: bar.metrics.filter(({ value }) => value !== NONE) };
}

/** Returns the metrics that the summary does not already show. */
function otherMetrics({ metrics }: Run, definition: ShownDefinition): [string, number][] {
  const inSummary = new Set([...definition.metrics, NEW_COUNT, RELEVANT_COUNT]);
  return Object.entries(metrics).filter(([name]) => !inSummary.has(name));
}

function footOf({ run, quota }: RunFacts, now: Instant): RunFoot {
  const isActive = !isTerminal(run);
  // A used-up quota is named beside the re-run buttons of an ended run, and a silent worker above the log.
  const { warnings } = runFooter(run, null, isActive ? quota : null, now);
  return {
    worker: run.attempt > 1 ? null : workerWords(run),
    hasAttempts: run.maxAttempts > 1,
    attempt: run.attempt,
    maxAttempts: run.maxAttempts,
    lastHeard: isActive ? durationOf({ startedAt: run.lastHeardAt, endedAt: null }, now) : null,
    endedAt: timeTextWithSecondsOrNull(run.endedAt),
    warnings,
  };
}

function originalOf(runId: string, number: number | null): RunPage['rerunOf'] {
  return number === null
    ? { href: null, name: `a deleted run (${runId})` }
    : { href: `/runs/${runId}`, name: numberSign({ number }) };
}

function shownParam(name: string, given: unknown, { paramDescriptions }: ShownDefinition): ShownParam {
  const value = paramText(given);
  const description = Object.hasOwn(paramDescriptions, name) ? paramDescriptions[name]! : null;
  return { name, value, hasLines: value.includes('\n'), description };
}

/** Returns the first lines of a value; of an array, one item per line. */
function paramText(value: unknown): string {
  const text = Array.isArray(value) && value.length > 0 ? value.join('\n') : valueText(value);
  const lines = text.split(/\r\n?|\n/);
  const more = lines.length > SHOWN_LINES ? `\n… (${lines.length} lines)` : '';
  return shortText(lines.slice(0, SHOWN_LINES).join('\n'), SHOWN_LENGTH) + more;
}

/** Returns the members of a definition that the page of its runs shows. */
export function shownDefinition({ name, metrics, params, inputs }: ProjectDefinition): ShownDefinition {
  const descriptions = Object.entries(params).flatMap(([param, { description }]) =>
    description === null ? [] : [[param, shortText(description, MAX_DESCRIPTION_LENGTH)]],
  );
  return {
    name,
    metrics,
    paramDescriptions: Object.fromEntries(descriptions) as Record<string, string>,
    hasInputs: inputs !== null,
  };
}

/** Returns the file that the server accepted as the result of the project. */
function resultOf({ run: { result }, isResultLive }: RunFacts): ShownResult | null {
  return result?.state === 'accepted'
    ? { name: basename(result.file), size: sizeText(result.size), isLive: isResultLive }
    : null;
}
