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
        `PORT ${port} on ${host} is already in use by another program. Stop that program, or set another PORT.`,
      );
    case 'EACCES':
      return new StartUpError(
        `PORT ${port} is not permitted for the user account of this server. Set a PORT above 1023.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartUpError(
        `HOST ${host} is not an address of this machine. Set HOST to an address of this machine, or unset it.`,
      );
    case undefined:
      return error;
    default:
      return new StartUpError(
        `The server cannot listen on HOST ${host} and PORT ${port} (${(error as NodeJS.ErrnoException).code}). Set other values.`,
        { cause: error },
      );
  }
}

/** Returns the message for the operator after a failed start. Contains a stack only for a programming error. */
export function startUpMessage(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartUpError) return error.message;
  const { code, path, stack } = error as NodeJS.ErrnoException;
  return code !== undefined && path !== undefined
    ? `${path} cannot be used (${code}). Check that it exists and that the user account of this server has access to it.`
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
      return 'is a file, not a folder. Move the file, or set another DATA_DIR.';
    case 'EISDIR':
      return 'is a folder, not a file. Move the folder, or set another DATA_DIR.';
    case 'EACCES':
    case 'EPERM':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return 'is not readable and writable for the user account of this server. Change its owner or mode.';
    case 'EROFS':
    case 'SQLITE_READONLY':
    case 'SQLITE_READONLY_DIRECTORY':
      return 'is on a read-only disk. Make the disk writable, or set another DATA_DIR.';
    case 'ENOSPC':
    case 'EDQUOT':
    case 'SQLITE_FULL':
      return 'is on a full disk. Free some space, and start Jobato again.';
    default:
      return null;
  }
}
