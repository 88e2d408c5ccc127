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

it('is what the file says, in YAML or in JSON', async () => {
  write('limit: 3 # calls\n');
  await open();
  expect(file.content).toEqual({ limit: 3 });
  write('{"limit": 4}');
  await until(() => file.content?.limit === 4);
  expect(file.problems).toEqual([]);
});

it('says nothing where there is no file, until there is one, and when it is gone', async () => {
  await open();
  expect([file.content, file.problems]).toEqual([null, []]);
  write('limit: 3');
  await until(() => file.content !== null);
  rmSync(path());
  await until(() => file.content === null);
  expect(file.problems).toEqual([]);
});

it('keeps what it said when it was good, and names what is wrong with its line', async () => {
  write('limit: 3');
  await open();
  write('# none\nlimit: many\n');
  await until(() => file.problems.length > 0);
  expect(file.problems).toEqual([{ file: 'limits.yaml', line: 2, reason: '"limit" must be a whole number' }]);
  expect(file.content).toEqual({ limit: 3 });
  write('limit: 3');
  await until(() => file.problems.length === 0);
});

it('has nothing to keep where it was never good', async () => {
  write('- limit\n');
  await open();
  expect(file.content).toBeNull();
  expect(file.problems).toMatchObject([{ line: 1, reason: expect.stringContaining('limit: 3') }]);
});

it('is named where it cannot be read, and read again when it can', async () => {
  mkdirSync(path(), { recursive: true });
  await open();
  expect(file.problems).toMatchObject([{ line: null, reason: expect.stringContaining('cannot be read') }]);
  rmSync(path(), { recursive: true });
  write('limit: 3');
  await until(() => file.content !== null);
  expect(file.problems).toEqual([]);
});

it('is read up to 1 MiB, and refused where it is larger', async () => {
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
  [
    'has as many aliases as fit into 64 KiB',
    `a: &a 1\nb:\n${'  - *a\n'.repeat(9000)}`,
    3,
    /more than 100 aliases/,
  ],
  [
    'is large with its aliases written out',
    `a: &a ${'x'.repeat(30_000)}\nb: [${Array(99).fill('*a').join(', ')}]`,
    2,
    /longer than 2097152 characters/,
  ],
])('%s: is refused', async (_what, content, line, reason) => {
  write(content);
  await open();
  expect(file.problems).toMatchObject([{ line, reason: expect.stringMatching(reason) }]);
});

it.each(['limits.yml', 'Limits.YAML'])(
  'is missed where it is called %s, and its content is unknown',
  async (name) => {
    writeFileSync(join(root, 'config', name), 'limit: 3');
    await open();
    expect([file.content, file.isAbsent]).toEqual([null, false]);
    expect(file.problems).toEqual([
      { file: name, line: null, reason: 'the file is ignored. Rename it to limits.yaml' },
    ]);
  },
);

it('keeps its content while it cannot be read, and stays absent where it was', async () => {
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
