import { StringDecoder } from 'node:string_decoder';

/**
 * Splits the bytes of a pipe into lines. A chunk may end within a line, a newline or a character. Invalid UTF-8
 * becomes U+FFFD. A line ends at \n; all other characters are kept.
 */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private partial = '';

  /** @param maxLength in characters: the rest of a longer line is read and discarded */
  constructor(private readonly maxLength: number) {}

  push(bytes: Buffer): string[] {
    return this.split(this.decoder.write(bytes));
  }

  /** Returns the last line if it had no newline. */
  end(): string[] {
    const lines = this.split(this.decoder.end());
    if (this.partial !== '') lines.push(this.partial);
    this.partial = '';
    return lines;
  }

  private split(text: string): string[] {
    const parts = text.split('\n');
    const open = parts.pop()!;
    if (parts.length === 0) {
      this.partial = this.bounded(this.partial, open);
      return [];
    }
    parts[0] = this.bounded(this.partial, parts[0]!);
    this.partial = this.bounded('', open);
    return parts.map((line) => (line.length > this.maxLength ? line.slice(0, this.maxLength) : line));
  }

  private bounded(start: string, more: string): string {
    const room = this.maxLength - start.length;
    return more.length <= room ? start + more : start + more.slice(0, Math.max(0, room));
  }
}
