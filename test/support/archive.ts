import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Header, pack } from 'tar-stream';
import { type Report, REPORT_ENTRY } from '../../src/backup/archive-format';
import { ContentHash } from '../../src/backup/content-hash';
import { pathOf, targetOf } from '../../src/backup/entry-name';

export interface ArchiveEntry {
  header: Partial<Header> & Pick<Header, 'name'>;
  content: Buffer;
}

export async function entriesOf(archive: Buffer): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  const tar = extract();
  Readable.from([archive]).pipe(tar);
  for await (const entry of tar) {
    const content: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) content.push(chunk);
    entries.push({ header: entry.header, content: Buffer.concat(content) });
  }
  return entries;
}

export async function archiveOf(entries: ArchiveEntry[]): Promise<Buffer> {
  const tar = pack();
  const packed = buffer(tar as AsyncIterable<Buffer>);
  for (const { header, content } of entries) {
    const hasContent = header.type === undefined || header.type === 'file';
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null) => (error ? reject(error) : resolve());
      if (hasContent) tar.entry({ ...header, size: content.length }, content, done);
      else tar.entry(header, done);
    });
  }
  tar.finalize();
  return packed;
}

/** Returns an archive whose report has the hash of its entries, as its author would make it. */
export async function sealed(entries: ArchiveEntry[]): Promise<Buffer> {
  const before = entries.filter(({ header }) => header.name !== REPORT_ENTRY);
  const hash = new ContentHash();
  for (const { header, content } of await entriesOf(await archiveOf(before))) {
    const { type, mode, size } = header as Header;
    const target = type === 'symlink' ? targetOf(header) : null;
    hash.begin({ type: type as 'file', path: pathOf(header as Header), mode: mode & 0o777, size, target });
    hash.add(content);
  }
  const report: Report = { entries: hash.entries, sha256: hash.digest(), skipped: [], skippedCount: 0 };
  return archiveOf([...before, aFile(REPORT_ENTRY, JSON.stringify(report))]);
}

export function aFile(name: string, text: string): ArchiveEntry {
  return { header: { name, mode: 0o600 }, content: Buffer.from(text) };
}

export function aFolder(name: string): ArchiveEntry {
  return { header: { name, type: 'directory', mode: 0o700 }, content: Buffer.alloc(0) };
}

export function aLink(name: string, linkname: string): ArchiveEntry {
  return { header: { name, type: 'symlink', linkname }, content: Buffer.alloc(0) };
}
