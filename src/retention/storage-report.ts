import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Clock, type Instant } from '../clock/clock';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { Database, type DatabaseSizes } from '../database/database';
import { type FolderSize, folderSize } from './folder-sizes';
import { ROW_SIZES, type RowSize, StorageSizesRepository } from './storage-sizes.repository';

/** Folders of DATA_DIR with files of runs and projects. */
export const MEASURED_FOLDERS = ['runs', 'work', 'html', 'results'] as const;
export type MeasuredFolder = (typeof MEASURED_FOLDERS)[number];

export interface Measurement {
  measuredAt: Instant;
  rows: Record<RowSize, number>;
  folders: Record<MeasuredFolder, FolderSize>;
}

export interface StorageReportNow {
  database: DatabaseSizes;
  disk: { freeBytes: number; totalBytes: number } | null;
  /** Null until the first measurement of this process is complete. */
  measured: Measurement | null;
}

/** A measurement reads many rows and files, so an older one is shown until then. */
const MEASURE_EVERY_MS = 15 * 60 * 1000;
const PAUSE_MS = 2;

/** What takes how much room. The parts are measured in the background, and only while someone asks for them. */
@Injectable()
export class StorageReport implements OnModuleDestroy {
  private readonly logger = new Logger(StorageReport.name);
  private readonly stopping = new AbortController();
  private measured: Measurement | null = null;
  private measuring: Promise<void> | null = null;
  private measuredAtMs = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly sizes: StorageSizesRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'dataDir'>,
  ) {}

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.measuring;
  }

  /** Returns the last measurement, and begins another one if it is old. */
  async now(): Promise<StorageReportNow> {
    if (this.clock.monotonicMs() - this.measuredAtMs >= MEASURE_EVERY_MS) void this.measure();
    const [database, disk] = await Promise.all([this.database.fileSizes(), this.disk()]);
    return { database, disk, measured: this.measured };
  }

  /** Resolves when a measurement is complete: the one in progress, or a new one. Never rejects. */
  measure(): Promise<void> {
    this.measuring ??= this.measureAll()
      .catch((error: unknown) => this.logger.warn(`Measuring the storage failed: ${String(error)}`))
      .finally(() => {
        this.measuredAtMs = this.clock.monotonicMs();
        this.measuring = null;
      });
    return this.measuring;
  }

  private async measureAll(): Promise<void> {
    const measuredAt = this.clock.now();
    const rows = {} as Measurement['rows'];
    for (const what of ROW_SIZES) rows[what] = await this.sizeOfRows(what);
    const folders = {} as Measurement['folders'];
    for (const name of MEASURED_FOLDERS)
      folders[name] = await folderSize(join(this.config.dataDir, name), this.stopping.signal);
    if (!this.stopping.signal.aborted) this.measured = { measuredAt, rows, folders };
  }

  private async sizeOfRows(what: RowSize): Promise<number> {
    let bytes = 0;
    let place: string | number | null = null;
    do {
      const slice = await this.sizes.slice(what, place);
      bytes += slice.bytes;
      place = slice.next;
      if (place !== null) await delay(PAUSE_MS);
    } while (place !== null && !this.stopping.signal.aborted);
    return bytes;
  }

  private async disk(): Promise<StorageReportNow['disk']> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.config.dataDir);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      return null; // a file system that does not report its free space
    }
  }
}
