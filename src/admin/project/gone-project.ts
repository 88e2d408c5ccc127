import type { Run } from '../../runs/run';
import { type StatusMark, stepMark } from '../words/status-mark';
import { historyParameters, type HistoryQuery } from './history-query';

/** The version of a page whose project is gone; there is only one such state. */
export const GONE_VERSION = 'gone';

/** The content of a page whose project is no longer in the configuration. */
export interface GoneProject {
  name: string;
  mark: StatusMark;
  /** The known reason. */
  detail: string;
  latestRunHref: string | null;
  canRun: false;
  whyNot: string;
  /** Polls with the same history parameters: a file that was only moved may come back. */
  stateHref: string;
}

export function goneProject(
  projectId: string,
  detail: string,
  latest: Run | null,
  query: HistoryQuery,
): GoneProject {
  const parameters = historyParameters(query, { version: GONE_VERSION });
  return {
    name: projectId,
    mark: { ...stepMark('never'), word: 'Not in the configuration' },
    detail,
    latestRunHref: latest && `/runs/${latest.runId}`,
    canRun: false,
    whyNot: detail,
    stateHref: `/projects/${projectId}/state?${parameters.toString()}`,
  };
}
