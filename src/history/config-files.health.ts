import { Injectable } from '@nestjs/common';
import { problemText } from '../config-files/file-problem';
import {
  attention,
  counted,
  type Finding,
  type HealthIndicator,
  healthy,
  IndicatorOf,
} from '../health/health-indicator';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { ConfigProblems } from './config-problems';

/**
 * An invalid file does not make the server unhealthy: its last valid version stays in use. Paths are below CONFIG_DIR.
 */
@Injectable()
@IndicatorOf('projects')
export class ConfigFilesHealth implements HealthIndicator {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly configProblems: ConfigProblems,
  ) {}

  check(): Finding {
    const projects = counted(this.projects.list().length, 'project');
    const { trouble } = this.projects;
    if (trouble !== null) throw new Error(`${trouble}. The last valid version stays in use: ${projects}`);
    const [first, ...more] = this.configProblems.problems();
    if (first === undefined) return healthy(projects);
    const others = more.length === 0 ? '' : ` and ${counted(more.length, 'more problem')}`;
    return attention(`${projects}. ${problemText(first)}${others}`);
  }
}
