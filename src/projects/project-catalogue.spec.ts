import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { loadConfig } from '../config/config';
import { JobatoError } from '../http/problem-catalogue';
import { ProjectCatalogue } from './project-catalogue';
import { until } from '../../test/support/until';

const project = (id: string, more = '') => `id: ${id}\n${more}steps: [{ name: work, command: [x] }]\n`;

let root: string;
let catalogue: ProjectCatalogue;
beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'jobato-projects-'));
  mkdirSync(join(root, 'config', 'projects'), { recursive: true });
});
afterEach(async () => {
  await catalogue.onApplicationShutdown();
  rmSync(root, { recursive: true, force: true });
});

const pathOf = (name: string) => join(root, 'config', 'projects', name);
const write = (name: string, content: string) => {
  // Atomically, as editors and deployments do: a reader never sees half a file.
  writeFileSync(join(root, 'new'), content);
  renameSync(join(root, 'new'), pathOf(name));
};
const open = async (files: Record<string, string> = {}) => {
  for (const [name, content] of Object.entries(files)) write(name, content);
  catalogue = new ProjectCatalogue(loadConfig({ CONFIG_DIR: 'config' }, root));
  await catalogue.onModuleInit();
};
const ids = () => catalogue.list().map(({ definition }) => definition.projectId);
const codeOf = (ask: () => unknown) => {
  try {
    ask();
  } catch (error) {
    return error instanceof JobatoError ? error.code : error;
  }
  return null;
};

