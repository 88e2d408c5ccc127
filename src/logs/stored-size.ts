/** Approximate size of a database row, with its key and index. */
const CHUNK_BYTES = 150;
/** Time, stream and step of a line, see log-chunk.ts. */
const LINE_BYTES = 14;
/** Characters that JSON escapes, or may escape. */
const ESCAPED = /[\u0000-\u001f"\\\ud800-\udfff]/;

/**
 * Approximates the database size of the lines of one append, for the log limit. Counts the JSON text, the data of each
 * line, the names of steps, and the rows. Empty lines and control characters need many times their text.
 */
export class StoredSize {
  private readonly steps = new Set<string>();
  private hasRow = false;

  /** @param rowBytes size of other data that is stored if any line is */
  constructor(private readonly rowBytes: number) {}

  ofLine(step: string | null, text: string): number {
    let bytes = LINE_BYTES + jsonBytes(text);
    if (step !== null && !this.steps.has(step)) {
      this.steps.add(step);
      bytes += jsonBytes(step) + 1;
    }
    if (!this.hasRow) bytes += CHUNK_BYTES + this.rowBytes;
    this.hasRow = true;
    return bytes;
  }
}

function jsonBytes(text: string): number {
  return ESCAPED.test(text) ? Buffer.byteLength(JSON.stringify(text)) : Buffer.byteLength(text) + 2;
}
