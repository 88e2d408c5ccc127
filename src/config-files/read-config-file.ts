import { open } from 'node:fs/promises';
import { decodeText } from '../config/decode-text';
import { UnusableContent } from './file-problem';

export const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads a file of the configuration as text. Rejects one that is larger than 1 MiB without reading it whole.
 * @throws UnusableContent, or the error of the file system
 */
export async function readConfigFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length;) {
      ({ bytesRead: read } = await file.read(buffer, length, buffer.length - length));
      length += read;
    }
    if (length > MAX_FILE_BYTES) throw new UnusableContent(`it is larger than ${MAX_FILE_BYTES} bytes`);
    const { text, flaw } = decodeText(buffer.subarray(0, length));
    if (flaw !== undefined) throw new UnusableContent(flaw);
    return text;
  } finally {
    await file.close();
  }
}
