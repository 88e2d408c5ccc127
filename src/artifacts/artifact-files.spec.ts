import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repetitions } from '../../test/support/repetitions';
import { SwappingProcess } from '../../test/support/swapping-process';
import { loadConfig } from '../config/config';
import { ArtifactFiles } from './artifact-files';
import type { Run } from '../runs/run';

const RUN_ID = '01890000-0000-7000-8000-000000000000';
const OPENS = repetitions(300, 3000);
const MOST_OPENS = 50 * OPENS;
const OUTSIDE = 'a secret from outside';

describe('ArtifactFiles', () => {
  let base: string;
  let folder: string;
  let outside: string;
  let files: ArtifactFiles;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'jobato-artifacts-'));
    files = new ArtifactFiles(loadConfig({ DATA_DIR: 'data', ARTIFACT_LIMIT_MB: '1' }, base));
    folder = files.folderOf(RUN_ID);
    outside = join(base, 'outside');
    mkdirSync(join(folder, 'sub'), { recursive: true });
    mkdirSync(outside);
    writeFileSync(join(folder, 'sub', 'file'), 'inside');
    writeFileSync(join(outside, 'file'), OUTSIDE);
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const read = async (name: string) => {
    const run = {
      runId: RUN_ID,
      artifacts: [{ name, size: 6 }],
      artifactsRemovedAt: null,
    } as Run;
    return (await files.readStart(run, name, 100)).start.toString();
  };

  it('registers a file by a relative or an absolute path', async () => {
    const artifact = { name: 'sub/file', size: 6 };
    expect(await files.register(RUN_ID, 'sub/file')).toEqual(artifact);
    expect(await files.register(RUN_ID, './sub/../sub/file')).toEqual(artifact);
    expect(await files.register(RUN_ID, join(folder, 'sub', 'file'))).toEqual(artifact);
  });

  it('registers a file under its real name when the path contains a link inside the folder', async () => {
    symlinkSync('sub', join(folder, 'latest'));
    symlinkSync('file', join(folder, 'sub', 'alias'));
    expect(await files.register(RUN_ID, 'latest/alias')).toEqual({ name: 'sub/file', size: 6 });
    expect(await read('latest/file')).toBe('inside');
  });

  it.each([
    ['that is a link to outside', 'link', /outside the folder of the run/],
    ['below a link to outside', 'folder-link/file', /outside the folder of the run/],
    ['above', '../../../outside/file', /outside the folder of the run/],
    ['that is the folder itself', '.', /outside the folder of the run/],
    ['that does not exist', 'gone', /does not exist/],
    ['that is a folder', 'sub', /is not a file/],
    ['that is a pipe', 'pipe', /is not a file/],
    ['that is too large', 'large', /larger than 1 MB/],
  ])('rejects a path %s', async (_what, path, reason) => {
    symlinkSync(join(outside, 'file'), join(folder, 'link'));
    symlinkSync(outside, join(folder, 'folder-link'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    writeFileSync(join(folder, 'large'), Buffer.alloc(1024 * 1024 + 1));
    await expect(files.register(RUN_ID, path)).rejects.toThrow(reason);
    // Log readers see the error, and it must not reveal folders of the server.
    await expect(files.register(RUN_ID, path)).rejects.not.toThrow(base);
    if (path !== 'large') await expect(read(path)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it('rejects a path if the folder of the run is a link', async () => {
    rmSync(folder, { recursive: true });
    symlinkSync(outside, folder);
    await expect(files.register(RUN_ID, 'file')).rejects.toThrow(/outside the folder/);
    await expect(read('file')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it.each([
    ['a folder in it', () => join(folder, 'sub'), 'sub/file'],
    ['the folder of the run', () => folder, 'file'],
  ])('never reads a file outside while a process swaps %s for a link', async (_what, swapped, name) => {
    writeFileSync(join(folder, 'file'), 'inside');
    const swapping = await SwappingProcess.start(swapped(), outside);
    const contents = new Set<string>();
    const sizes = new Set<number>();
    const hasSeenBoth = () => contents.size >= 2 && sizes.size >= 2;
    try {
      // Both states are seen, however the two processes are scheduled; the second limit ends a test that cannot pass.
      for (let n = 0; n < OPENS || (!hasSeenBoth() && n < MOST_OPENS); n++) {
        contents.add(await read(name).catch(() => 'refused'));
        sizes.add((await files.register(RUN_ID, name).catch(() => ({ size: -1 }))).size);
      }
    } finally {
      await swapping.stop();
    }
    expect([...contents].sort()).toEqual(['inside', 'refused']);
    expect([...sizes].sort()).toEqual([-1, 6]);
  });
});
