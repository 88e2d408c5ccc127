import { StringDecoder } from 'node:string_decoder';
import { stylesIn } from '../logs/control-sequences';

/**
 * Splits the bytes of a pipe into lines. A chunk may end within a line, a newline or a character. Invalid UTF-8
 * becomes U+FFFD. A line ends at \n. After \r, the next text replaces the line, if `overwrites` is set; only its last
 * state is kept, with the colours set before it. All other characters are kept.
 */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private partial = '';
  /** The next text replaces `partial`. */
  private hasReturned = false;
  private finished = 0;

  /** @param maxLength in characters: the rest of a longer line is read and discarded */
  constructor(
    private readonly maxLength: number,
    private readonly overwrites = false,
  ) {}

  /** The unfinished line, with its index; its text is empty if there is none. */
  get open(): { index: number; text: string } {
    return { index: this.finished, text: this.partial };
  }

  push(bytes: Buffer): string[] {
    return this.split(this.decoder.write(bytes));
  }

  /** Returns the last line if it had no newline. */
  end(): string[] {
    const lines = this.split(this.decoder.end());
    if (this.partial !== '') lines.push(this.taken());
    return lines;
  }

  private split(text: string): string[] {
    const parts = text.split('\n');
    const open = parts.pop()!;
    const lines = parts.map((part) => {
      this.add(part);
      return this.taken();
    });
    this.add(open);
    return lines;
  }

  private taken(): string {
    const line = this.partial;
    this.partial = '';
    this.hasReturned = false;
    this.finished++;
    return line;
  }

  private add(text: string): void {
    if (this.overwrites && (this.hasReturned || text.includes('\r'))) this.overwrite(text);
    else this.partial = this.bounded(this.partial, text);
  }

  private overwrite(text: string): void {
    let end = text.length;
    while (text[end - 1] === '\r') end--;
    const from = text.lastIndexOf('\r', end - 1) + 1;
    const isOverwritten = end > 0 && (from > 0 || this.hasReturned);
    const kept = isOverwritten ? stylesIn(this.partial + text.slice(0, from)) : this.partial;
    this.partial = this.bounded(kept, text.slice(from, end));
    this.hasReturned = end < text.length || (this.hasReturned && end === 0);
  }

  private bounded(start: string, more: string): string {
    const room = this.maxLength - start.length;
    return more.length <= room ? start + more : start + more.slice(0, Math.max(0, room));
  }
}
