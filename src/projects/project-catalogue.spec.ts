import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { loadConfig } from '../config/config';
import { JobatoError } from '../http/catalogue';
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

describe('the projects', () => {
  it('are what the files say, by their ids', async () => {
    await open({ 'b.yaml': project('two'), 'a.yml': project('one', 'name: One\n') });
    expect(ids()).toEqual(['one', 'two']);
    expect(catalogue.get('one')).toMatchObject({ file: 'projects/a.yml', definition: { name: 'One' } });
    expect(JSON.parse(catalogue.get('one').definitionJson)).toEqual(catalogue.get('one').definition);
    expect(catalogue.problems()).toEqual([]);
  });

  it('are none where there is no folder, until it is made', async () => {
    rmSync(join(root, 'config', 'projects'), { recursive: true });
    await open();
    expect([ids(), catalogue.problems()]).toEqual([[], []]);
    mkdirSync(join(root, 'config', 'projects'));
    write('a.yaml', project('first'));
    await until(() => ids().length === 1);
  });

  it('are not taken from files of other kinds', async () => {
    await open({
      'a.yaml': project('one'),
      '.hidden.yaml': project('two'),
      'a.yaml.bak': project('three'),
      'README.md': '#',
    });
    expect(ids()).toEqual(['one']);
    expect(catalogue.problems()).toEqual([]);
  });

  it('are not stopped by a wrong file, which is named with line and reason', async () => {
    await open({ 'a.yaml': project('one'), 'b.yaml': 'id: two\nsteps: work\n', 'c.yaml': project('three') });
    expect(ids()).toEqual(['one', 'three']);
    expect(catalogue.problems()).toEqual([
      { file: 'projects/b.yaml', line: 2, reason: '"steps" must be a list' },
    ]);
  });

  it('are not stopped by a file that cannot be read', async () => {
    mkdirSync(pathOf('folder.yaml'));
    await open({ 'a.yaml': project('one') });
    expect(ids()).toEqual(['one']);
    expect(catalogue.problems()).toMatchObject([{ file: 'projects/folder.yaml', line: null }]);
  });

  it('are not stopped by a file that leads nowhere, which is named without its folder', async () => {
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

  it('keep an id for the first file that has it', async () => {
    await open({ 'a.yaml': project('same', 'name: First\n'), 'b.yaml': project('same', 'name: Second\n') });
    expect(catalogue.get('same').definition.name).toBe('First');
    expect(catalogue.problems()).toEqual([
      { file: 'projects/b.yaml', line: 1, reason: 'the id "same" is already used by projects/a.yaml' },
    ]);
  });

  it('are read from files with an ending in capitals, and not from sub-folders, which are named', async () => {
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

  it('are not stopped by a folder that cannot be read: all stay, and the folder is named', async () => {
    await open({ 'a.yaml': project('one') });
    rmSync(join(root, 'config', 'projects'), { recursive: true });
    symlinkSync('gone', join(root, 'config', 'projects'));
    await catalogue.reload();
    expect(ids()).toEqual(['one']);
    expect(catalogue.problems()).toMatchObject([{ file: 'projects', line: null }]);
    expect(catalogue.trouble).toBe('projects: the folder cannot be read: no such file or directory');
  });

  it('keep their ids from a copy that comes before them by name, also when they are read again', async () => {
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

  it.each(['nobody', 'constructor', '__proto__', '', 'ONE'])('do not include %j', async (id) => {
    await open({ 'a.yaml': project('one') });
    expect(catalogue.find(id)).toBeNull();
    expect(codeOf(() => catalogue.get(id))).toBe('PROJECT_NOT_FOUND');
  });
});

describe('the default project', () => {
  it('is the one that says so', async () => {
    await open({ 'a.yaml': project('one'), 'b.yaml': project('two', 'default: true\n') });
    expect(catalogue.getDefault().definition.projectId).toBe('two');
  });

  it('is the only one there is', async () => {
    await open({ 'a.yaml': project('one') });
    expect(catalogue.getDefault().definition.projectId).toBe('one');
  });

  it.each<[string, Record<string, string>]>([
    ['there are several', { 'a.yaml': project('one'), 'b.yaml': project('two') }],
    ['there is no project', {}],
  ])('is none where %s and none says so', async (_what, files) => {
    await open(files);
    expect(codeOf(() => catalogue.getDefault())).toBe('PROJECT_NOT_FOUND');
  });

  it('is the first of two that say so; the second is named', async () => {
    await open({ 'a.yaml': project('one', 'default: true\n'), 'b.yaml': project('two', 'default: true\n') });
    expect(catalogue.getDefault().definition.projectId).toBe('one');
    expect(catalogue.problems()).toMatchObject([
      { file: 'projects/b.yaml', reason: expect.stringContaining('default') },
    ]);
  });
});

it('stays the default project when another file asks for it, which is a project all the same', async () => {
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

describe('a file that changes', () => {
  it('changes its project, under another hash', async () => {
    await open({ 'a.yaml': project('one') });
    const before = catalogue.get('one').definitionHash;
    write('a.yaml', project('one', 'name: Changed\n'));
    await until(() => catalogue.get('one').definition.name === 'Changed');
    expect(catalogue.get('one').definitionHash).not.toBe(before);
  });

  it('keeps its hash where only its comments change', async () => {
    await open({ 'a.yaml': project('one') });
    const before = catalogue.get('one').definitionHash;
    write('a.yaml', `# a comment\n${project('one')}`);
    write('b.yaml', project('two'));
    await until(() => ids().length === 2);
    expect(catalogue.get('one').definitionHash).toBe(before);
  });

  it('and is wrong now is named, and its project stays as it was', async () => {
    await open({ 'a.yaml': project('one', 'name: Good\n') });
    write('a.yaml', 'id: one\nsteps: [\n');
    await until(() => catalogue.problems().length === 1);
    expect(catalogue.get('one').definition.name).toBe('Good');
    write('a.yaml', project('one', 'name: Mended\n'));
    await until(() => catalogue.problems().length === 0);
    expect(catalogue.get('one').definition.name).toBe('Mended');
  });

  it('and is new brings a project, and one that goes takes its own away', async () => {
    await open({ 'a.yaml': project('one') });
    write('b.yaml', project('two'));
    await until(() => ids().length === 2);
    rmSync(pathOf('a.yaml'));
    await until(() => ids().length === 1);
    expect(ids()).toEqual(['two']);
  });
});

describe('a trigger', () => {
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

  it('looks at no other file while its own is unchanged', async () => {
    const reload = await openSettled({ 'a.yaml': project('one', DEFAULT), 'b.yaml': project('two') });
    await catalogue.reloadFor('one');
    await catalogue.reloadFor('two');
    await catalogue.reloadFor(null);
    expect(reload).not.toHaveBeenCalled();
  });

  it('starts what its file says now', async () => {
    await openSettled({ 'a.yaml': project('one'), 'b.yaml': project('two') });
    write('a.yaml', project('one', 'name: Anew\n'));
    await catalogue.reloadFor('one');
    expect(catalogue.get('one').definition.name).toBe('Anew');
  });

  it('finds the project of a new file', async () => {
    await openSettled({ 'a.yaml': project('one') });
    write('b.yaml', project('two'));
    await catalogue.reloadFor('two');
    expect(ids()).toContain('two');
  });

  it('starts the default project that another file has become, by an edit', async () => {
    await openSettled({ 'a.yaml': project('one'), 'b.yaml': 'id: two\n' });
    expect(catalogue.getDefault().definition.projectId).toBe('one'); // the only valid one
    writeFileSync(pathOf('b.yaml'), project('two', DEFAULT)); // in place: the folder itself does not change
    await catalogue.reloadFor(null);
    expect(catalogue.getDefault().definition.projectId).toBe('two');
  });

  it('follows its file to the id that became free', async () => {
    await openSettled({ 'a.yaml': project('one'), 'b.yaml': project('two') });
    writeFileSync(pathOf('b.yaml'), project('one')); // taken, so it stays two
    await secondsLater(() => catalogue.reload());
    expect(ids()).toEqual(['one', 'two']);
    writeFileSync(pathOf('a.yaml'), project('three'));
    await catalogue.reloadFor('two');
    expect(ids().sort()).toEqual(['one', 'three']);
  });
});