describe('ProjectCatalogue', () => {
  it('lists the projects of all files by ID', async () => {
    await open({ 'b.yaml': project('two'), 'a.yml': project('one', 'name: One\n') });
    expect(ids()).toEqual(['one', 'two']);
    expect(catalogue.get('one')).toMatchObject({ file: 'projects/a.yml', definition: { name: 'One' } });
    expect(JSON.parse(catalogue.get('one').definitionJson)).toEqual(catalogue.get('one').definition);
    expect(catalogue.problems()).toEqual([]);
  });

  it('logs a change of the schedule, which has the same hash', async () => {
    await open({ 'a.yaml': project('one') });
    const { definitionHash } = catalogue.get('one');
    const logged: unknown[] = [];
    const log = (message: unknown) => logged.push(message);
    Logger.overrideLogger({ log, warn: () => {}, error: log });
    try {
      write('a.yaml', project('one', "schedule: { cron: '@daily' }\n"));
      await catalogue.reload();
      write('a.yaml', project('one', "# a comment\nschedule: { cron: '@daily' }\n"));
      await catalogue.reload();
    } finally {
      Logger.overrideLogger(false);
    }
    expect(catalogue.get('one')).toMatchObject({
      definitionHash,
      definition: { schedules: [{ cron: '@daily' }] },
    });
    expect(logged).toEqual([expect.stringMatching(/^Project one changed/)]);
  });

  it('is empty without a folder, and reads the folder once it exists', async () => {
    rmSync(join(root, 'config', 'projects'), { recursive: true });
    await open();
    expect([ids(), catalogue.problems()]).toEqual([[], []]);
    mkdirSync(join(root, 'config', 'projects'));
    write('a.yaml', project('first'));
    await until(() => ids().length === 1);
  });

  it('ignores files of other kinds', async () => {
    await open({
      'a.yaml': project('one'),
      '.hidden.yaml': project('two'),
      'a.yaml.bak': project('three'),
      'README.md': '#',
    });
    expect(ids()).toEqual(['one']);
    expect(catalogue.problems()).toEqual([]);
  });

  it('skips an invalid file, and reports it with line and reason', async () => {
    await open({ 'a.yaml': project('one'), 'b.yaml': 'id: two\nsteps: work\n', 'c.yaml': project('three') });
    expect(ids()).toEqual(['one', 'three']);
    expect(catalogue.problems()).toEqual([
      { file: 'projects/b.yaml', line: 2, reason: '"steps" must be a list' },
    ]);
  });

  it('skips an unreadable file, and reports it', async () => {
    mkdirSync(pathOf('folder.yaml'));
    await open({ 'a.yaml': project('one') });
    expect(ids()).toEqual(['one']);
    expect(catalogue.problems()).toMatchObject([{ file: 'projects/folder.yaml', line: null }]);
  });

  it('skips a broken link, and reports it without its folder', async () => {
    symlinkSync(pathOf('loop.yaml'), pathOf('loop.yaml'));
    await open({ 'a.yaml': project('one') });
    expect(ids()).toEqual(['one']);
    expect(catalogue.problems()).toEqual([
      {
        file: 'projects/loop.yaml',
        line: null,
        reason: 'the file cannot be read: too many symbolic links encountered',
      },
    ]);
  });

  it('gives a duplicate ID to the first file', async () => {
    await open({ 'a.yaml': project('same', 'name: First\n'), 'b.yaml': project('same', 'name: Second\n') });
    expect(catalogue.get('same').definition.name).toBe('First');
    expect(catalogue.problems()).toEqual([
      { file: 'projects/b.yaml', line: 1, reason: 'the id "same" is already used by projects/a.yaml' },
    ]);
  });

  it('reads files with an upper-case extension, and reports project files in subfolders', async () => {
    mkdirSync(join(root, 'config', 'projects', 'team', 'old'), { recursive: true });
    mkdirSync(join(root, 'config', 'projects', '..2026_11_29'));
    await open({
      'A.YAML': project('one'),
      'b.Yml': project('two'),
      'team/c.yaml': project('three'),
      'team/notes.txt': '',
      'team/old/d.YML': project('four'),
      '..2026_11_29/e.yaml': project('five'),
    });
    expect(ids()).toEqual(['one', 'two']);
    const reason = 'the file is ignored because it is in a subfolder. Move it to projects';
    expect(catalogue.problems()).toEqual([
      { file: 'projects/team/c.yaml', line: null, reason },
      { file: 'projects/team/old/d.YML', line: null, reason },
    ]);
  });

  it('keeps all projects while the folder is unreadable, and reports the folder', async () => {
    await open({ 'a.yaml': project('one') });
    rmSync(join(root, 'config', 'projects'), { recursive: true });
    symlinkSync('gone', join(root, 'config', 'projects'));
    await catalogue.reload();
    expect(ids()).toEqual(['one']);
    expect(catalogue.problems()).toMatchObject([{ file: 'projects', line: null }]);
    expect(catalogue.trouble).toBe('projects: the folder cannot be read: no such file or directory');
  });

  it('keeps the ID of a project when a copy precedes it by name, even after edits', async () => {
    await open({ 'report.yaml': project('report', 'name: First\n') });
    write('report (copy).yaml', project('report', 'name: Second\n'));
    await catalogue.reload();
    write('report.yaml', project('report', 'name: Edited\n'));
    await catalogue.reload();
    expect(catalogue.get('report').definition.name).toBe('Edited');
    write('report.yaml', 'id: [');
    await catalogue.reload();
    expect(catalogue.get('report').definition.name).toBe('Edited');
    expect(catalogue.problems().map(({ file }) => file)).toEqual([
      'projects/report.yaml',
      'projects/report (copy).yaml',
    ]);
  });

  it.each(['unknown', 'constructor', '__proto__', '', 'ONE'])('does not find %j', async (id) => {
    await open({ 'a.yaml': project('one') });
    expect(catalogue.find(id)).toBeNull();
    expect(codeOf(() => catalogue.get(id))).toBe('PROJECT_NOT_FOUND');
  });
});

describe('default project', () => {
  it('is the project marked as default', async () => {
    await open({ 'a.yaml': project('one'), 'b.yaml': project('two', 'default: true\n') });
    expect(catalogue.getDefault().definition.projectId).toBe('two');
  });

  it('is the only project', async () => {
    await open({ 'a.yaml': project('one') });
    expect(catalogue.getDefault().definition.projectId).toBe('one');
  });

  it.each<[string, Record<string, string>]>([
    ['there are several', { 'a.yaml': project('one'), 'b.yaml': project('two') }],
    ['there is no project', {}],
  ])('does not exist if %s and none is marked', async (_what, files) => {
    await open(files);
    expect(codeOf(() => catalogue.getDefault())).toBe('PROJECT_NOT_FOUND');
  });

  it('is the first of two marked projects; the second is reported', async () => {
    await open({ 'a.yaml': project('one', 'default: true\n'), 'b.yaml': project('two', 'default: true\n') });
    expect(catalogue.getDefault().definition.projectId).toBe('one');
    expect(catalogue.problems()).toMatchObject([
      { file: 'projects/b.yaml', reason: expect.stringContaining('default') },
    ]);
  });
});

