import type { KeepSetting } from '../projects/project';

/** The limits of a project for its runs; null = no limit. */
export interface KeepLimits {
  /** Days since the start of a run. */
  days: number | null;
  /** The newest runs that stay. */
  runs: number | null;
  /** Days after which the log of a run is removed, and the run stays. */
  logsDays: number | null;
  /** Days after which the files of a run are removed, and the run stays. */
  artifactsDays: number | null;
}

export const NO_LIMITS: KeepLimits = { days: null, runs: null, logsDays: null, artifactsDays: null };

/**
 * Returns the limits of a project.
 * @param keep null without the key, or for a project whose file is gone
 * @param defaultDays null = no limit
 */
export function limitsOf(keep: KeepSetting | null, defaultDays: number | null): KeepLimits {
  const { days = defaultDays, runs = null, logsDays = null, artifactsDays = null } = keep ?? {};
  return { days: days === 0 ? null : days, runs, logsDays, artifactsDays };
}

/** Days after which data folders created by a version with retention delete runs. */
const DEFAULT_DAYS = 180;

/**
 * Returns the default of `keep.days`.
 * @param retentionDays RETENTION_DAYS; null if it is not set, 0 = no limit
 * @param prunesByDefault false for a data folder of a version that deleted nothing
 */
export function defaultDaysOf(retentionDays: number | null, prunesByDefault: boolean): number | null {
  if (retentionDays !== null) return retentionDays === 0 ? null : retentionDays;
  return prunesByDefault ? DEFAULT_DAYS : null;
}
