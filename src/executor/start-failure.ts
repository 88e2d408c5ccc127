import { tooLargeToSpawn } from './spawn-size';
import { findStartObstacle, type StartObstacle, type StartRequest } from './start-obstacle';

/** Explains why the system did not start a command, and what to do. */
export async function startFailure(
  { code, message }: NodeJS.ErrnoException,
  request: StartRequest,
): Promise<string> {
  const { command, env } = request;
  const program = quoted(command[0] ?? '');
  if (code === 'E2BIG') return tooLargeToSpawn(command, env);
  const invalid = invalidPart(request);
  if (invalid !== null) return invalid;
  const obstacle = await findStartObstacle(request);
  if (obstacle !== null) return obstacleText(obstacle);
  switch (code) {
    case 'ENOENT':
      return `The program ${program} exists, but not the loader that it needs. Install a version that is built for this system.`;
    case 'ENOEXEC':
      return `The program ${program} is not built for this system. Install another version, or name an interpreter in its first line.`;
    case 'EACCES':
    case 'EPERM':
      return `The system does not execute the program ${program} (${code}). Check that its file system is not mounted with "noexec".`;
    case 'ETXTBSY':
      return `The program ${program} is being written. Start the run again when its file is complete.`;
    case 'EAGAIN':
    case 'ENOMEM':
      return `The machine has no more processes or memory (${code}). End other programs, or raise the limits of the worker's user account.`;
    case 'EMFILE':
    case 'ENFILE':
      return `The worker has too many open files (${code}). Raise its limit (ulimit -n), or lower WORKER_CONCURRENCY.`;
    default:
      return `The program ${program} could not be started: ${message}`;
  }
}

export function obstacleText(obstacle: StartObstacle): string {
  switch (obstacle.code) {
    case 'folder-missing':
      return `The working directory ${quoted(obstacle.folder)} does not exist. Create it, or correct "workingDir".`;
    case 'folder-is-file':
      return `The working directory ${quoted(obstacle.folder)} is a file. Name a folder in "workingDir".`;
    case 'folder-forbidden':
      return `The working directory ${quoted(obstacle.folder)} is not accessible to the worker's user account. Give it execute permission on the folder and those above.`;
    case 'program-not-in-path':
      return `The program ${quoted(obstacle.program)} was not found in PATH. Install it, or write its full path.`;
    case 'program-missing':
      return `The program ${quoted(obstacle.path)} does not exist. Create it, or correct its path, which is relative to "workingDir".`;
    case 'program-is-folder':
      return `The program ${quoted(obstacle.path)} is a folder. Name a file in it.`;
    case 'program-not-executable':
      return `The program ${quoted(obstacle.path)} is not executable. Run: chmod +x ${shellQuoted(obstacle.path)}`;
    case 'program-forbidden':
      return `The program ${quoted(obstacle.path)} is not accessible to the worker's user account. Give it execute permission on the folders above.`;
    case 'windows-line-break':
      return `The first line of ${quoted(obstacle.path)} ends with a Windows line break (CRLF), which becomes part of the interpreter's name. Save the file with Unix line breaks (LF).`;
    case 'interpreter-missing':
      return `The interpreter ${quoted(obstacle.interpreter)} in the first line of ${quoted(obstacle.path)} does not exist. Install it, or correct that line.`;
    case 'interpreter-not-executable':
      return `The interpreter ${quoted(obstacle.interpreter)} in the first line of ${quoted(obstacle.path)} is not executable. Correct that line, or the file's permissions.`;
  }
}

/** Node refuses these before the system sees them. Omits the text, which may be secret. */
function invalidPart({ command, workingDir, env }: StartRequest): string | null {
  if ((command[0] ?? '').trim() === '')
    return 'The name of the program is empty. Correct "command" or "shell".';
  const parts = [
    ...command.map((text, index) => ({ name: index === 0 ? 'The program' : `Argument ${index}`, text })),
    { name: 'The working directory', text: workingDir },
    ...Object.entries(env).map(([name, text]) => ({ name: `The variable ${name}`, text })),
  ];
  const wrong = parts.find(({ text }) => text.includes('\0'));
  return wrong ? `${wrong.name} contains a NUL character, with which no program can start. Remove it.` : null;
}

function quoted(text: string): string {
  return `"${text}"`;
}

/** For a command that a reader may copy. */
function shellQuoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
