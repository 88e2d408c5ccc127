import { watch, type FSWatcher } from 'chokidar';
import { mkdir } from 'node:fs/promises';
import { Logger } from '@nestjs/common';

const QUIET_MS = 250;

/** Reads what lies in a folder, and reads it again when something in it changes. */
export class FolderWatch {
  private readonly logger = new Logger(FolderWatch.name);
  private watcher: FSWatcher | null = null;
  private lookAgain: NodeJS.Timeout | null = null;
  private reading: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly read: () => Promise<void>,
  ) {}

  /** Resolves when all is read for the first time. */
  async open(): Promise<void> {
    // Made, if it can be, so that the first file dropped into it is seen.
    await mkdir(this.folder, { recursive: true }).catch(() => undefined);
    await this.readAgain();
    this.watcher = watch(this.folder, { ignoreInitial: true, depth: 0 })
      .on('all', () => this.onChange())
      // What changed before the watch was in place is told by nobody.
      .on('ready', () => void this.readAgain())
      .on('error', (error) => this.logger.warn(`Changes in ${this.folder} may go unseen: ${String(error)}`));
  }

  async close(): Promise<void> {
    if (this.lookAgain) clearTimeout(this.lookAgain);
    await this.watcher?.close();
  }

  /** Read at once, and once more when all is quiet: of changes in quick succession the watcher tells but the first. */
  private onChange(): void {
    void this.readAgain();
    if (this.lookAgain) clearTimeout(this.lookAgain);
    this.lookAgain = setTimeout(() => void this.readAgain(), QUIET_MS);
  }

  /** One reading at a time, and one more if a change came in between. */
  private readAgain(): Promise<void> {
    this.reading = this.reading.then(() => this.read());
    return this.reading;
  }
}
