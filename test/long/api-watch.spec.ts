import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectView } from '../../src/projects/project-view';
import { type Folders, makeFolders, nodeStep, ServerProcess, writeProject } from '../support/jobato';
import { until } from '../support/until';

const CHANGED = 'Changed since the last completed run: watched files';
const project = (patterns: string) => nodeStep('report', '0', `watch: ${patterns}\n`);

describe('watched files', () => {
  let folders: Folders;
  let server: ServerProcess;
  beforeEach(async () => {
    folders = makeFolders({ report: project('[docs/**]') });
    write('docs/a.md', 'one');
    server = await start();
  });
  afterEach(async () => {
    await server.end('SIGTERM');
    rmSync(folders.root, { recursive: true, force: true });
  });

  /** The patterns are relative to the folder in which the server is started. */
  const start = () => ServerProcess.start(folders, {}, undefined, folders.root);
  function write(file: string, content: string): void {
    mkdirSync(join(folders.root, file, '..'), { recursive: true });
    writeFileSync(join(folders.root, file), content);
  }
  const view = async () => (await (await fetch(`${server.url}/api/projects/report`)).json()) as ProjectView;
  const untilNeedsRerun = (text: string | null) => until(async () => (await view()).needsRerun === text);
  async function runOnce(): Promise<void> {
    const { runId } = await server.trigger('report');
    expect(await server.untilEnded(runId)).toMatchObject({ status: 'completed' });
  }

  it('make the project "Needs re-run" when they change, until it has run again', async () => {
    await runOnce();
    expect(await view()).toMatchObject({ needsRerun: null, notes: [] });
    write('docs/a.md', 'another');
    await untilNeedsRerun(CHANGED);
    await runOnce();
    await untilNeedsRerun(null);
    write('docs/new/b.md', '');
    await untilNeedsRerun(CHANGED);
    rmSync(join(folders.root, 'docs', 'new'), { recursive: true });
    await untilNeedsRerun(null);
  });

  it('are compared with the start of the run after a restart of the server', async () => {
    await runOnce();
    await server.end('SIGTERM');
    write('docs/a.md', 'another');
    server = await start();
    expect((await view()).needsRerun).toBe(CHANGED);
  });

  it('are not compared with a run that watched other files', async () => {
    await runOnce();
    write('other.md', '');
    const { definitionHash } = await view();
    writeProject(folders, 'report', project('[docs/**, other.md]'));
    await until(async () => (await view()).definitionHash !== definitionHash);
    expect((await view()).needsRerun).toBeNull();
  });

  it('are reported and not compared while they are unknown', async () => {
    await runOnce();
    symlinkSync('/', join(folders.root, 'docs', 'link'));
    writeProject(folders, 'report', project('[docs/link/usr/**]'));
    await until(async () => (await view()).notes.length > 0);
    expect(await view()).toMatchObject({
      needsRerun: null,
      notes: [
        'The files in "watch" are not compared, because the folder "docs/link" is a link to a place outside of the' +
          ' searched folder.',
      ],
    });
  });
});
