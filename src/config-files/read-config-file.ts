import { open } from 'node:fs/promises';
import { decodeText } from '../config/decode-text';
import { UnusableContent } from './file-problem';

export const MAX_FILE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a configuration file as text. Rejects a file larger than 1 MiB without reading all of it.
 * @throws UnusableContent, or the error of the file system
 */
export async function readConfigFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let length = 0, isAtEnd = false; !isAtEnd;) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(CHUNK_BYTES) });
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
      if (length > MAX_FILE_BYTES) throw new UnusableContent(`it is larger than ${MAX_FILE_BYTES} bytes`);
      isAtEnd = bytesRead === 0;
    }
    const { text, flaw } = decodeText(Buffer.concat(chunks));
    if (flaw !== undefined) throw new UnusableContent(flaw);
    return text;
  } finally {
    await file.close();
  }
}
