import type { FileHandle } from 'node:fs/promises';

/** Returns the first `maxBytes` bytes of a file, or fewer if it is or becomes shorter. */
export async function readStart(file: FileHandle, size: number, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.min(size, maxBytes));
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
