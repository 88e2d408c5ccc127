import { createHash } from 'node:crypto';

/** What the hash of an archive covers of an entry, besides its content. */
export interface HashedHeader {
  type: 'file' | 'directory' | 'symlink';
  path: Buffer;
  mode: number;
  size: number;
  /** Null except for links. */
  target: Buffer | null;
}

/** The hash over the entries of an archive, in their order. Detects damage, loss and a changed order. */
export class ContentHash {
  private readonly hash = createHash('sha256');
  /** Number of entries. */
  entries = 0;

  begin({ type, path, mode, size, target }: HashedHeader): void {
    this.entries++;
    const fields = [type, path.toString('base64'), mode, size, target?.toString('base64') ?? ''];
    this.hash.update(`${JSON.stringify(fields)}\n`);
  }

  add(content: Buffer): void {
    this.hash.update(content);
  }

  /** Returns the hash of what was added so far. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }
}
