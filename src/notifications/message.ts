import { elapsedMs, type Instant } from '../clock/clock';
import { durationText } from '../clock/duration-text';
import { elapsedText } from '../clock/elapsed-text';
import { runError } from '../runs/run-error';
import { reasonWords } from '../runs/reason-words';
import { shownStarter } from '../runs/shown-starter';
import type { Delivery, DeliveryFacts, DeliveryKind, RunFacts } from './delivery';

/** A notification in words, for every kind of channel. */
export interface Message {
  /** One line, such as "Nightly backup #14 failed at upload (exit 1) after 2 min 10 s". */
  headline: string;
  tone: 'bad' | 'good' | 'neutral';
  /** What went wrong, in the words of the worker or the server; null without an error. */
  error: string | null;
  facts: { label: string; value: string }[];
  /** The last error lines of the step. */
  lines: string[];
  /** Null without PUBLIC_URL: a link to this machine would be useless elsewhere. */
  url: string | null;
}

type Source = Pick<Delivery, 'kind' | 'projectId' | 'runId' | 'facts' | 'errorLines'>;

const TONES: Partial<Record<DeliveryKind, Message['tone']>> = {
  failed: 'bad',
  partial: 'bad',
  late: 'bad',
  long: 'bad',
  stale: 'bad',
  stuck: 'bad',
  completed: 'good',
  recovered: 'good',
  'late-cleared': 'good',
  'long-cleared': 'good',
  'stale-cleared': 'good',
  'stuck-cleared': 'good',
};

/**
 * Writes the message of a delivery from its facts alone, so that each try has the same. Pure.
 * @param publicUrl with the base path, without a trailing slash
 */
export function messageOf(delivery: Source, publicUrl: string | null): Message {
  const { kind, facts, errorLines } = delivery;
  return {
    headline: headlineOf(kind, facts),
    tone: TONES[kind] ?? 'neutral',
    error: facts.run?.error ? (runError(facts.run.error)?.message ?? null) : null,
    facts: factLines(facts),
    lines: errorLines ?? [],
    url: publicUrl === null ? null : `${publicUrl}${pathOf(delivery)}`,
  };
}

function pathOf({ projectId, runId }: Source): string {
  if (runId !== null) return `/runs/${runId}`;
  return projectId === null ? '/notifications' : `/projects/${projectId}`;
}

function headlineOf(kind: DeliveryKind, facts: DeliveryFacts): string {
  const project = facts.projectName ?? 'Jobato';
  const run = facts.run === null ? project : `${project} #${facts.run.number}`;
  switch (kind) {
    case 'test':
      return 'Test notification from Jobato';
    case 'started':
      return `${run} started`;
    case 'completed':
      return `${run} completed${afterText(facts.run)}`;
    case 'recovered':
      return `${project} recovered: #${facts.run?.number} completed${afterText(facts.run)}`;
    case 'partial':
      return `${run} ended partial${placeText(facts.run)}${afterText(facts.run)}`;
    case 'failed':
      return `${run} failed${placeText(facts.run)}${afterText(facts.run)}`;
    case 'cancelled':
      return `${run} was cancelled${placeText(facts.run)}${afterText(facts.run)}`;
    default:
      return lastingHeadline(kind, { project, run, facts });
  }
}

function lastingHeadline(
  kind: Exclude<DeliveryKind, 'test' | RunFacts['status'] | 'started' | 'recovered'>,
  { project, run, facts }: { project: string; run: string; facts: DeliveryFacts },
): string {
  const { condition, at } = facts;
  const since = condition?.since ?? at;
  const lasted = elapsedText(elapsedMs(since, at));
  const ended = facts.run?.endedAt ? `: it ended ${facts.run.status}${afterText(facts.run)}` : '';
  switch (kind) {
    case 'long':
      return `${run} has been running for ${lasted}${limitText(condition?.limitSeconds ?? null)}`;
    case 'long-cleared':
      return `${run} is no longer running long${ended}`;
    case 'stuck':
      return condition?.detail === 'stopping'
        ? `${run} is stuck: it has been stopping for ${lasted}`
        : `${run} is stuck: no worker has claimed it for ${lasted}`;
    case 'stuck-cleared':
      return `${run} is no longer stuck${ended}`;
    case 'stale':
      return condition?.detail === 'never'
        ? `${project} has never completed, for ${lasted}`
        : `${project} has not completed for ${lasted}, since ${utcText(since)}`;
    case 'stale-cleared':
      return `${project} is no longer stale${facts.run?.status === 'completed' ? ': it completed' : ''}`;
    case 'late':
      return `${project} is late: it was due at ${utcText(since)} and has not started for ${lasted}`;
    case 'late-cleared':
      return `${project} is no longer late: the start due at ${utcText(since)} is settled`;
  }
}

function limitText(limitSeconds: number | null): string {
  return limitSeconds === null ? '' : ` (longer than ${durationText(limitSeconds * 1000)})`;
}

/** Returns " at upload (exit 1)", with the reason if the step does not explain it. */
function placeText(run: RunFacts | null): string {
  if (run === null) return '';
  const { step, statusReason } = run;
  const place = step === null ? '' : ` at ${step.name}`;
  if (step?.exitCode != null && (statusReason === null || statusReason === 'step-failed'))
    return `${place} (exit ${step.exitCode})`;
  if (statusReason === null || (statusReason === 'step-failed' && step !== null)) return place;
  return `${place} (${reasonWords(statusReason)})`;
}

function afterText(run: RunFacts | null): string {
  return run?.endedAt ? ` after ${durationText(elapsedMs(run.startedAt, run.endedAt))}` : '';
}

function factLines({ run, at }: DeliveryFacts): Message['facts'] {
  if (run === null) return [{ label: 'Time', value: utcText(at) }];
  const name = shownStarter(run);
  const starter = name === null ? '' : ` (${name})`;
  return [
    { label: 'Started', value: utcText(run.startedAt) },
    ...(run.endedAt === null ? [] : [{ label: 'Ended', value: utcText(run.endedAt) }]),
    { label: 'Trigger', value: `${run.triggeredBy}${starter}` },
    ...(run.scope === 'full' ? [] : [{ label: 'Scope', value: run.scope }]),
  ];
}

/** Returns "2026-11-28 21:09:10 UTC": readers of a message can be anywhere. */
function utcText(instant: Instant): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}
