import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyOpenFile } from './copy-open-file';

describe('copyOpenFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-copy-'));
  const content = Buffer.alloc(2.5 * 1024 * 1024, 'abc');
  writeFileSync(join(folder, 'source'), content, { mode: 0o400 });
  afterAll(() => rmSync(folder, { recursive: true }));

  const copy = async (name: string, signal?: AbortSignal) => {
    const source = await open(join(folder, 'source'));
    await copyOpenFile(source, join(folder, name), signal).finally(() => source.close());
    return readFileSync(join(folder, name));
  };

  it('copies all bytes', async () => {
    expect((await copy('copy')).equals(content)).toBe(true);
  });

  it('does not replace a file', async () => {
    await expect(copy('source')).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('ends when its signal aborts', async () => {
    const stopping = new AbortController();
    const reason = new Error('stopping');
    stopping.abort(reason);
    await expect(copy('aborted', stopping.signal)).rejects.toBe(reason);
  });
});
