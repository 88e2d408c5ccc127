import { statfs } from 'node:fs/promises';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { JobatoError } from '../http/problem-catalogue';
import { freeSpaceText, lowSpaceText, noRoomText } from './disk-space-text';

const LOOK_EVERY_MS = 5000;

/** A reservation of disk space for one incoming file, so that concurrent files do not count on the same free bytes. */
export interface RoomReservation {
  /**
   * Checks the disk, and reserves the remaining size of the file.
   * @throws JobatoError STORAGE_FULL if less than the minimum would stay free
   */
  need(bytes: number): Promise<void>;
  release(): void;
}

/**
 * Keeps a minimum of free disk space. On a full disk, SQLite cannot even delete rows. New runs are therefore refused
 * while there is still space to complete the active ones.
 */
@Injectable()
export class DiskSpace implements OnModuleInit, OnModuleDestroy {
  private freeBytes = Number.POSITIVE_INFINITY;
  /** Reserved by incoming files for the bytes that they have not written yet. */
  private reservedBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  async onModuleInit(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /** Returns the problem with the disk, or null. */
  trouble(): string | null {
    if (this.freeBytes >= this.config.minFreeDiskBytes) return null;
    return lowSpaceText(this.freeBytes, this.config.minFreeDiskBytes);
  }

  room(): string {
    return freeSpaceText(this.freeBytes);
  }

  /** @throws JobatoError STORAGE_FULL */
  assertRoom(): void {
    const trouble = this.trouble();
    if (trouble !== null) throw new JobatoError('STORAGE_FULL', trouble);
  }

  /** Returns an empty reservation, which the caller must release. */
  reservation(): RoomReservation {
    let bytes = 0;
    const reserve = (wanted: number) => {
      this.reservedBytes += wanted - bytes;
      bytes = wanted;
    };
    return {
      need: async (wanted) => {
        await this.look();
        this.assertRoom();
        reserve(wanted);
        const leftBytes = this.freeBytes - this.reservedBytes;
        if (leftBytes >= this.config.minFreeDiskBytes) return;
        throw new JobatoError(
          'STORAGE_FULL',
          noRoomText(wanted, {
            freeBytes: this.freeBytes,
            reservedBytes: this.reservedBytes - wanted,
            minBytes: this.config.minFreeDiskBytes,
          }),
        );
      },
      release: () => reserve(0),
    };
  }

  private async look(): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(this.config.dataDir);
      this.freeBytes = bavail * bsize;
    } catch {
      // A file system that does not report its free space must not block runs.
    }
  }
}
