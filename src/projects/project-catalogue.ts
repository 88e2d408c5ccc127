import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { type FileProblem, problemText, unreadable } from '../config-files/file-problem';
import { FolderWatch } from '../config-files/folder-watch';
import { readConfigFile } from '../config-files/read-config-file';
import { JobatoError } from '../problems/catalogue';
import { contentHash } from './content-hash';
import { notCarriedOut } from './not-carried-out';
import type { ProjectDefinition } from './project';
import { parseProjectFile } from './project-file';

export interface KnownProject {
  definition: ProjectDefinition;
  definitionHash: string;
  /** The definition as JSON, which a run keeps. */
  definitionJson: string;
  /** Relative to the configuration folder. */
  file: string;
}

/** How many projects an error names. */
const MAX_NAMED = 20;

/** The projects as their files say right now. Re-read when a file changes; a broken one keeps its last good version. */
@Injectable()
export class ProjectCatalogue implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ProjectCatalogue.name);
  private readonly folder: string;
  private byId = new Map<string, KnownProject>();
  private broken: FileProblem[] = [];
  private readonly watch: FolderWatch;

  constructor(@Inject(CONFIG) config: Config) {
    this.folder = join(config.configDir, 'projects');
    this.watch = new FolderWatch(this.folder, () => this.readFolder());
  }

  onModuleInit(): Promise<void> {
    return this.watch.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.watch.close();
  }

  list(): KnownProject[] {
    return [...this.byId.values()];
  }

  problems(): FileProblem[] {
    return this.broken;
  }

  find(projectId: string): KnownProject | null {
    return this.byId.get(projectId) ?? null;
  }

  /** Projects that workers elsewhere carry out. */
  externalProjectIds(): string[] {
    return this.list()
      .filter(({ definition }) => definition.executor === 'external')
      .map(({ definition }) => definition.projectId);
  }

  /** @throws JobatoError PROJECT_NOT_FOUND */
  get(projectId: string): KnownProject {
    const project = this.find(projectId);
    if (!project) {
      const ids = [...this.byId.keys()];
      const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : '';
      const known = ids.length === 0 ? 'none' : `${ids.slice(0, MAX_NAMED).join(', ')}${more}`;
      throw new JobatoError(
        'PROJECT_NOT_FOUND',
        this.brokenFileOf(projectId) ??
          `There is no project "${projectId.slice(0, 100)}". Known projects: ${known}.`,
      );
    }
    return project;
  }

  /** A file is named after its project as a rule, and one that was never good has no other name. */
  private brokenFileOf(projectId: string): string | null {
    const broken = this.broken.find(({ file }) => basename(file).replace(/\.ya?ml$/, '') === projectId);
    return broken ? `Project "${projectId}" cannot be used: config/${problemText(broken)}` : null;
  }

  /** The project marked `default: true`, or the only one. */
  findDefault(): KnownProject | null {
    const projects = this.list();
    const marked = projects.find(({ definition }) => definition.isDefault);
    return marked ?? (projects.length === 1 ? projects[0]! : null);
  }

  /** @throws JobatoError PROJECT_NOT_FOUND */
  getDefault(): KnownProject {
    const project = this.findDefault();
    if (project) return project;
    throw new JobatoError(
      'PROJECT_NOT_FOUND',
      'There is no default project: set "default: true" in one project file.',
    );
  }

  /** Reads the files now: they may have changed a moment ago, and nobody have said so yet. */
  reload(): Promise<void> {
    return this.watch.readAgain();
  }

  private async readFolder(): Promise<void> {
    const before = new Map([...this.byId.values()].map((project) => [project.file, project]));
    const byId = new Map<string, KnownProject>();
    const broken: FileProblem[] = [];
    let defaultFile: string | null = null;

    for (const name of await this.fileNames()) {
      const file = `projects/${name}`;
      const parsed = await this.parse(name);
      if (parsed.reason !== undefined) broken.push({ file, line: parsed.line, reason: parsed.reason });
      const definition = parsed.project ?? before.get(file)?.definition;
      if (!definition) continue;
      const other = byId.get(definition.projectId);
      if (other) {
        broken.push({
          file,
          line: null,
          reason: `the id "${definition.projectId}" is taken by ${other.file}`,
        });
        continue;
      }
      if (definition.isDefault && defaultFile !== null) {
        broken.push({ file, line: null, reason: `${defaultFile} is the default project already` });
        continue;
      }
      if (definition.isDefault) defaultFile = file;
      byId.set(definition.projectId, {
        definition,
        definitionHash: contentHash(definition),
        definitionJson: JSON.stringify(definition),
        file,
      });
    }
    this.sayWhatChanged(byId, broken);
    this.byId = byId;
    this.broken = broken;
  }

  private async fileNames(): Promise<string[]> {
    try {
      const names = await readdir(this.folder);
      return names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
    } catch (error) {
      this.logger.error(`${this.folder} cannot be read: ${String(error)}`);
      return [];
    }
  }

  private async parse(name: string): Promise<ReturnType<typeof parseProjectFile>> {
    try {
      return parseProjectFile(await readConfigFile(join(this.folder, name)));
    } catch (error) {
      return { line: null, reason: unreadable(error) };
    }
  }

  private sayWhatChanged(byId: Map<string, KnownProject>, broken: FileProblem[]): void {
    for (const problem of broken) {
      const { file, reason } = problem;
      if (!this.broken.some((known) => known.file === file && known.reason === reason)) {
        this.logger.error(problemText(problem));
      }
    }
    for (const [projectId, { definition, definitionHash, file }] of byId) {
      const known = this.byId.get(projectId);
      if (known?.definitionHash !== definitionHash) {
        this.logger.log(`Project ${projectId} ${known ? 'changed' : 'read'} (${file})`);
        for (const note of notCarriedOut(definition)) this.logger.warn(`${file}: ${note}`);
      }
    }
    for (const projectId of this.byId.keys()) {
      if (!byId.has(projectId)) this.logger.log(`Project ${projectId} is gone`);
    }
  }
}
