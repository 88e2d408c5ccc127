import { accessSync, constants, lstatSync, realpathSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { OpenFolder } from '../files/open-below';
import type { Instant } from '../clock/clock';
import { dataFolderError } from '../lifecycle/start-up-error';
import { PRIVATE_FILE } from '../lifecycle/private-files';
import { assertNoUnfinishedRestore } from '../lifecycle/unfinished-restore';
import {
  DATABASE_ENTRY,
  FORMAT_VERSION,
  MANIFEST_ENTRY,
  type Manifest,
  type Part,
  REPORT_ENTRY,
  type Report,
} from './archive-format';
import { ArchiveWriter, type Output } from './archive-writer';
import { BackupError } from './backup-error';
import { DatabaseCopy } from './database-copy.repository';
import { hashOf } from './file-hash';
import { type Found, walk } from './folder-walk';
import { assertRoom, FreeSpaceWatch } from './free-space';
import { SkippedFiles } from './skipped-files';
import { TEMPORARY_PREFIX, TemporaryFolder } from './temporary-folder';

export interface BackupOptions {
  dataDir: string;
  /** Path of the archive; a stream that is written instead. */
  target: string | Output;
  /** Whether an existing archive is replaced. */
  replaces: boolean;
  parts: Part[];
  jobatoVersion: string;
  now: Instant;
  onProgress: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  stage: 'database' | 'files';
  /** Written so far; of the stage `database`, the size of the database. */
  bytes: number;
  files: number;
}

export interface BackupSummary {
  bytes: number;
  runs: number;
  files: number;
  skipped: Report['skipped'];
  skippedCount: number;
}

/**
 * Writes a backup of a data folder whose server may be running. The database is copied first: each artifact of a copied
 * run existed by then. A file that is deleted before it is read is missing in the archive, as it is in the data folder.
 * @throws BackupError, StartUpError
 */
export async function backup(options: BackupOptions): Promise<BackupSummary> {
  const { dataDir, target, replaces, parts } = options;
  const database = findDatabase(dataDir);
  const file = typeof target === 'string' ? resolve(target) : null;
  if (file !== null) assertUsable(file, { dataDir, replaces, parts });
  // Not in DATA_DIR: a copy there could take the space that the server needs.
  const temporary = makeTemporary(file === null ? tmpdir() : dirname(file));
  try {
    const bytes = sizeOf(database) + sizeOf(`${database}-wal`);
    // One for the copy, and one for the archive that contains it.
    await assertRoom(temporary.path, file === null ? bytes : 2 * bytes);
    options.onProgress({ stage: 'database', bytes, files: 0 });
    const copyFile = temporary.file('jobato.db');
    const copy = DatabaseCopy.make(database, copyFile);
    try {
      if (typeof target !== 'string') return await writeArchive(target, copy, copyFile, options);
      return await writeFile(temporary, resolve(target), options, (output) =>
        writeArchive(output, copy, copyFile, options),
      );
    } finally {
      copy.close();
    }
  } catch (error) {
    throw explained(error, file);
  } finally {
    temporary.remove();
  }
}

function findDatabase(dataDir: string): string {
  const database = join(dataDir, 'db', 'jobato.db');
  try {
    accessSync(dataDir, constants.R_OK | constants.X_OK);
    assertNoUnfinishedRestore(dataDir);
    accessSync(database, constants.R_OK);
    return database;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new BackupError(
        `There is no Jobato database at ${database}. Set DATA_DIR to the data folder of the server.`,
      );
    }
    throw dataFolderError(error, dataDir);
  }
}

