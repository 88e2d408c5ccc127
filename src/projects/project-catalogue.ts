import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { type FileProblem, problemText } from '../config-files/file-problem';
import { FolderFiles } from '../config-files/folder-files';
import { ignoredFiles, isYamlName } from '../config-files/ignored-files';
import { lineOfPath, type ParsedYaml } from '../config-files/parse-yaml';
import { PeriodicCheck } from '../config-files/periodic-check';
import { JobatoError } from '../http/problem-catalogue';
import { notCarriedOut } from './not-carried-out';
import type { ProjectDefinition } from './project';
import { parseProjectFile } from './project-file';
import { type ProjectConflict, settleProjects } from './settle-projects';
import { definitionHash, definitionJson } from './stored-definition';

export interface KnownProject {
  definition: ProjectDefinition;
  definitionHash: string;
  /** The definition as JSON; each run stores a copy. */
  definitionJson: string;
  /** Relative to the configuration folder. */
  file: string;
  /** True for the default project: the file with `default: true`, or the first of several such files. */
  isDefault: boolean;
  /** True if the file now has other content that cannot be used, so that this is an earlier version. */
  isOutdated: boolean;
}

interface ParsedFile {
  source: string;
  parsed: ParsedYaml<ProjectDefinition>;
}

/** Below the configuration folder. */
const FOLDER = 'projects';
/** The maximum number of projects that an error lists. */
const MAX_NAMED = 20;

