import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import type { FileProblem } from '../config-files/file-problem';
import { InputFiles } from '../inputs/input-files';
import { notCarriedOut } from '../projects/not-carried-out';
import type { ProjectDefinition } from '../projects/project';
import { type KnownProject, ProjectCatalogue } from '../projects/project-catalogue';
import { Quotas } from '../quota/quotas';

/** What is to be said of the configuration, gathered from all who read a part of it. */
@Injectable()
export class ConfigRemarks {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly inputs: InputFiles,
    private readonly quotas: Quotas,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Files that cannot be used, relative to the configuration folder. */
  problems(): FileProblem[] {
    return [...this.projects.problems(), ...this.inputs.problems(), ...this.quotas.problems()];
  }

  /** The same, with the paths that are shown to people. */
  shownProblems(): FileProblem[] {
    return this.problems().map((problem) => this.shown(problem));
  }

  /** The file of a project as it is shown to people. */
  pathOf({ file }: KnownProject): string {
    return join(this.config.configDirLabel, file);
  }

  /** What is wrong with the file of a project, with its path. */
  problemsOf({ file }: KnownProject): FileProblem[] {
    return this.projects
      .problems()
      .filter((problem) => problem.file === file)
      .map((problem) => this.shown(problem));
  }

  /** What a project's file asks for and does not get. */
  notes(definition: ProjectDefinition): string[] {
    return [...notCarriedOut(definition), ...this.quotas.notes(definition)];
  }

  private shown(problem: FileProblem): FileProblem {
    return { ...problem, file: join(this.config.configDirLabel, problem.file) };
  }
}