function assertUsable(
  file: string,
  { dataDir, replaces, parts }: Pick<BackupOptions, 'dataDir' | 'replaces' | 'parts'>,
): void {
  const existing = lstatSync(file, { throwIfNoEntry: false });
  if (existing && !existing.isFile()) throw new BackupError(`${file} is not a file. Choose another name.`);
  if (existing && !replaces)
    throw new BackupError(`${file} already exists. Choose another name, or replace it with --force.`);
  const folder = realpath(dirname(file));
  const part = parts.find((name) => `${folder}${sep}`.startsWith(`${realpath(join(dataDir, name))}${sep}`));
  if (part === undefined) return;
  throw new BackupError(
    `${file} is in a folder that is part of the backup (${part}), so each backup would contain the earlier ones. Choose a folder outside of ${dataDir}.`,
  );
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function makeTemporary(parent: string): TemporaryFolder {
  try {
    return TemporaryFolder.make(parent);
  } catch (error) {
    throw new BackupError(
      `The folder ${parent} cannot be used (${(error as NodeJS.ErrnoException).code}). Check that it exists and that you can write to it.`,
      { cause: error },
    );
  }
}

/** The archive gets its name when it is complete and on the disk. */
async function writeFile(
  temporary: TemporaryFolder,
  file: string,
  { replaces }: BackupOptions,
  write: (output: Output) => Promise<BackupSummary>,
): Promise<BackupSummary> {
  const path = temporary.file('archive.tar');
  const handle = await open(path, 'wx', PRIVATE_FILE);
  const freeSpace = new FreeSpaceWatch(temporary.path);
  let summary: BackupSummary;
  try {
    summary = await write(async (chunk) => {
      await freeSpace.beforeWrite(chunk.length);
      await handle.writeFile(chunk);
    });
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (!replaces && lstatSync(file, { throwIfNoEntry: false }))
    throw new BackupError(`${file} was created by another program during the backup. Choose another name.`);
  await rename(path, file);
  await syncFolder(dirname(file));
  return summary;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeArchive(
  output: Output,
  copy: DatabaseCopy,
  copyFile: string,
  { dataDir, parts, jobatoVersion, now, onProgress }: BackupOptions,
): Promise<BackupSummary> {
  const archive = new ArchiveWriter(output);
  const skipped = new SkippedFiles();
  const database = await open(copyFile, constants.O_RDONLY);
  try {
    const stats = await database.stat();
    const manifest: Manifest = {
      ...{ format: 'jobato-backup', formatVersion: FORMAT_VERSION, jobatoVersion, createdAt: now },
      ...{ installationId: copy.installationId, lastMigration: copy.lastMigration, parts },
      database: { bytes: stats.size, sha256: await hashOf(copyFile), rows: copy.rows },
    };
    await archive.addText(MANIFEST_ENTRY, JSON.stringify(manifest, null, 2));
    if (!(await archive.addFile(Buffer.from(DATABASE_ENTRY), database, stats)))
      throw new BackupError('The copy of the database cannot be read. Check the disk.');
  } finally {
    await database.close();
  }
  let files = 0;
  for (const part of parts) {
    const wanted = (path: Buffer) => isWanted(path.toString(), part, copy);
    for await (const found of entriesOf(join(dataDir, part), part, wanted)) {
      await add(archive, found, skipped);
      if (found.type === 'file') onProgress({ stage: 'files', bytes: archive.bytes, files: ++files });
    }
  }
  const report: Report = {
    ...{ entries: archive.entries, sha256: archive.digest() },
    ...{ skippedCount: skipped.count, skipped: skipped.first },
  };
  await archive.addText(REPORT_ENTRY, JSON.stringify(report));
  await archive.end();
  return {
    ...{ bytes: archive.bytes, runs: copy.rows.runs ?? 0, files },
    ...{ skipped: skipped.first, skippedCount: skipped.count },
  };
}

/** Runs that started after the copy have no row in it. */
function isWanted(path: string, part: Part, copy: DatabaseCopy): boolean {
  if (basename(path).startsWith(TEMPORARY_PREFIX)) return false;
  const [, runId, ...below] = path.split('/');
  return part !== 'runs' || runId === undefined || below.length > 0 || copy.hasRun(runId);
}

/** The folder itself may be a link that an operator made. */
async function* entriesOf(
  folder: string,
  part: Part,
  wanted: (path: Buffer) => boolean,
): AsyncGenerator<Found> {
  const opened = await OpenFolder.open(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (opened === null) return;
  try {
    yield* walk(opened, Buffer.from(part), wanted);
  } finally {
    await opened.close();
  }
}

async function add(archive: ArchiveWriter, found: Found, skipped: SkippedFiles): Promise<void> {
  switch (found.type) {
    case 'directory':
      return archive.addFolder(found.path, found.stats);
    case 'symlink':
      return archive.addLink(found.path, found.target, found.stats);
    case 'skipped':
      return skipped.add(found.path, found.reason);
    case 'file':
      if (!(await archive.addFile(found.path, found.file, found.stats))) skipped.add(found.path, 'changed');
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function explained(error: unknown, file: string | null): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  const where = file === null ? tmpdir() : dirname(file);
  return new BackupError(`The disk of ${where} is full. Free some space, or choose another folder.`, {
    cause: error,
  });
}
