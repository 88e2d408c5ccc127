/** A row of the database, with its key and index. */
const CHUNK_BYTES = 150;
/** Time, stream and step of a line, see log-chunk.ts. */
const LINE_BYTES = 14;
/** What JSON spells with more than one character, or may. */
const ESCAPED = /[\u0000-\u001f"\\\ud800-\udfff]/;

/**
 * Counts what the lines of one append take in the database, near enough for a limit: the text as JSON spells it, what
 * stands beside it, names of steps, and the rows. Empty lines and control characters take many times their text.
 */
export class StoredSize {
  private readonly steps = new Set<string>();
  private hasRow = false;

  /** @param rowBytes what else is stored if any line is */
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
