import { ConfigError } from '../config/config-error';

/** The server cannot start, for a reason that its operator can fix. Shown without a stack. */
export class StartUpError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartUpError';
  }
}

/** Explains which variable has an address that the server cannot listen on. Returns other errors unchanged. */
export function listenError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new StartUpError(
        `PORT is ${port}, which another program uses on ${host}. Stop that program or set another PORT.`,
      );
    case 'EACCES':
      return new StartUpError(
        `PORT is ${port}, at which the user of this server may not listen. Set a PORT above 1023.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartUpError(
        `HOST is ${host}, which is not an address of this machine. Set HOST to one that is, or unset it.`,
      );
    case undefined:
      return error;
    default:
      return new StartUpError(
        `HOST is ${host} and PORT is ${port}, at which this server cannot listen (${(error as NodeJS.ErrnoException).code}). Set others.`,
        { cause: error },
      );
  }
}

/** Returns the message for the operator after a failed start. Contains a stack only for a programming error. */
export function startUpMessage(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartUpError) return error.message;
  const { code, path, stack } = error as NodeJS.ErrnoException;
  return code !== undefined && path !== undefined
    ? `${path} cannot be used (${code}). Check that it is there, and that the user of this server may use it.`
    : String(stack ?? error);
}

/** Explains why DATA_DIR cannot be used. Returns other errors unchanged. */
export function dataFolderError(error: unknown, folder: string): unknown {
  const { code = '', path = folder } = error as NodeJS.ErrnoException;
  const why = whyUnusable(code);
  return why === null ? error : new StartUpError(`DATA_DIR: ${path} ${why}`, { cause: error });
}

function whyUnusable(code: string): string | null {
  switch (code) {
    case 'ENOTDIR':
    case 'EEXIST':
      return 'is not a folder. Move that file away or set another DATA_DIR.';
    case 'EISDIR':
      return 'is a folder, but must be a file. Move that folder away or set another DATA_DIR.';
    case 'EACCES':
    case 'EPERM':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return 'cannot be read and written by the user of this server. Change its owner or its mode.';
    case 'EROFS':
    case 'SQLITE_READONLY':
    case 'SQLITE_READONLY_DIRECTORY':
      return 'is on a read-only disk. Make it writable or set another DATA_DIR.';
    case 'ENOSPC':
    case 'EDQUOT':
    case 'SQLITE_FULL':
      return 'is on a full disk. Free some space and start again.';
    default:
      return null;
  }
}
