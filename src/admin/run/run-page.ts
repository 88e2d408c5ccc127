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
import { endReasonWords, numberSign, requestedWords, runName, triggeredWords } from '../words/run-words';
import { scopeWords } from '../words/status-words';
import { type CurrentProject, type RerunOffer, rerunOffer } from './rerun-offer';
import { type RunFooter, runFooter } from './run-footer';
import { type RunKeeping, runKeeping } from './run-keeping';
import { type RunSearches, runSearches } from './run-searches';
import { type ProgressBar, progressBar } from './run-steps';
import { runMark, type StatusMark } from '../words/status-mark';
import { type StepTimeline, stepTimeline } from './step-timeline';
import { type SummaryBar, summaryBar } from './summary-bar';
import { type TimeLeft, timeLeft } from './time-left';
import { shortText } from '../words/short-text';
import {
  timeTextWithSeconds,
  timeTextWithSecondsOrNull,
  type TimeText,
  timeTextOrNull,
} from '../words/time-text';
import { errorWords, type PageWords, waitingWords } from '../words/page-words';
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
}

/** The file that the run offered as the result of its project. */
export interface ShownResult {
  name: string;
  size: string | null;
  /** Why it did not become the live result; null if it did. */
  why: string | null;
}

export interface RunPage {
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
  failure: Failure | null;
  reason: string | null;
  scope: string;
  trigger: string;
  due: TimeText | null;
  attempt: number;
  maxAttempts: number;
  worker: string;
  lastHeard: DurationText | null;
  startedAt: TimeText;
  duration: DurationText | null;
  stopAskedAt: TimeText | null;
  /** "by ada" or "manually" */
  stopAsked: string | null;
  endedAt: TimeText | null;
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
  /** Notes about lists that are incomplete. */
  result: ShownResult | null;
  omissions: string[];
  apiHref: string;
  artifacts: { name: string; size: string; href: string; previewHref: string }[];
  searches: RunSearches | null;
  /** The number of issued calls, unless it is shown with the searches; null if none were reported. */
  calls: string | null;
  footer: RunFooter;
  logHref: string;
}

export interface ShownParam {
  name: string;
  value: string;
  /** True if the value has several lines, which are then below its name. */
  hasLines: boolean;
  description: string | null;
}

/** The failure banner. */
export interface Failure {
  title: string;
  code: string;
  /** Null if the title and `errorLines` already explain the failure. */
  message: PageWords[] | null;
  errorLines: string[];
  logHref: string | null;
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

export function runPage(facts: RunFacts, now: Instant): RunPage {
  const { run, definition, current, alike, quota } = facts;
  const { runId, projectId, artifacts } = run;
  const isActive = !isTerminal(run);
  const projectName = current?.definition.name ?? definition.name;
  const footer = runFooter(run, facts.waiting, quota, now);
  const metrics = Object.entries(run.metrics);
  const searches = runSearches(run, facts.inputs, definition.hasInputs);
  return {
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
    summary: summaryBar(run, definition.metrics, alike, quota, now),
    waiting: waitingWords(run, facts.waiting, now),
    askAgain: askAgainOffer(run, facts.waiting),
    lateEnd: facts.lateEnd && lateEndWords(run, facts.lateEnd),
    isFresh: phaseOf(run) === 'waiting' && elapsedMs(run.startedAt, now) < USUAL_WAIT_MS,
    failure: failureOf(facts),
    reason: endReasonWords(run),
    scope: scopeWords(run.scope),
    trigger: triggeredWords(run),
    due: timeTextOrNull(facts.dueAt),
    attempt: run.attempt,
    maxAttempts: run.maxAttempts,
    worker: workerWords(run),
    lastHeard: isActive ? durationOf({ startedAt: run.lastHeardAt, endedAt: null }, now) : null,
    startedAt: timeTextWithSeconds(run.startedAt),
    duration: durationOf(run, now),
    stopAskedAt: timeTextWithSecondsOrNull(run.cancelRequestedAt),
    stopAsked: run.cancelRequestedBy && requestedWords(run.cancelRequestedBy),
    endedAt: timeTextWithSecondsOrNull(run.endedAt),
    rerunOf: run.rerunOf === null ? null : originalOf(run.rerunOf, facts.rerunOfNumber),
    keeping: runKeeping(run),
    params: Object.entries(shownParams(run)).map(([name, value]) => shownParam(name, value, definition)),
    steps: stepTimeline(run, alike, now),
    progress: progressBar(run),
    timeLeft: timeLeft(run, alike, now),
    metrics: metrics.slice(0, SHOWN_METRICS).map(([name, value]) => ({
      name: humanised(name),
      value: numberText(value),
    })),
    allMetrics: metrics.length > SHOWN_METRICS ? numberText(metrics.length) : null,
    allArtifacts: artifacts.length > SHOWN_ARTIFACTS ? numberText(artifacts.length) : null,
    result: resultOf(run),
    omissions: (run.omitted ?? []).map((what) => OMISSION_WORDS[what]),
    apiHref: `/api/runs/${runId}`,
    artifacts: artifacts.slice(0, SHOWN_ARTIFACTS).map(({ name, size }) => ({
      name,
      size: sizeText(size),
      href: artifactHref(runId, name),
      previewHref: `/runs/${runId}/artifacts/${encodeURIComponent(name)}`,
    })),
    searches,
    calls: searches === null && run.issuedCalls !== null ? numberText(run.issuedCalls) : null,
    footer,
    logHref: `/api/runs/${runId}/logs`,
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

function failureOf({ run, errorLines }: RunFacts): Failure | null {
  if (run.error === null) return null;
  const step = run.steps.find(({ status }) => status === 'failed') ?? null;
  const exit = step === null || step.exitCode === null ? '' : ` with exit code ${step.exitCode}`;
  const title = step === null ? 'Run failed' : `Step ${step.name} failed${exit}`;
  const reason = endReasonWords(run);
  const errorLinesExplainIt = run.error.code === 'STEP_FAILED' && errorLines.length > 0;
  return {
    title: step === null && reason !== null ? capital(reason) : title,
    code: run.error.code,
    message: errorLinesExplainIt ? null : errorWords(run, SHOWN_LENGTH),
    errorLines,
    logHref:
      step === null || run.logsRemovedAt !== null ? null : `?step=${encodeURIComponent(step.name)}#run-log`,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function resultOf({ result }: Run): ShownResult | null {
  if (result === null) return null;
  return result.state === 'accepted'
    ? { name: basename(result.file), size: sizeText(result.size), why: null }
    : { name: result.offered, size: null, why: whyNotLive(result) };
}
