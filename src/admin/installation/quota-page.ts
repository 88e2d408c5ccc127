import type { FileProblem } from '../../config-files/file-problem';
import type { ProjectDefinition } from '../../projects/project';
import type { QuotaRules } from '../../quota/quota-file';
import type { RunUsage } from '../../quota/quota-usage.repository';
import type { QuotaStatus } from '../../quota/quotas';
import { numberText } from '../words/number-text';
import { type TimeText, timeText } from '../words/time-text';

/** A project with `quota: true`, and its usage today. */
export interface ProjectUsage {
  project: ProjectDefinition;
  /** Null without a known limit. */
  status: QuotaStatus | null;
  runs: RunUsage[];
}

export interface QuotaPage {
  /** "Each project can issue 100 calls a day, 2 at once. The quota day starts at 09:00 (Europe/Berlin)." */
  rules: string | null;
  problem: { file: string; line: number | null; reason: string; isRefusing: boolean } | null;
  isMissing: boolean;
  rows: QuotaRow[];
}

export interface QuotaRow {
  projectId: string;
  name: string;
  href: string;
  used: string;
  limit: string | null;
  left: string;
  /** True if `left` is a number. */
  isLimited: boolean;
  isReached: boolean;
  /** The usage for the bar, capped at the limit. */
  bar: { value: number; max: number } | null;
  resetsAt: TimeText | null;
  /** `href` is null for a deleted run. */
  runs: { href: string | null; name: string; used: string }[];
}

export function quotaPage(
  rules: QuotaRules | null,
  problem: FileProblem | null,
  isUnknown: boolean,
  usages: ProjectUsage[],
): QuotaPage {
  return {
    rules: rules && rulesText(rules),
    problem: problem && { ...problem, isRefusing: isUnknown },
    isMissing: rules === null && !isUnknown,
    rows: usages.map((usage) => quotaRow(usage, isUnknown ? 'unknown' : 'no limit')),
  };
}

function quotaRow({ project: { projectId, name }, status, runs }: ProjectUsage, unlimited: string): QuotaRow {
  const used = status?.used ?? runs.reduce((sum, run) => sum + run.used, 0);
  return {
    projectId,
    name,
    href: `/projects/${projectId}`,
    used: numberText(used),
    limit: status && numberText(status.dailyLimit),
    left: status ? numberText(status.remaining) : unlimited,
    isLimited: status !== null,
    isReached: status?.remaining === 0,
    bar:
      status && status.dailyLimit > 0
        ? { value: Math.min(used, status.dailyLimit), max: status.dailyLimit }
        : null,
    resetsAt: status && timeText(status.resetsAt),
    runs: runs.map((run) => ({
      href: run.number === null ? null : `/runs/${run.runId}`,
      name: run.number === null ? 'deleted run' : `#${run.number}`,
      used: numberText(run.used),
    })),
  };
}

function rulesText({ dailyLimit, concurrencyLimit, resetPolicy }: QuotaRules): string {
  const calls = dailyLimit === 1 ? '1 call' : `${numberText(dailyLimit)} calls`;
  const hour = String(resetPolicy.resetHour).padStart(2, '0');
  return (
    `Each project can issue ${calls} a day, ${numberText(concurrencyLimit)} at once. ` +
    `The quota day starts at ${hour}:00 (${resetPolicy.timeZone}).`
  );
}
