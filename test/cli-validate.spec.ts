import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CLI = join(__dirname, '..', 'bin', 'jobato.mjs');

describe('jobato validate', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-validate-'));
    mkdirSync(join(folder, 'config', 'projects'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (file: string, content: string) => writeFileSync(join(folder, file), content);
  function validate(...files: string[]) {
    return validateIn({}, ...files);
  }
  function validateIn(environment: Record<string, string>, ...files: string[]) {
    const { PATH, HOME } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'validate', ...files], {
      cwd: folder,
      env: { PATH, HOME, ...environment },
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  it('names every valid project', () => {
    write('config/projects/load.yaml', 'id: load\nsteps: [{ name: a, run: make }]\n');
    write('config/projects/notes.txt', 'not a project');
    expect(validate()).toEqual({
      status: 0,
      stdout: 'config/projects/load.yaml: valid, project load\n',
      stderr: '',
    });
  });

  it('lists all problems of the given files with line, reason and suggestion', () => {
    write(
      'one.yaml',
      'id: one\ncolour: red\nsteps:\n  - name: a\n    comand: [make]\n  - name: b\n    command: make all\n',
    );
    write('two.yaml', 'id: two\nsteps: [{ name: a, run: make }]\n');
    expect(validate('one.yaml', 'two.yaml', 'gone.yaml')).toEqual({
      status: 1,
      stdout: [
        'one.yaml, line 2: unknown key "colour"',
        'one.yaml, line 5: unknown key "comand". Did you mean "command"?',
        'one.yaml, line 7: "steps.1.command" must be a list. Write a line for a shell as "run"',
        'gone.yaml: the file cannot be read: no such file or directory',
        'two.yaml: valid, project two',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('checks notifications.yaml and the other files of the configuration folder', () => {
    write('config/projects/load.yaml', 'id: load\nsteps: [{ name: a, run: make }]\n');
    write('config/projects/quota.yaml', 'id: quota\nsteps: [{ name: a, run: make }]\n');
    write('config/notifications.yaml', 'channels:\n  - { id: ops, type: webhook }\ndefault: []\n');
    write('config/quota.yaml', 'quota: { dailyLimit: -1 }\n');
    write('config/queries.yml', 'queries: []\n');
    write('config/allowlists.yaml', 'allowlists: []\n');
    expect(validate()).toEqual({
      status: 1,
      stdout: [
        'config/queries.yml: the file is ignored. Rename it to queries.yaml',
        'config/notifications.yaml, line 2: channel "ops" of type webhook must have "urlFrom"',
        'config/notifications.yaml, line 3: unknown key "default". Did you mean "defaults"?',
        'config/quota.yaml, line 1: "quota.dailyLimit" must be >= 0',
        'config/allowlists.yaml: valid',
        'config/projects/load.yaml: valid, project load',
        'config/projects/quota.yaml: valid, project quota',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(validate('config/notifications.yaml').status).toBe(1);
    write('config/notifications.yaml', 'channels: []\n');
    expect(validate('config/notifications.yaml')).toEqual({
      status: 0,
      stdout: 'config/notifications.yaml: valid\n',
      stderr: '',
    });
  });

  it('knows what each file is, also if the configuration folder is called projects', () => {
    renameSync(join(folder, 'config'), join(folder, 'projects'));
    write('projects/projects/load.yaml', 'id: load\nsteps: [{ name: a, run: make }]\n');
    write('projects/quota.yaml', 'quota: { dailyLimit: 10 }\n');
    const { status, stdout } = validateIn({ CONFIG_DIR: 'projects' });
    expect([status, stdout.split('\n')[0]]).toEqual([0, 'projects/quota.yaml: valid']);
  });

  it('reports files that claim the same id, or both the default', () => {
    for (const [file, id] of Object.entries({ a: 'same', b: 'same', c: 'other' }))
      write(`${file}.yaml`, `id: ${id}\ndefault: true\nsteps: [{ name: a, run: make }]\n`);
    const { status, stdout } = validate('a.yaml', 'b.yaml', 'c.yaml');
    expect(status).toBe(1);
    expect(stdout).toContain('b.yaml: a.yaml has the same id "same"');
    expect(stdout).toContain('c.yaml: a.yaml has "default: true" too');
    // As in the server, a file named after its project goes first.
    write('config/projects/copy.yaml', 'id: load\nsteps: [{ name: a, run: make }]\n');
    write('config/projects/load.yaml', 'id: load\nsteps: [{ name: a, run: make }]\n');
    expect(validate().stdout).toContain('copy.yaml: config/projects/load.yaml has the same id "load"');
  });

  it('explains what to do without files', () => {
    rmSync(join(folder, 'config'), { recursive: true });
    const { status, stderr } = validate();
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /config\/projects: the folder cannot be read.* Name the files to check, or set CONFIG_DIR\./,
    );
  });
});
