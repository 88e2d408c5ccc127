import { open } from 'node:fs/promises';
import { FileTooLarge } from './file-problem';

export const MAX_FILE_BYTES = 1024 * 1024;

/** Reads a file of the configuration as text. Rejects one that is larger than 1 MiB without reading it whole. */
export async function readConfigFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length;) {
      ({ bytesRead: read } = await file.read(buffer, length, buffer.length - length));
      length += read;
    }
    if (length > MAX_FILE_BYTES) throw new FileTooLarge(MAX_FILE_BYTES);
    return buffer.toString('utf8', 0, length);
  } finally {
    await file.close();
  }
}
