import type { RunEventMap } from '../events/run-event';

type Progress = RunEventMap['run.progress'];

/** What one event may have at most; see event-schemas.ts. */
const MAX_ARTIFACTS_PER_EVENT = 1000;
const MAX_METRICS_PER_EVENT = 200;
/** What a run may have at most. What goes beyond it would change nothing, so it need not wait either. */
const MAX_ARTIFACTS = 1000;
const MAX_METRICS = 500;

/** The progress that says what both say, the later one last; calls are added up. */
export function mergedProgress(earlier: Progress, later: Progress): Progress {
  const { metrics, artifacts, quotaUsed, ...rest } = later;
  return {
    ...earlier,
    ...rest,
    ...((metrics ?? earlier.metrics) && { metrics: { ...earlier.metrics, ...metrics } }),
    ...((artifacts ?? earlier.artifacts) && {
      artifacts: [...(earlier.artifacts ?? []), ...(artifacts ?? [])],
    }),
    ...((quotaUsed ?? earlier.quotaUsed) !== undefined && {
      quotaUsed: (earlier.quotaUsed ?? 0) + (quotaUsed ?? 0),
    }),
  };
}

/** An event that is too large would be refused as a whole. */
export function fitsInOneEvent({ artifacts = [], metrics = {} }: Progress): boolean {
  return artifacts.length <= MAX_ARTIFACTS_PER_EVENT && Object.keys(metrics).length <= MAX_METRICS_PER_EVENT;
}

/** As much of it as a run may have: an artifact counts once by its name, and the first names stay. */
export function boundedProgress(progress: Progress): Progress {
  const { metrics, artifacts } = progress;
  const byName = new Map((artifacts ?? []).map((artifact) => [artifact.name, artifact]));
  return {
    ...progress,
    ...(metrics && { metrics: Object.fromEntries(Object.entries(metrics).slice(0, MAX_METRICS)) }),
    ...(artifacts && { artifacts: [...byName.values()].slice(0, MAX_ARTIFACTS) }),
  };
}

/** The same in events of the size that is allowed; all but the metrics stands in the first. */
export function progressEvents(progress: Progress): Progress[] {
  const metrics = Object.entries(progress.metrics ?? {});
  if (metrics.length <= MAX_METRICS_PER_EVENT) return [progress];
  const events: Progress[] = [];
  for (let from = 0; from < metrics.length; from += MAX_METRICS_PER_EVENT) {
    const some = Object.fromEntries(metrics.slice(from, from + MAX_METRICS_PER_EVENT));
    events.push(from === 0 ? { ...progress, metrics: some } : { attempt: progress.attempt, metrics: some });
  }
  return events;
}
