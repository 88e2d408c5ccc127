import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders, RunningApp, writeProject } from './support/jobato';

describe('artifacts by pattern', () => {
  let folder: string;
  let jobato: RunningApp;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jobato-test-artifacts-'));
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out', 'old.csv'), 'of an earlier run');
    const step = (name: string, run: string, more = '') =>
      `  - name: ${name}\n    run: |\n${run.replace(/^/gm, '      ')}\n${more}`;
    jobato = await RunningApp.start({
      made: `id: made
artifacts: ["out/*.csv"]
steps:
${step('first', 'mkdir "$JOBATO_RUN_DIR/out"\ncd "$JOBATO_RUN_DIR/out"\necho 1 > a.csv\necho 1 > b.csv\necho 1 > c.txt')}
${step('second', 'echo 22 > "$JOBATO_RUN_DIR/out/b.csv"\nexit 3', '    artifacts: ["**/*.txt"]\n')}
`,
      outside: `id: outside
steps:
${step('work', 'echo new > out/new.csv\nln -s /etc/passwd out/link.csv', `    workingDir: ${folder}\n    artifacts: ["out/*.csv"]\n`)}
`,
      nothing: `id: nothing\nsteps:\n${step('work', 'true', '    artifacts: ["out/*.csv", "*.log"]\n')}\n`,
    });
  });
  afterAll(async () => {
    await jobato.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(projectId: string) {
    const { runId } = await jobato.trigger(projectId);
    return jobato.untilEnded(runId);
  }

  it('are collected at the end of each step, also of one that fails, with their last content', async () => {
    const ended = await run('made');
    expect(ended.status).toBe('failed');
    expect(ended.artifacts).toEqual([
      { name: 'out/a.csv', size: 2 },
      { name: 'out/b.csv', size: 3 },
      { name: 'out/c.txt', size: 2 },
    ]);
    const content = await jobato.fetch(
      `/api/runs/${ended.runId}/artifacts/${encodeURIComponent('out/b.csv')}`,
    );
    expect(await content.text()).toBe('22\n');
  });

  it('are copied from the working directory, without older files and links', async () => {
    const ended = await run('outside');
    expect(ended.artifacts).toEqual([{ name: 'out/new.csv', size: 4 }]);
    const content = await jobato.fetch(
      `/api/runs/${ended.runId}/artifacts/${encodeURIComponent('out/new.csv')}`,
    );
    expect(await content.text()).toBe('new\n');
  });

  it('are noted in the log if the step has none', async () => {
    const ended = await run('nothing');
    expect(ended).toMatchObject({ status: 'completed', artifacts: [] });
    expect(await (await jobato.fetch(`/api/runs/${ended.runId}/logs`)).text()).toBe(
      'No file matches the artifacts of this step: out/*.csv, *.log.\n',
    );
  });
});

it('artifacts never include files of Jobato or of other runs', async () => {
  const folders = makeFolders({});
  writeProject(
    folders,
    'all',
    `id: all
artifacts: ['**/*.csv', '**/*.db*', '**/*.json']
steps:
  - { name: first, run: 'echo 1 > "$JOBATO_RUN_DIR/own.csv"; echo 1 > outside.csv', workingDir: ${folders.root} }
  - { name: second, run: 'true', workingDir: ${folders.root} }
`,
  );
  const jobato = await RunningApp.start(folders);
  const { runId } = await jobato.trigger('all');
  const { artifacts } = await jobato.untilEnded(runId);
  expect(artifacts.map(({ name }) => name).sort()).toEqual(['outside.csv', 'own.csv']);
  await jobato.stop();
  rmSync(folders.root, { recursive: true, force: true });
});
