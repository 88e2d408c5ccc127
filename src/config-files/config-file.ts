import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { type FileProblem, problemText, unreadable } from './file-problem';
import { FolderWatch } from './folder-watch';
import type { ParsedYaml } from './parse-yaml';
import { readConfigFile } from './read-config-file';

/**
 * One file that may lie in the configuration folder, as it says right now. Re-read when it changes; a broken one keeps
 * what it said when it was last good, one that is gone says nothing.
 */
export class ConfigFile<Content> {
  private readonly logger = new Logger(ConfigFile.name);
  private readonly path: string;
  private readonly watch: FolderWatch;
  private source: string | null = null;
  private lastGood: Content | null = null;
  private broken: FileProblem | null = null;

  /** @param name of the file, within the configuration folder */
  constructor(
    configDir: string,
    readonly name: string,
    private readonly parse: (source: string) => ParsedYaml<Content>,
  ) {
    this.path = join(configDir, name);
    this.watch = new FolderWatch(configDir, () => this.read());
  }

  /** Resolves when it is read for the first time. */
  open(): Promise<void> {
    return this.watch.open();
  }

  close(): Promise<void> {
    return this.watch.close();
  }

  /** Null where there is no file, or one that was never good. */
  get content(): Content | null {
    return this.lastGood;
  }

  get problem(): FileProblem | null {
    return this.broken;
  }

  private async read(): Promise<void> {
    let source: string;
    try {
      source = await readConfigFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.forget();
      this.source = null;
      return this.complain(null, unreadable(error));
    }
    if (source === this.source) return;
    this.source = source;
    const parsed = this.parse(source);
    if (parsed.reason !== undefined) return this.complain(parsed.line, parsed.reason);
    this.lastGood = parsed.content;
    this.broken = null;
    this.logger.log(`${this.name} read`);
  }

  private complain(line: number | null, reason: string): void {
    if (this.broken?.line === line && this.broken.reason === reason) return;
    const problem = { file: this.name, line, reason };
    this.broken = problem;
    const kept = this.lastGood === null ? '' : '; what it said before still holds';
    this.logger.error(`${problemText(problem)}${kept}`);
  }

  private forget(): void {
    if (this.source !== null || this.broken !== null) this.logger.log(`${this.name} is gone`);
    [this.source, this.lastGood, this.broken] = [null, null, null];
  }
}
