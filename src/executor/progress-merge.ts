import type { RunEventMap } from '../events/run-event';

type Progress = RunEventMap['run.progress'];

/** Limits of one event. event-schemas.ts has the same limit for artifacts, but allows 10,000 metrics. */
const MAX_ARTIFACTS_PER_EVENT = 1000;
const MAX_METRICS_PER_EVENT = 200;
/** Limits of a run. Anything beyond has no effect, so it is not kept waiting either. */
const MAX_ARTIFACTS = 1000;
const MAX_METRICS = 500;

/** Merges two progress reports. The later values win, and quota usage is added up. */
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

/** Whether the progress fits into one event. An event with too many artifacts would be rejected. */
export function fitsInOneEvent({ artifacts = [], metrics = {} }: Progress): boolean {
  return artifacts.length <= MAX_ARTIFACTS_PER_EVENT && Object.keys(metrics).length <= MAX_METRICS_PER_EVENT;
}

/** Limits progress to what a run can have. Artifacts are counted by name, and the first names are kept. */
export function boundedProgress(progress: Progress): Progress {
  const { metrics, artifacts } = progress;
  const byName = new Map((artifacts ?? []).map((artifact) => [artifact.name, artifact]));
  return {
    ...progress,
    ...(metrics && { metrics: Object.fromEntries(Object.entries(metrics).slice(0, MAX_METRICS)) }),
    ...(artifacts && { artifacts: [...byName.values()].slice(0, MAX_ARTIFACTS) }),
  };
}

/** Splits progress into events of the allowed size. The first one contains everything except the remaining metrics. */
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
