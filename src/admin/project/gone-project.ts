import type { Run } from '../../runs/run';
import { type StatusMark, stepMark } from '../words/status-mark';

/** The content of a page whose project is no longer in the configuration. */
export interface GoneProject {
  name: string;
  mark: StatusMark;
  /** Says why there is no such project, such as that its file was removed or is invalid. */
  detail: string;
  latestRunHref: string | null;
  canRun: false;
  whyNot: string;
}

export function goneProject(projectId: string, detail: string, latest: Run | null): GoneProject {
  return {
    name: projectId,
    mark: { ...stepMark('never'), word: 'Not in the configuration' },
    detail,
    latestRunHref: latest && `/runs/${latest.runId}`,
    canRun: false,
    whyNot: detail,
  };
}
