import { execFile } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Config } from '../config/config';
import { CONFIG } from '../config/config.module';
import { PRIVATE_FOLDER } from '../lifecycle/private-files';

/** Created at once, because a call of `mkfifo` takes about as long as the start of a step. */
const BATCH = 60;
/** Fewer than this start the next batch, which is ready before they are used up. */
const LOW = 30;
const FILL_WITHIN_MS = 10_000;
/** Milliseconds without a further try after a failure, for example in a file system without named pipes. */
const PAUSE_MS = 60_000;

/** A pipe whose write end is not yet passed to a process. */
export interface OpenPipe {
  readEnd: number;
  writeEnd: number;
}

/**
 * Creates the pipes for the output of steps. Node connects processes by socket pairs, and Linux cannot open a socket
 * by its path (ENXIO): `echo hello > /dev/stderr` would fail. Node has no call that creates a pipe, but it can open a
 * named one. Each name is deleted as soon as its pipe is open, so that no pipe has two users.
 */
@Injectable()
export class StepPipes implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(StepPipes.name);
  private readonly folder: string;
  private readonly names: string[] = [];
  private created = 0;
  private filling: Promise<void> | null = null;
  private pausedUntil = 0;

  constructor(@Inject(CONFIG) { dataDir }: Pick<Config, 'dataDir'>) {
    this.folder = join(dataDir, 'pipes');
  }

  /** Deletes the pipes of a process that was killed. */
  onModuleInit(): void {
    this.clear();
  }

  onApplicationShutdown(): void {
    this.clear();
  }

  /** Returns open pipes. Null if they cannot be created, for example because the disk is full. */
  async take(count: number): Promise<OpenPipe[] | null> {
    if (performance.now() < this.pausedUntil) return null;
    // The second try is for a folder that was deleted.
    const open = await this.tryToTake(count)
      .catch(() => this.tryToTake(count))
      .catch((error: unknown) => this.pause(error));
    if (open !== null && this.names.length < LOW) this.filled().catch(() => undefined);
    return open;
  }

  private async tryToTake(count: number): Promise<OpenPipe[]> {
    while (this.names.length < count) await this.filled(); // other steps may have used up the batch in between
    const open: OpenPipe[] = [];
    try {
      while (open.length < count) open.push(this.open(this.names.pop()!));
      return open;
    } catch (error) {
      open.forEach(closePipe);
      this.names.length = 0;
      throw error;
    }
  }

  private filled(): Promise<void> {
    this.filling ??= this.fill().finally(() => (this.filling = null));
    return this.filling;
  }

  private open(name: string): OpenPipe {
    // Without O_NONBLOCK, opening waits for the other end. The program gets a write end that blocks, as usual.
    const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { readEnd, writeEnd: openSync(name, constants.O_WRONLY) };
    } catch (error) {
      closeSync(readEnd);
      throw error;
    } finally {
      rmSync(name, { force: true });
    }
  }

  private async fill(): Promise<void> {
    const names = Array.from({ length: BATCH }, () => join(this.folder, `${process.pid}-${++this.created}`));
    mkdirSync(this.folder, { recursive: true, mode: PRIVATE_FOLDER });
    try {
      await promisify(execFile)('mkfifo', ['-m', '600', '--', ...names], { timeout: FILL_WITHIN_MS });
    } catch (error) {
      for (const name of names) rmSync(name, { force: true });
      throw error;
    }
    this.names.push(...names);
  }

  private pause(error: unknown): null {
    this.pausedUntil = performance.now() + PAUSE_MS;
    this.logger.warn(
      `Creating named pipes in ${this.folder} failed. For ${PAUSE_MS / 1000} s, steps get sockets, and cannot open /dev/stdout and /dev/stderr: ${String(error)}`,
    );
    return null;
  }

  private clear(): void {
    this.names.length = 0;
    try {
      rmSync(this.folder, { recursive: true, force: true });
    } catch (error) {
      this.logger.warn(`Deleting ${this.folder} failed: ${String(error)}`);
    }
  }
}

/** Reads a pipe without occupying a thread while it is empty. The stream closes the read end. */
export function readEndOf({ readEnd }: OpenPipe): Readable {
  return new Socket({ fd: readEnd, readable: true, writable: false });
}

export function closeWriteEnd({ writeEnd }: OpenPipe): void {
  closeSync(writeEnd);
}

export function closePipe({ readEnd, writeEnd }: OpenPipe): void {
  closeSync(readEnd);
  closeSync(writeEnd);
}
