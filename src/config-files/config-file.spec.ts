import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { ConfigFile } from './config-file';
import { Schema } from '../schemas/schema';
import { parseYaml } from './parse-yaml';
import { until } from '../../test/support/until';

interface Limits {
  limit: number;
}
const schema = new Schema<Limits>(
  { type: 'object', required: ['limit'], properties: { limit: { type: 'integer' } } },
  { allErrors: true },
);

let root: string;
let file: ConfigFile<Limits>;
beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'jobato-config-file-'));
  mkdirSync(join(root, 'config'));
});
afterEach(async () => {
  await file.close();
  rmSync(root, { recursive: true, force: true });
});

const path = () => join(root, 'config', 'limits.yaml');
const write = (content: string) => {
  mkdirSync(join(root, 'config'), { recursive: true });
  writeFileSync(join(root, 'new'), content);
  renameSync(join(root, 'new'), path());
};
const open = async () => {
  file = new ConfigFile({ configDir: join(root, 'config'), configDirLabel: 'etc' }, 'limits.yaml', (source) =>
    parseYaml(source, schema, 'limit: 3'),
  );
  await file.open();
};

it('reads YAML and JSON, and follows changes', async () => {
  write('limit: 3 # calls\n');
  await open();
  expect(file.content).toEqual({ limit: 3 });
  write('{"limit": 4}');
  await until(() => file.content?.limit === 4);
  expect(file.problems).toEqual([]);
});

it('has no content and no problem while the file does not exist', async () => {
  await open();
  expect([file.content, file.problems]).toEqual([null, []]);
  write('limit: 3');
  await until(() => file.content !== null);
  rmSync(path());
  await until(() => file.content === null);
  expect(file.problems).toEqual([]);
});

it('keeps the last valid content, and reports the error with its line', async () => {
  write('limit: 3');
  await open();
  write('# none\nlimit: many\n');
  await until(() => file.problems.length > 0);
  expect(file.problems).toEqual([
    { file: 'limits.yaml', line: 2, reason: '"limit" must be a whole number', keepsEarlier: true },
  ]);
  expect(file.content).toEqual({ limit: 3 });
  write('limit: 3');
  await until(() => file.problems.length === 0);
});

it('has no content if the file was never valid', async () => {
  write('- limit\n');
  await open();
  expect(file.content).toBeNull();
  expect(file.problems).toMatchObject([{ line: 1, reason: expect.stringContaining('limit: 3') }]);
});

it('reports an unreadable file, and reads it again when it becomes readable', async () => {
  mkdirSync(path(), { recursive: true });
  await open();
  expect(file.problems).toMatchObject([{ line: null, reason: expect.stringContaining('cannot be read') }]);
  rmSync(path(), { recursive: true });
  write('limit: 3');
  await until(() => file.content !== null);
  expect(file.problems).toEqual([]);
});

it('accepts a file of 1 MiB and rejects a larger one', async () => {
  const fill = (bytes: number) => `limit: 3 #${'x'.repeat(bytes - 10)}`;
  write(fill(1024 * 1024));
  await open();
  expect(file.content).toEqual({ limit: 3 });
  write(fill(1024 * 1024 + 1));
  await until(() => file.problems.length > 0);
  expect(file.problems).toMatchObject([
    {
      line: null,
      reason: 'the file cannot be read: it is larger than 1048576 bytes',
    },
  ]);
});

it.each([
  ['has 101 aliases', `a: &a 1\nb:\n${'  - *a\n'.repeat(101)}`, 3, /more than 100 aliases/],
  ['has 9,000 aliases', `a: &a 1\nb:\n${'  - *a\n'.repeat(9000)}`, 3, /more than 100 aliases/],
  [
    'is too large after alias expansion',
    `a: &a ${'x'.repeat(30_000)}\nb: [${Array(99).fill('*a').join(', ')}]`,
    2,
    /longer than 2097152 characters/,
  ],
])('rejects a file that %s', async (_what, content, line, reason) => {
  write(content);
  await open();
  expect(file.problems).toMatchObject([{ line, reason: expect.stringMatching(reason) }]);
});

it.each(['limits.yml', 'Limits.YAML'])('reports a file misnamed %s and has unknown content', async (name) => {
  writeFileSync(join(root, 'config', name), 'limit: 3');
  await open();
  expect([file.content, file.isAbsent]).toEqual([null, false]);
  expect(file.problems).toEqual([
    { file: name, line: null, reason: 'the file is ignored. Rename it to limits.yaml' },
  ]);
});

it('keeps its content, or its absence, while the folder cannot be read', async () => {
  const loseFolder = () => {
    rmSync(join(root, 'config'), { recursive: true });
    symlinkSync('gone', join(root, 'config'));
  };
  write('limit: 3');
  await open();
  loseFolder();
  await file.reload();
  expect([file.content, file.isAbsent]).toEqual([{ limit: 3 }, false]);
  expect(file.problems).toMatchObject([{ file: 'limits.yaml', line: null }]);
  await file.close();

  rmSync(join(root, 'config'));
  mkdirSync(join(root, 'config'));
  await open();
  loseFolder();
  await file.reload();
  expect([file.content, file.isAbsent]).toEqual([null, true]);
  expect(file.problems).toHaveLength(1);
});