it('remains the default when another project is marked, which is loaded as a normal project', async () => {
  await open({ 'b.yaml': project('two', 'default: true\n') });
  write('a.yaml', project('one', 'default: true\n'));
  await catalogue.reload();
  expect(catalogue.getDefault().definition.projectId).toBe('two');
  expect(catalogue.list().map(({ isDefault }) => isDefault)).toEqual([false, true]);
  expect(catalogue.problems()).toEqual([
    {
      file: 'projects/a.yaml',
      line: 2,
      reason: '"default: true" is ignored because projects/b.yaml is already the default project',
    },
  ]);
});

describe('changed project file', () => {
  it('updates its project and definition hash', async () => {
    await open({ 'a.yaml': project('one') });
    const before = catalogue.get('one').definitionHash;
    write('a.yaml', project('one', 'name: Changed\n'));
    await until(() => catalogue.get('one').definition.name === 'Changed');
    expect(catalogue.get('one').definitionHash).not.toBe(before);
  });

  it('keeps the hash if only comments change', async () => {
    await open({ 'a.yaml': project('one') });
    const before = catalogue.get('one').definitionHash;
    write('a.yaml', `# a comment\n${project('one')}`);
    write('b.yaml', project('two'));
    await until(() => ids().length === 2);
    expect(catalogue.get('one').definitionHash).toBe(before);
  });

  it('keeps the last valid version while it is invalid, and is reported', async () => {
    await open({ 'a.yaml': project('one', 'name: Good\n') });
    write('a.yaml', 'id: one\nsteps: [\n');
    await until(() => catalogue.problems().length === 1);
    expect(catalogue.get('one').definition.name).toBe('Good');
    write('a.yaml', project('one', 'name: Fixed\n'));
    await until(() => catalogue.problems().length === 0);
    expect(catalogue.get('one').definition.name).toBe('Fixed');
  });

  it('adds a project when created, and removes it when deleted', async () => {
    await open({ 'a.yaml': project('one') });
    write('b.yaml', project('two'));
    await until(() => ids().length === 2);
    rmSync(pathOf('a.yaml'));
    await until(() => ids().length === 1);
    expect(ids()).toEqual(['two']);
  });
});

describe('ProjectCatalogue.reloadFor', () => {
  /** Reads the files as if they were several seconds old, so that later checks skip them while they are unchanged. */
  const secondsLater = async (look: () => Promise<void>) => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 5_000);
    await look();
    now.mockRestore();
  };
  const openSettled = async (files: Record<string, string>) => {
    await secondsLater(() => open(files));
    return jest.spyOn(catalogue, 'reload');
  };
  const DEFAULT = 'default: true\n';

  it('reads no other file if the file of the project is unchanged', async () => {
    const reload = await openSettled({ 'a.yaml': project('one', DEFAULT), 'b.yaml': project('two') });
    await catalogue.reloadFor('one');
    await catalogue.reloadFor('two');
    await catalogue.reloadFor(null);
    expect(reload).not.toHaveBeenCalled();
  });

  it('loads the current version of the file', async () => {
    await openSettled({ 'a.yaml': project('one'), 'b.yaml': project('two') });
    write('a.yaml', project('one', 'name: Changed\n'));
    await catalogue.reloadFor('one');
    expect(catalogue.get('one').definition.name).toBe('Changed');
  });

  it('finds the project of a new file', async () => {
    await openSettled({ 'a.yaml': project('one') });
    write('b.yaml', project('two'));
    await catalogue.reloadFor('two');
    expect(ids()).toContain('two');
  });

  it('detects a new default project in another file that was edited', async () => {
    await openSettled({ 'a.yaml': project('one'), 'b.yaml': 'id: two\n' });
    expect(catalogue.getDefault().definition.projectId).toBe('one'); // the only valid one
    writeFileSync(pathOf('b.yaml'), project('two', DEFAULT)); // in place: the folder itself does not change
    await catalogue.reloadFor(null);
    expect(catalogue.getDefault().definition.projectId).toBe('two');
  });

  it('updates the ID of a project once another file frees that ID', async () => {
    await openSettled({ 'a.yaml': project('one'), 'b.yaml': project('two') });
    writeFileSync(pathOf('b.yaml'), project('one')); // taken, so it stays two
    await secondsLater(() => catalogue.reload());
    expect(ids()).toEqual(['one', 'two']);
    writeFileSync(pathOf('a.yaml'), project('three'));
    await catalogue.reloadFor('two');
    expect(ids().sort()).toEqual(['one', 'three']);
  });
});
