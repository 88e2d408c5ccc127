import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    const { PATH, HOME } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'validate', ...files], {
      cwd: folder,
      env: { PATH, HOME },
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
