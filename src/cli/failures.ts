import { commandLine } from '../config/command-line';

/** Exit codes of the command line, the same for every command. */
export const EXIT = {
  done: 0,
  /** The run failed, was cancelled or was only partial; the server refused the request; or a file has problems. */
  notCompleted: 1,
  usage: 2,
  unreachable: 3,
  /** The code that shells use for "ended by Ctrl-C". */
  interrupted: 130,
} as const;

/** An expected failure: the CLI prints its message without a stack and exits with its code. */
export class CliFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'CliFailure';
  }
}

export function usageFailure(message: string): CliFailure {
  return new CliFailure(message, EXIT.usage);
}

export function unwritable(file: string, error: unknown): CliFailure {
  const { code } = error as NodeJS.ErrnoException;
  return usageFailure(`${file} cannot be written (${code}). Check the permissions of its folder.`);
}

/** The server did not answer, or the connection broke. */
export class ServerUnreachable extends CliFailure {
  constructor(
    url: string,
    readonly reason: string,
  ) {
    super(
      `Cannot connect to a Jobato server at ${url} (${reason}).\n` +
        `Start it with "${commandLine('serve')}", or set JOBATO_URL to the URL of a running server.`,
      EXIT.unreachable,
    );
    this.name = 'ServerUnreachable';
  }
}

/** Returns the actual reason of a "fetch failed" error, which is in its cause. */
export function networkReason(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause ?? error;
  const { code, message } = cause as { code?: string; message?: string };
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
      return 'host not found';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'connection lost';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'no response in time';
    default:
      return message || code || String(cause);
  }
}
