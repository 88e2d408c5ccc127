import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Config } from '../config/config';
import { type FileProblem, type Flaw, problemText } from './file-problem';
import { FolderFiles } from './folder-files';
import { misnamedFiles } from './ignored-files';
import type { ParsedYaml } from './parse-yaml';
import { PeriodicCheck } from './periodic-check';

/**
 * One optional file in the configuration folder, which is reloaded when it changes. While it is invalid or unreadable,
 * the last valid version stays in use. After its removal there is no content.
 */
export class ConfigFile<Content> {
  private readonly logger = new Logger(ConfigFile.name);
  private readonly folder: FolderFiles;
  private readonly checks = new PeriodicCheck(() => this.read());
  /** Path for display. */
  readonly path: string;
  private source: string | null = null;
  private lastValid: Content | null = null;
  private flaws: Flaw[] = [];
  private broken: FileProblem[] = [];
  /** Whether the folder was last listed without the file. */
  isAbsent = true;

  /** @param name of the file, within the configuration folder */
  constructor(
    { configDir, configDirLabel }: Pick<Config, 'configDir' | 'configDirLabel'>,
    readonly name: string,
    private readonly parse: (source: string) => ParsedYaml<Content>,
  ) {
    this.path = join(configDirLabel, name);
    this.folder = new FolderFiles(configDir, configDir, (other) => other === name);
  }

  /** Resolves after the first read. */
  open(): Promise<void> {
    return this.checks.open();
  }

  close(): Promise<void> {
    return this.checks.close();
  }

  /** Reloads the file if it has changed. */
  async reload(): Promise<void> {
    const { folder, name } = this;
    const isCurrent = folder.files.has(name) ? folder.isCurrent(name) : folder.isListCurrent();
    if (!isCurrent) await this.checks.now();
  }

  /** Null if there is no file, or it was never valid. */
  get content(): Content | null {
    return this.lastValid;
  }

  get problems(): FileProblem[] {
    return this.broken;
  }

  private async read(): Promise<void> {
    await this.folder.look();
    const file = this.folder.files.get(this.name);
    const misnamed = misnamedFiles(
      this.folder.entries.map(({ name }) => name),
      this.name,
    );
    if (this.folder.trouble === null) this.isAbsent = file === undefined && misnamed.length === 0;
    this.take(file?.source ?? null);
    const unreadable = this.folder.trouble ?? file?.flaw ?? null;
    const flaws = unreadable === null ? this.flaws : [{ line: null, reason: unreadable }];
    const kept = this.lastValid === null ? {} : ({ keepsEarlier: true } as const);
    this.report([...flaws.map((flaw) => ({ file: this.name, ...flaw, ...kept })), ...misnamed]);
  }

  private take(source: string | null): void {
    if (source === this.source) return;
    this.source = source;
    if (source === null) {
      [this.lastValid, this.flaws] = [null, []];
      this.logger.log(`${this.path} removed`);
      return;
    }
    const { content, flaws = [] } = this.parse(source);
    this.flaws = flaws;
    if (content === undefined) return;
    this.lastValid = content;
    this.logger.log(`${this.path} read`);
  }

  private report(problems: FileProblem[]): void {
    const known = new Set(this.broken.map(problemText));
    this.broken = problems;
    const kept = this.lastValid === null ? '' : '. The last valid version stays in use';
    for (const problem of problems) {
      const text = problemText(problem);
      if (!known.has(text)) this.logger.error(`${join(this.path, '..', text)}${kept}`);
    }
  }
}
