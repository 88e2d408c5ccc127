import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SwappingProcess } from '../../test/support/swapping-process';
import { loadConfig } from '../config/config';
import { DiskSpace } from '../database/disk-space';
import { JobatoError } from '../http/problem-catalogue';
import { UploadFiles } from './upload-files';

const UPLOADS = 400;

describe('UploadFiles', () => {
  let base: string;
  let folder: string;
  let outside: string;
  let uploads: UploadFiles;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'jobato-uploads-'));
    const config = loadConfig({ DATA_DIR: 'data' }, base);
    uploads = new UploadFiles(config, new DiskSpace(config));
    folder = join(config.dataDir, 'runs', 'run-1');
    outside = join(base, 'outside');
    mkdirSync(join(folder, 'sub'), { recursive: true });
    mkdirSync(outside);
    mkdirSync(join(config.dataDir, 'uploads'));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const place = async (name: string) => {
    const path = join(base, 'data', 'uploads', 'arrived');
    writeFileSync(path, name);
    await uploads.place({ path, size: name.length }, folder, name);
  };

  it('creates all folders of the artifact, including the folder of the run', async () => {
    rmSync(join(base, 'data', 'runs'), { recursive: true });
    await place('a/b/file');
    await place('a/b/file');
    expect(readFileSync(join(folder, 'a', 'b', 'file'), 'utf8')).toBe('a/b/file');
    expect(readdirSync(join(base, 'data', 'uploads'))).toEqual([]);
  });

  it('never writes outside while a process swaps a folder for a link', async () => {
    const swapping = await SwappingProcess.start(join(folder, 'sub'), outside);
    const outcomes = new Set<string>();
    try {
      for (let n = 0; n < UPLOADS; n++) {
        const outcome = await place(`sub/file-${n}`).then(
          () => 'placed',
          (error: unknown) => (error instanceof JobatoError ? error.code : 'gone'),
        );
        outcomes.add(outcome);
      }
    } finally {
      await swapping.stop();
    }
    expect(readdirSync(outside)).toEqual([]);
    expect(outcomes).toContain('placed');
  });
});