/** The projects of all files. A changed file is read again; a broken file keeps its last valid version. */
@Injectable()
export class ProjectCatalogue implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ProjectCatalogue.name);
  private readonly files: FolderFiles;
  private readonly checks = new PeriodicCheck(() => this.readFolder());
  private parsedFiles = new Map<string, ParsedFile>();
  private byId = new Map<string, KnownProject>();
  private defaultFile: string | null = null;
  private broken: FileProblem[] = [];

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.files = new FolderFiles(config.configDir, join(config.configDir, FOLDER), isYamlName);
  }

  onModuleInit(): Promise<void> {
    return this.checks.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.checks.close();
  }

  list(): KnownProject[] {
    return [...this.byId.values()];
  }

  /** Returns the problems of the files, and of the folder if it cannot be read. */
  problems(): FileProblem[] {
    return this.broken;
  }

  /** Why the folder cannot be read; null if it can. */
  get trouble(): string | null {
    return this.files.trouble === null ? null : `${FOLDER}: ${this.files.trouble}`;
  }

  find(projectId: string): KnownProject | null {
    return this.byId.get(projectId) ?? null;
  }

  /** Returns the line of a path in the file of a project; null if the file has changed since. */
  lineOf({ file, isOutdated }: KnownProject, path: (string | number)[]): number | null {
    const source = this.parsedFiles.get(nameOf(file))?.source;
    return source === undefined || isOutdated ? null : lineOfPath(source, path);
  }

  /** Returns the projects whose runs external workers execute. */
  externalProjectIds(): string[] {
    return this.list()
      .filter(({ definition }) => definition.executor === 'external')
      .map(({ definition }) => definition.projectId);
  }

  /** @throws JobatoError PROJECT_NOT_FOUND */
  get(projectId: string): KnownProject {
    const project = this.find(projectId);
    if (!project) throw this.notFound(projectId);
    return project;
  }

  /**
   * Returns the error of `get` for a project that does not exist, with the problem of its file.
   * @param file that defined the project before; null if unknown
   */
  notFound(projectId: string, file: string | null = null): JobatoError {
    const ids = [...this.byId.keys()];
    const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : '';
    const known = ids.length === 0 ? 'none' : `${ids.slice(0, MAX_NAMED).join(', ')}${more}`;
    return new JobatoError(
      'PROJECT_NOT_FOUND',
      this.brokenFileOf(projectId, file) ??
        `Project "${projectId.slice(0, 100)}" does not exist. Known projects: ${known}.`,
    );
  }

  /**
   * Finds the problem of a file, without a known file by its name: a file is usually named after its project, and one
   * that was never valid has no known id.
   */
  private brokenFileOf(projectId: string, known: string | null): string | null {
    const isIt = (file: string) =>
      known === null ? file.replace(/^projects\/|\.ya?ml$/gi, '') === projectId : file === known;
    const broken = this.broken.find(({ file }) => isIt(file));
    return broken
      ? `Project "${projectId}" has an invalid project file: ${join(this.config.configDirLabel, problemText(broken))}`
      : null;
  }

  /** Returns the project marked `default: true`, or the only project. */
  findDefault(): KnownProject | null {
    const projects = this.list();
    return this.markedDefault() ?? (projects.length === 1 ? projects[0]! : null);
  }

  private markedDefault(): KnownProject | null {
    return this.list().find(({ isDefault }) => isDefault) ?? null;
  }

  /** @throws JobatoError PROJECT_NOT_FOUND */
  getDefault(): KnownProject {
    const project = this.findDefault();
    if (project) return project;
    throw new JobatoError(
      'PROJECT_NOT_FOUND',
      'No default project is set. Add "default: true" to one project file.',
    );
  }

  /** Reads all changes made before this call. */
  reload(): Promise<void> {
    return this.checks.now();
  }

  /**
   * Reloads, unless the files already read are enough. While the project's file is unchanged and in effect, no
   * other file can take over its id or its role as marked default. A project that is the default only because it is
   * alone can lose that role to any new file.
   * @param projectId null: the default project
   */
  async reloadFor(projectId: string | null): Promise<void> {
    const project = projectId === null ? this.markedDefault() : this.find(projectId);
    const isCurrent = project && !project.isOutdated && this.files.isCurrent(nameOf(project.file));
    if (!isCurrent) await this.reload();
  }

  private async readFolder(): Promise<void> {
    await this.files.look();
    const known = this.parsedFiles;
    this.parsedFiles = this.parseFiles();
    const acceptedIn = new Map(this.list().map(({ file, definition }) => [file, definition]));
    const { accepted, conflicts, defaultFile } = settleProjects(
      [...this.files.files].map(([name, { missingSinceMs }]) => ({
        file: name,
        current: this.parsedFiles.get(name)?.parsed.content ?? null,
        accepted: acceptedIn.get(fileOf(name)) ?? null,
        isNew: !known.has(name),
        isMissing: missingSinceMs !== null,
      })),
      this.defaultFile,
    );
    const before = new Map(this.list().map((project) => [project.definition, project]));
    const byId = new Map(
      [...accepted].map(([name, definition]) => [
        definition.projectId,
        {
          ...(before.get(definition) ?? knownProject(name, definition)),
          isDefault: name === defaultFile,
          isOutdated: this.parsedFiles.get(name)?.parsed.content !== definition,
        },
      ]),
    );
    const inUse = new Set([...byId.values()].flatMap(({ file, isOutdated }) => (isOutdated ? file : [])));
    const broken = [...this.flaws(), ...conflicts.map((conflict) => this.conflictProblem(conflict))].map(
      (problem): FileProblem => (inUse.has(problem.file) ? { ...problem, keepsEarlier: true } : problem),
    );
    if (this.files.trouble === null)
      broken.push(...(await ignoredFiles(this.config.configDir, FOLDER, this.files.entries)));
    else broken.unshift({ file: FOLDER, line: null, reason: this.files.trouble });
    this.sayWhatChanged(byId, broken);
    this.byId = byId;
    this.broken = broken;
    this.defaultFile = defaultFile;
  }

  /** Parses only files whose text has changed. */
  private parseFiles(): Map<string, ParsedFile> {
    const files = new Map<string, ParsedFile>();
    for (const [name, { source }] of this.files.files) {
      if (source === null) continue;
      const known = this.parsedFiles.get(name);
      files.set(name, known?.source === source ? known : { source, parsed: parseProjectFile(source) });
    }
    return files;
  }

  private flaws(): FileProblem[] {
    return [...this.files.files].flatMap(([name, { flaw }]) => {
      const { flaws = [] } = this.parsedFiles.get(name)?.parsed ?? {};
      const all = flaw === null ? flaws : [{ line: null, reason: flaw }];
      return all.map((one) => ({ file: fileOf(name), ...one }));
    });
  }

  private conflictProblem({ file, over, wanted, takenBy }: ProjectConflict): FileProblem {
    const source = this.parsedFiles.get(file)?.source ?? '';
    const other = fileOf(takenBy);
    const reasons = {
      id: `the id "${wanted}" is already used by ${other}`,
      pointer: `"result.pointer": ${other} already writes ${wanted}, and each project needs its own`,
      default: `"default: true" is ignored because ${other} is already the default project`,
    };
    const line = lineOfPath(source, over === 'pointer' ? ['result', over] : [over]);
    return { file: fileOf(file), line, reason: reasons[over] };
  }

  private sayWhatChanged(byId: Map<string, KnownProject>, broken: FileProblem[]): void {
    const known = new Set(this.broken.map(problemText));
    for (const problem of broken) {
      const text = problemText(problem);
      if (!known.has(text)) this.logger.error(join(this.config.configDirLabel, text));
    }
    for (const [projectId, { definition, definitionHash, file }] of byId) {
      const before = this.byId.get(projectId);
      const isSame =
        before?.definitionHash === definitionHash &&
        isDeepStrictEqual(before.definition.schedules, definition.schedules) &&
        isDeepStrictEqual(before.definition.keep, definition.keep) &&
        isDeepStrictEqual(before.definition.liveResult, definition.liveResult);
      if (!isSame) {
        this.logger.log(
          `Project ${projectId} ${before ? 'changed' : 'read'} (${join(this.config.configDirLabel, file)})`,
        );
        for (const note of notCarriedOut(definition)) this.logger.warn(`${file}: ${note}`);
      }
    }
    for (const projectId of this.byId.keys()) {
      if (!byId.has(projectId)) this.logger.log(`Project ${projectId} was removed`);
    }
  }
}

function fileOf(name: string): string {
  return `${FOLDER}/${name}`;
}

function nameOf(file: string): string {
  return file.slice(FOLDER.length + 1);
}

function knownProject(
  name: string,
  definition: ProjectDefinition,
): Omit<KnownProject, 'isDefault' | 'isOutdated'> {
  return {
    definition,
    definitionHash: definitionHash(definition),
    definitionJson: definitionJson(definition),
    file: fileOf(name),
  };
}
