import { Injectable } from '@nestjs/common';
import { problemText } from '../../config-files/file-problem';
import type { Trouble } from '../../health/health-indicator';
import { HealthService } from '../../health/health.service';
import { ConfigProblems } from '../../history/config-problems';
import { InputFiles } from '../../inputs/input-files';
import type { SearchCount } from '../../inputs/run-inputs';
import { Pauses } from '../../schedules/pauses';
import { ALL_PROJECTS, type Pause } from '../../schedules/pause';
import type { KnownProject } from '../../projects/project-catalogue';

export interface Warnings {
  /** The path of the project file as shown on pages. */
  file: string;
  /** Settings of the file without effect, and its problems. */
  notes: string[];
  troubles: Trouble[];
  /** The searches of its next run, or why it would be refused; null for a project without `inputs`. */
  searches: { count: SearchCount; refusal: string | null } | null;
  /** The pauses in force: its own, and that of all projects. */
  pauses: Pause[];
}

/** Collects what the reader of a project's page should know before the next run. */
@Injectable()
export class ProjectWarnings {
  constructor(
    private readonly configProblems: ConfigProblems,
    private readonly health: HealthService,
    private readonly pauses: Pauses,
    private readonly inputs: InputFiles,
  ) {}

  of(project: KnownProject): Warnings {
    return {
      file: this.configProblems.pathOf(project),
      notes: [
        ...this.configProblems.problemsOf(project).map((problem) => `${problemText(problem)}.`),
        ...(project.isOutdated ? ['The last valid version of the file stays in use.'] : []),
        ...this.configProblems.notes(project),
      ],
      troubles: this.health.troubles(),
      searches: project.definition.inputs === null ? null : this.searches(),
      pauses: this.pauses
        .inForce()
        .filter(({ scope }) => scope === ALL_PROJECTS || scope === project.definition.projectId),
    };
  }

  private searches(): Warnings['searches'] {
    return { count: this.inputs.count(), refusal: this.inputs.refusal()?.detail ?? null };
  }
}
