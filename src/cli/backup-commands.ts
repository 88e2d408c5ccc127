import { resolve } from 'node:path';
import { sizeText } from '../config/size-text';
import type { Part, SkipReason } from '../backup/archive-format';
import { FILE_PARTS } from '../backup/archive-format';
import { backup, type BackupProgress } from '../backup/backup';
import { BackupError } from '../backup/backup-error';
import { restore } from '../backup/restore';
import { commandLine } from '../config/command-line';
import { elapsedText } from '../clock/elapsed-text';
import { readEnvironment } from '../config/environment';
import { StartUpError } from '../lifecycle/start-up-error';
import { CliFailure, EXIT, usageFailure } from './failures';
import { packageVersion } from '../config/package-version';
import { Terminal } from './terminal';
import { oneLine } from './terminal-text';

export interface BackupCommandOptions {
  files?: boolean;
  work?: boolean;
  force?: boolean;
}

/** Stands for standard input or output. */
const STREAM = '-';
const SHOWN_SKIPPED = 10;

const SKIP_WORDS: Record<SkipReason, string> = {
  vanished: 'was deleted during the backup',
  changed: 'became shorter during the backup, or could not be read to its end',
  unreadable: 'cannot be read by the user of this command',
  link: 'is a link that leads out of its folder',
  special: 'is a pipe, socket or device',
  'path-too-long': 'has a path that is too long',
};

/** Writes a backup of DATA_DIR. Progress and the summary go to stderr, so that the archive can be piped. */
export async function backupCommand(target: string, options: BackupCommandOptions): Promise<number> {
  if (target === STREAM && process.stdout.isTTY)
    throw usageFailure('The backup would be written to the terminal. Pipe it to a program or a file.');
  endOnSignals();
  const sinceMs = performance.now();
  const terminal = new Terminal(process.stderr);
  const summary = await explaining(() =>
    backup({
      dataDir: dataDir(),
      target: target === STREAM ? writeToStdout : target,
      replaces: options.force === true,
      parts: partsOf(options),
      jobatoVersion: packageVersion(),
      now: new Date().toISOString(),
      onProgress: (progress) => terminal.status(progressText(progress)),
    }),
  );
  terminal.status('');
  for (const { path, reason } of summary.skipped.slice(0, SHOWN_SKIPPED))
    terminal.remark(`skipped  ${oneLine(path)}: ${SKIP_WORDS[reason]}`);
  const more = summary.skippedCount - Math.min(summary.skipped.length, SHOWN_SKIPPED);
  if (more > 0)
    terminal.remark(`skipped  ${counted(more, 'more file')}; report.json in the backup lists them`);
  terminal.remark(
    `Backup of ${sizeText(summary.bytes)} with ${counted(summary.runs, 'run')} and ${counted(summary.files, 'file')}` +
      ` written in ${elapsedText(performance.now() - sinceMs)}${target === STREAM ? '' : `: ${oneLine(target)}`}`,
  );
  return EXIT.done;
}

/** Creates DATA_DIR from a backup. */
export async function restoreCommand(source: string): Promise<number> {
  if (source === STREAM && process.stdin.isTTY)
    throw usageFailure('The backup is read from standard input. Pipe it from a program or a file.');
  endOnSignals();
  const sinceMs = performance.now();
  const terminal = new Terminal(process.stderr);
  const folder = dataDir();
  const { manifest, report, files, bytes } = await explaining(() =>
    restore({
      dataDir: folder,
      source: source === STREAM ? process.stdin : source,
      jobatoVersion: packageVersion(),
      now: new Date().toISOString(),
      onProgress: (progress) =>
        terminal.status(`${counted(progress.files, 'file')}, ${sizeText(progress.bytes)}`),
    }),
  );
  terminal.status('');
  if (report.skippedCount > 0)
    terminal.remark(`The backup has no or only a part of ${counted(report.skippedCount, 'file')}.`);
  terminal.remark(
    `Restored ${counted(Number(manifest.database.rows.runs ?? 0), 'run')} and ${counted(files, 'file')}, ${sizeText(bytes)},` +
      ` from ${oneLine(manifest.createdAt)} to ${folder} in ${elapsedText(performance.now() - sinceMs)}`,
    `Start the server with "${commandLine('serve')}". It ends the runs that were active when the backup was made. Schedules are paused until "${commandLine('resume')}".`,
  );
  return EXIT.done;
}

function partsOf({ files, work }: BackupCommandOptions): Part[] {
  return [...(files ? FILE_PARTS : []), ...(work ? (['work'] as const) : [])];
}

function dataDir(): string {
  const { variables } = readEnvironment(process.env);
  return resolve(variables.DATA_DIR || 'data');
}

function writeToStdout(chunk: Buffer): Promise<void> {
  return new Promise((written, reject) =>
    process.stdout.write(chunk, (error) => (error ? reject(error) : written())),
  );
}

function progressText({ stage, bytes, files }: BackupProgress): string {
  return stage === 'database'
    ? `Copying the database, ${sizeText(bytes)} …`
    : `${counted(files, 'file')}, ${sizeText(bytes)}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Exits instead of being ended, so that what is not complete is removed. */
function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGHUP', () => process.exit(129));
}

async function explaining<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackupError || error instanceof StartUpError)
      throw new CliFailure(error.message, EXIT.notCompleted);
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== undefined && path !== undefined)
      throw new CliFailure(`${oneLine(path)} cannot be used (${code}).`, EXIT.notCompleted);
    throw error;
  }
}
