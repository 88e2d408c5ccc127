import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactView } from '../src/runs/run-parts.view';
import { CliProcess, type CliResult } from './support/cli-process';
import { RunningApp } from './support/jobato';

const WRITING = `id: writing
steps:
  - name: write
    run: |
      cd "$JOBATO_RUN_DIR"
      report() { echo "{\\"artifact\\":{\\"path\\":\\"$1\\"}}" >&3; }
      mkdir reports
      printf 'a,b\\n' > rows.csv
      printf '# Today\\n' > reports/today.md
      head -c 300000 /dev/zero > reports/image
      report rows.csv; report reports/today.md; report reports/image
`;

describe('jobato artifacts', () => {
  let jobato: RunningApp;
  let folder: string;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      writing: WRITING,
      silent: 'id: silent\nsteps: [{ name: nothing, command: ["true"] }]\n',
    });
    for (const project of ['writing', 'silent']) {
      const { runId } = await jobato.trigger(project);
      await jobato.untilEnded(runId);
    }
  });
  afterAll(() => jobato.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-cli-artifacts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]): Promise<CliResult> =>
    CliProcess.start('bin/jobato.mjs', ['artifacts', ...args], { JOBATO_URL: jobato.url }).ended;

  it('lists name, size and type', async () => {
    const { exitCode, stdout } = await run('writing');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').sort()).toEqual([
      '',
      'reports/image\t300000\t',
      'reports/today.md\t8\tmd',
      'rows.csv\t4\tcsv',
    ]);
    const json = JSON.parse((await run('writing', '--json')).stdout) as ArtifactView[];
    expect(json.map(({ name }) => name).sort()).toEqual(['reports/image', 'reports/today.md', 'rows.csv']);
    expect(await run('silent')).toEqual({ exitCode: 0, stdout: '', stderr: 'No artifacts found.\n' });
  });

  it('saves chosen artifacts, with the folders of their names', async () => {
    const chosen = ['--download', 'rows.csv', '--download', 'reports/today.md'];
    const { exitCode, stdout } = await run('writing/1', ...chosen, '-o', join(folder, 'new'));
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      `Saved ${join(folder, 'new/rows.csv')}, 4 B\nSaved ${join(folder, 'new/reports/today.md')}, 8 B\n`,
    );
    expect(readFileSync(join(folder, 'new/rows.csv'), 'utf8')).toBe('a,b\n');
    expect(readFileSync(join(folder, 'new/reports/today.md'), 'utf8')).toBe('# Today\n');
  });

  it('saves all artifacts, and replaces existing files only with --force', async () => {
    writeFileSync(join(folder, 'rows.csv'), 'mine');
    const refused = await run('writing', '--all', '-o', folder);
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain(join(folder, 'rows.csv'));
    expect(refused.stderr).toContain('--force');
    expect(readdirSync(folder)).toEqual(['rows.csv']);
    expect(readFileSync(join(folder, 'rows.csv'), 'utf8')).toBe('mine');

    expect(await run('writing', '--all', '-o', folder, '--force')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readdirSync(folder).sort()).toEqual(['reports', 'rows.csv']);
    expect(readFileSync(join(folder, 'rows.csv'), 'utf8')).toBe('a,b\n');
    expect(readFileSync(join(folder, 'reports/image'))).toEqual(Buffer.alloc(300_000));
  });

  it('names the artifacts that there are', async () => {
    const { exitCode, stdout, stderr } = await run('writing', '--download', 'rows.txt', '-o', folder);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^The run has no artifact "rows\.txt"\.\nIt has:\n(.*\n)*  rows\.csv$/m);
    expect(readdirSync(folder)).toEqual([]);
    expect(await run('writing', '--all', '--download', 'rows.csv')).toMatchObject({ exitCode: 2 });
  });
});
