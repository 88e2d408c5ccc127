import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { Channels } from '../channels/channels';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import type { FileProblem } from '../config-files/file-problem';
import { InputFiles } from '../inputs/input-files';
import { WatchChecks } from '../inputs/watch-checks';
import { notCarriedOut } from '../projects/not-carried-out';
import { passEnvNotes, passEnvText } from '../projects/pass-env-notes';
import type { ProjectDefinition } from '../projects/project';
import { type KnownProject, ProjectCatalogue } from '../projects/project-catalogue';
import { Quotas } from '../quota/quotas';

/** The problems of all configuration files, collected from the services that read them. */
@Injectable()
export class ConfigProblems {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly inputs: InputFiles,
    private readonly quotas: Quotas,
    private readonly watches: WatchChecks,
    private readonly channels: Channels,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Returns the files that cannot be used. Paths are relative to the configuration folder. */
  problems(): FileProblem[] {
    return this.all().map(({ file, line, reason }) => ({ file, line, reason }));
  }

  /** Returns the same problems with display paths, and whether an earlier version of the file is in use. */
  shownProblems(): FileProblem[] {
    return this.all().map((problem) => this.shown(problem));
  }

  private all(): FileProblem[] {
    return [this.projects, this.inputs, this.quotas, this.channels].flatMap((files) => files.problems());
  }

  /** Returns the display path of a project file. */
  pathOf({ file }: KnownProject): string {
    return join(this.config.configDirLabel, file);
  }

  /** Returns the problems of one project file, with its display path. */
  problemsOf({ file }: KnownProject): FileProblem[] {
    return this.projects
      .problems()
      .filter((problem) => problem.file === file)
      .map((problem) => this.shown(problem));
  }

  /** Returns notes about settings of a project file that have no effect, or not the expected one. */
  notes(project: KnownProject): string[] {
    const { definition } = project;
    return [
      ...notCarriedOut(definition),
      ...this.quotas.notes(definition),
      ...this.watches.notes(definition),
      ...this.passEnvNotes(definition),
      ...this.channels.notes(definition, (path) => this.projects.lineOf(project, path)),
    ];
  }

  /** Empty for other workers: each has an environment of its own, and notes its variables in the log of the run. */
  private passEnvNotes({ steps }: ProjectDefinition): string[] {
    const { worker, environment } = this.config;
    return worker === 'embedded' ? passEnvNotes(steps, environment).map(passEnvText) : [];
  }

  private shown(problem: FileProblem): FileProblem {
    return { ...problem, file: join(this.config.configDirLabel, problem.file) };
  }
}
