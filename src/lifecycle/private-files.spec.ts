import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataFolder, makePrivateFolder } from './private-files';

let root: string;
let dataDir: string;
let umask: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'jobato-private-'));
  dataDir = join(root, 'data');
  umask = process.umask(0o022);
});
afterEach(() => {
  process.umask(umask);
  rmSync(root, { recursive: true, force: true });
});

const modeOf = (path: string) => (statSync(join(dataDir, path)).mode & 0o777).toString(8);

it.each([0o000, 0o022, 0o077])(
  'creates a data folder that other users can traverse, with umask %i',
  (mask) => {
    process.umask(mask);
    expect(makeDataFolder(dataDir)).toEqual([]);
    expect(modeOf('.')).toBe('711');
  },
);

it('creates folders that only the owner can access', () => {
  process.umask(0);
  makePrivateFolder(join(dataDir, 'db'));
  expect(modeOf('db')).toBe('700');
});

it('restricts existing files of Jobato, and keeps the modes of files of steps', () => {
  process.umask(0);
  for (const folder of ['db', 'processes', 'runs/1', 'work/glossary', 'uploads', 'results']) {
    mkdirSync(join(dataDir, folder), { recursive: true });
  }
  for (const file of [
    'node-id',
    'lock',
    'db/jobato.db',
    'db/jobato.db-wal',
    'runs/1/out.txt',
    'results/a.db',
  ]) {
    writeFileSync(join(dataDir, file), '');
  }
  expect(makeDataFolder(dataDir)).toEqual([]);
  const modes = ['.', 'db', 'processes', 'runs', 'work', 'uploads', 'node-id', 'lock'].map(modeOf);
  expect(modes).toEqual(['775', '700', '700', '700', '700', '700', '600', '600']);
  expect(['db/jobato.db', 'db/jobato.db-wal'].map(modeOf)).toEqual(['600', '600']);
  expect(['runs/1', 'runs/1/out.txt', 'results', 'results/a.db'].map(modeOf)).toEqual([
    '777',
    '666',
    '777',
    '666',
  ]);
});

it('makes a private data folder traversable', () => {
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o700);
  makeDataFolder(dataDir);
  expect(modeOf('.')).toBe('711');
});

it('does not follow links to other files', () => {
  writeFileSync(join(root, 'elsewhere'), '', { mode: 0o644 });
  mkdirSync(dataDir);
  symlinkSync(join(root, 'elsewhere'), join(dataDir, 'node-id'));
  makeDataFolder(dataDir);
  expect((statSync(join(root, 'elsewhere')).mode & 0o777).toString(8)).toBe('644');
});
