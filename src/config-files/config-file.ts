import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { Config } from '../config/config';
import { type FileProblem, type Flaw, problemText } from './file-problem';
import { FolderFiles } from './folder-files';
import type { ParsedYaml } from './parse-yaml';
import { RepeatedLook } from './repeated-look';

/**
 * One file that may be in the configuration folder. Read again when it changes. While it is broken or cannot be read,
 * its last valid version stays; once it was removed, it has no content.
 */
export class ConfigFile<Content> {
  private readonly logger = new Logger(ConfigFile.name);
  private readonly folder: FolderFiles;
  private readonly looks = new RepeatedLook(() => this.read());
  /** As it is shown to people. */
  readonly path: string;
  private source: string | null = null;
  private lastValid: Content | null = null;
  private flaws: Flaw[] = [];
  private broken: FileProblem[] = [];
  /** Whether the folder was listed without the file when it could be read last. */
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

  /** Resolves when it is read for the first time. */
  open(): Promise<void> {
    return this.looks.open();
  }

  close(): Promise<void> {
    return this.looks.close();
  }

  /** Reads what has changed up to now. */
  async reload(): Promise<void> {
    const { folder, name } = this;
    const isCurrent = folder.files.has(name) ? folder.isCurrent(name) : folder.isListCurrent();
    if (!isCurrent) await this.looks.now();
  }

  /** Null where there is no file, or one that was never valid. */
  get content(): Content | null {
    return this.lastValid;
  }

  get problems(): FileProblem[] {
    return this.broken;
  }

  private async read(): Promise<void> {
    await this.folder.look();
    const file = this.folder.files.get(this.name);
    const misnamed = this.misnamed();
    if (this.folder.trouble === null) this.isAbsent = file === undefined && misnamed.length === 0;
    this.take(file?.source ?? null);
    const unreadable = this.folder.trouble ?? file?.flaw ?? null;
    const flaws = unreadable === null ? this.flaws : [{ line: null, reason: unreadable }];
    this.report([...flaws.map((flaw) => ({ file: this.name, ...flaw })), ...misnamed]);
  }

  private take(source: string | null): void {
    if (source === this.source) return;
    this.source = source;
    if (source === null) {
      [this.lastValid, this.flaws] = [null, []];
      this.logger.log(`${this.path} was removed`);
      return;
    }
    const { content, flaws = [] } = this.parse(source);
    this.flaws = flaws;
    if (content === undefined) return;
    this.lastValid = content;
    this.logger.log(`${this.path} read`);
  }

  /** A file that differs from the expected one in case or ending was meant to be read. */
  private misnamed(): FileProblem[] {
    const stem = (name: string) => name.toLowerCase().replace(/\.ya?ml$/, '');
    return this.folder.entries
      .filter(({ name }) => name !== this.name && /\.ya?ml$/i.test(name) && stem(name) === stem(this.name))
      .map(({ name }) => ({
        file: name,
        line: null,
        reason: `the file is ignored. Rename it to ${this.name}`,
      }));
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
