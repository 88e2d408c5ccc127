import { DEFAULT_LIVE_RESULT, type LiveResultSetting } from '../projects/project';
import type { ProjectCatalogue } from '../projects/project-catalogue';

/** Returns what the present project file says about results; the defaults if the project was removed. */
export function liveResultSetting(projects: ProjectCatalogue, projectId: string): LiveResultSetting {
  return projects.find(projectId)?.definition.liveResult ?? DEFAULT_LIVE_RESULT;
}
