import { constants, promises as fs } from 'node:fs';
import { basename, delimiter, resolve } from 'node:path';

/** A command as it is given to the system. */
export interface StartRequest {
  /** Program and arguments. */
  command: string[];
  /** As written in the project file and shown in errors; relative to the working directory of this process. */
  workingDir: string;
  env: Record<string, string>;
}

/** Something on this machine because of which a command cannot start. */
export type StartObstacle =
  | { code: 'folder-missing' | 'folder-is-file' | 'folder-forbidden'; folder: string }
  | { code: 'program-not-in-path'; program: string; searched: string[] }
  | {
      code: 'program-missing' | 'program-is-folder' | 'program-not-executable' | 'program-forbidden';
      path: string;
    }
  | {
      code: 'windows-line-break' | 'interpreter-missing' | 'interpreter-not-executable';
      path: string;
      interpreter: string;
    };

/** Linux reads this much of a file for its first line. */
const MAX_FIRST_LINE = 256;

/** Looks for what the system would look for. Returns null if nothing is in the way, or it cannot be found out. */
export async function findStartObstacle({
  command,
  workingDir,
  env,
}: StartRequest): Promise<StartObstacle | null> {
  const folder = resolve(workingDir);
  const inFolder = await folderObstacle(folder);
  if (inFolder !== null) return { code: inFolder, folder: workingDir };
  const [program = ''] = command;
  if (program.includes('/')) return fileObstacle(resolve(folder, program), folder);
  const searched = (env.PATH ?? '').split(delimiter).map((entry) => resolve(folder, entry));
  let firstObstacle: StartObstacle | null = null;
  for (const entry of searched) {
    const obstacle = await fileObstacle(resolve(entry, program), folder);
    if (obstacle === null) return null;
    // The system continues with the next folder, unless this one has an executable file of that name.
    if (isOfFirstLine(obstacle)) return obstacle;
    if (obstacle.code !== 'program-missing') firstObstacle ??= obstacle;
  }
  return firstObstacle ?? { code: 'program-not-in-path', program, searched };
}

/** Returns the absolute paths that must change before the command can start. */
export function pathsOf(obstacle: StartObstacle): string[] {
  if ('folder' in obstacle) return [resolve(obstacle.folder)];
  if ('searched' in obstacle) return obstacle.searched;
  return [obstacle.path];
}

async function folderObstacle(
  folder: string,
): Promise<'folder-missing' | 'folder-is-file' | 'folder-forbidden' | null> {
  try {
    if (!(await fs.stat(folder)).isDirectory()) return 'folder-is-file';
    await fs.access(folder, constants.X_OK);
    return null;
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
      case 'ENOTDIR':
        return 'folder-missing';
      case 'EACCES':
        return 'folder-forbidden';
      default:
        return null;
    }
  }
}

async function fileObstacle(path: string, folder: string): Promise<StartObstacle | null> {
  const code = await programObstacle(path);
  if (code !== null) return { code: `program-${code}`, path };
  const { interpreter, argument } = (await firstLineOf(path)) ?? {};
  if (interpreter === undefined) return null;
  const state = await programObstacle(resolve(folder, interpreter));
  if (state === 'missing')
    return {
      code: interpreter.endsWith('\r') ? 'windows-line-break' : 'interpreter-missing',
      path,
      interpreter,
    };
  if (state === 'not-executable') return { code: 'interpreter-not-executable', path, interpreter };
  // `env` searches for the name with the line break.
  return basename(interpreter) === 'env' && /^[^\s=-][^\s=]*\r$/.test(argument!)
    ? { code: 'windows-line-break', path, interpreter: argument! }
    : null;
}

async function programObstacle(
  path: string,
): Promise<'missing' | 'is-folder' | 'not-executable' | 'forbidden' | null> {
  try {
    if ((await fs.stat(path)).isDirectory()) return 'is-folder';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
    return code === 'EACCES' ? 'forbidden' : null;
  }
  return fs.access(path, constants.X_OK).then(
    () => null,
    () => 'not-executable',
  );
}

/** Returns null for files without an interpreter in their first line, and for those that cannot be read. */
async function firstLineOf(path: string): Promise<{ interpreter: string; argument: string } | null> {
  const file = await fs.open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FIRST_LINE), 0, MAX_FIRST_LINE, 0);
    const found = /^#![ \t]*([^ \t\n]+)[ \t]*([^\n]*)\n/.exec(buffer.toString('utf8', 0, bytesRead));
    return found && { interpreter: found[1]!, argument: found[2]! };
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

function isOfFirstLine({ code }: StartObstacle): boolean {
  return code === 'windows-line-break' || code.startsWith('interpreter-');
}
