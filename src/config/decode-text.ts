export type DecodedText = { text: string; flaw?: undefined } | { text?: undefined; flaw: string };

const LITTLE_ENDIAN = Buffer.from([0xff, 0xfe]);
const BIG_ENDIAN = Buffer.from([0xfe, 0xff]);
/** Bytes to check for UTF-16 without a byte order mark, as opposed to other content with zero bytes. */
const SAMPLE_BYTES = 1024;

/**
 * Decodes a text file written by a user. Drops a byte order mark, which editors on Windows put at the start. Does not
 * guess the encoding: Windows PowerShell writes UTF-16, and half of such a file can look like text.
 */
export function decodeText(bytes: Buffer): DecodedText {
  const mark = bytes.subarray(0, 2);
  if (mark.equals(LITTLE_ENDIAN) || mark.equals(BIG_ENDIAN) || looksLikeUtf16(bytes))
    return { flaw: 'it is encoded as UTF-16. Save it as UTF-8' };
  if (bytes.includes(0)) return { flaw: 'it contains zero bytes, so it is not a text file' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { flaw: 'it is not encoded as UTF-8. Save it as UTF-8' };
  }
}

/** In UTF-16, every second byte of Latin text is zero. */
function looksLikeUtf16(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2]!++;
  const [even, odd] = zeros as [number, number];
  return Math.max(even, odd) > sample.length / 4 && Math.min(even, odd) === 0;
}
