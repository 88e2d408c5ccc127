import { constants, createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Instant } from '../clock/clock';
import { makePrivateFolder } from '../lifecycle/private-files';
import { writeOriginalId } from '../lifecycle/original-installation';
import { writeRestoredNotice } from '../lifecycle/restored-notice';
import { ArchiveExtraction } from './archive-extraction';
import { DATABASE_ENTRY, type Manifest, type Report } from './archive-format';
import { BackupError } from './backup-error';
import { assertRoom } from './free-space';
import { RestoreFolder } from './restore-folder';
import { prepareRestoredDatabase } from './restored-database.repository';

export interface RestoreOptions {
  dataDir: string;
  /** Path of the archive, or a stream with its content. */
  source: string | Readable;
  jobatoVersion: string;
  now: Instant;
  onProgress: (progress: { files: number; bytes: number }) => void;
}

export interface RestoreSummary {
  manifest: Manifest;
  report: Report;
  files: number;
  bytes: number;
}

/**
 * Creates a data folder from a backup. If it fails or is interrupted, the folder is empty again, or no server starts on
 * it until the next restore.
 * @throws BackupError, StartUpError
 */
export async function restore(options: RestoreOptions): Promise<RestoreSummary> {
  const { dataDir, source, jobatoVersion, now } = options;
  const archiveBytes = typeof source === 'string' ? sizeOf(source) : 0;
  const folder = RestoreFolder.take(dataDir);
  try {
    await assertRoom(folder.path, archiveBytes);
    const extraction = new ArchiveExtraction(folder.path, jobatoVersion, options.onProgress);
    const { manifest, report } = await extraction.run(
      typeof source === 'string' ? createReadStream(source, { highWaterMark: 256 * 1024 }) : source,
    );
    const database = join(folder.path, DATABASE_ENTRY);
    prepareRestoredDatabase(database, now);
    for (const name of ['runs', 'work']) makePrivateFolder(join(folder.path, name));
    if (manifest.installationId) writeOriginalId(folder.path, manifest.installationId);
    writeRestoredNotice(folder.path, { createdAt: manifest.createdAt, restoredAt: now });
    for (const path of [database, join(folder.path, 'db'), folder.path]) await sync(path);
    folder.complete();
    await sync(dataDir);
    return { manifest, report, files: extraction.files, bytes: extraction.bytes };
  } catch (error) {
    folder.discard();
    throw error;
  }
}

function sizeOf(file: string): number {
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    return stats.size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BackupError(
      `${file} cannot be read (${code}). Give the path of a backup, or - for standard input.`,
      {
        cause: error,
      },
    );
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
