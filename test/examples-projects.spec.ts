import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { PROJECT_FILE_SCHEMA } from '../src/projects/project-file.schema';
import type { Run } from '../src/runs/run';
import { type Folders, makeFolders, RunningApp } from './support/jobato';

const EXAMPLES = join(__dirname, '..', 'examples', 'projects');
const IDS = readdirSync(EXAMPLES).map((file) => file.replace(/\.yaml$/, ''));
const sourceOf = (id: string) => readFileSync(join(EXAMPLES, `${id}.yaml`), 'utf8');

describe('the example projects', () => {
  let folders: Folders;
  let jobato: RunningApp;
  beforeAll(async () => {
    folders = makeFolders(Object.fromEntries(IDS.map((id) => [id, sourceOf(id)])));
    // npm writes its own log below HOME.
    jobato = await RunningApp.start(folders, { HOME: folders.root, REPORT_TOKEN: 'not to be shown' });
  });
  afterAll(async () => {
    await jobato.stop();
    rmSync(folders.root, { recursive: true, force: true });
  });

  async function run(projectId: string, body: object = {}): Promise<Run> {
    const { runId } = await jobato.trigger(projectId, body);
    return jobato.untilEnded(runId);
  }
  const logOf = async ({ runId }: Run) => (await jobato.fetch(`/api/runs/${runId}/logs`)).text();
  const artifactOf = async ({ runId }: Run, name: string) =>
    Buffer.from(await (await jobato.fetch(`/api/runs/${runId}/artifacts/${name}`)).arrayBuffer());
  const statuses = ({ steps }: Run) => Object.fromEntries(steps.map(({ name, status }) => [name, status]));
  const namesOf = ({ artifacts }: Run) => artifacts.map(({ name }) => name);
  const workFolder = (projectId: string) => join(folders.dataDir, 'work', projectId);
  const allCompleted = (...names: string[]) => Object.fromEntries(names.map((name) => [name, 'completed']));

  it('are files named after their project', () => {
    expect(IDS).toHaveLength(8);
    for (const id of IDS) expect(sourceOf(id)).toContain(`\nid: ${id}\n`);
  });

  describe('etl', () => {
    it('loads the orders of a day', async () => {
      const ended = await run('etl');
      expect(ended.status).toBe('completed');
      expect(statuses(ended)).toEqual({
        ...allCompleted('extract', 'customers', 'revenue', 'load'),
        tell: 'skipped',
      });
      expect(ended).toMatchObject({ outputs: { extract: { rows: 3 } }, metrics: { ordersCount: 3 } });
      expect((await artifactOf(ended, 'report.txt')).toString()).toBe('Ada\nBob\nRevenue: 32\n');
      expect(readdirSync(join(workFolder('etl'), 'warehouse'))).toEqual(['2026-03-31.txt']);
    });

    it('tries again until the source is there', async () => {
      const source = join(folders.root, 'late.csv');
      const { runId } = await jobato.trigger('etl', { params: { source } });
      await jobato.until(runId, ({ steps }) => steps[0]!.attempts?.[0]?.status === 'failed');
      writeFileSync(source, '2026-03-31,Eve,4\n');
      const ended = await jobato.untilEnded(runId);
      expect(ended).toMatchObject({ status: 'completed', metrics: { ordersCount: 1 } });
      expect(ended.steps[0]!.attempts!.at(-1)).toMatchObject({ status: 'completed' });
    });

    it('reports a failure and loads nothing', async () => {
      const source = join(folders.root, 'bad.csv');
      writeFileSync(source, '2026-04-01,Eve,four\n');
      const ended = await run('etl', { params: { source, day: '2026-04-01' } });
      expect(ended.status).toBe('failed');
      expect(ended.error!.message).toContain('No amount in the row "2026-04-01,Eve,four"');
      expect(statuses(ended)).toMatchObject({ revenue: 'failed', load: 'skipped', tell: 'completed' });
      expect(await logOf(ended)).toContain('The orders of 2026-04-01 are not in the warehouse.');
      expect(existsSync(join(workFolder('etl'), 'warehouse', '2026-04-01.txt'))).toBe(false);
    });
  });

  describe('all-features', () => {
    const STEPS = ['start', 'fetch', 'count', 'flaky', 'optional', 'report', 'show'];

    it('runs each step', async () => {
      const ended = await run('all-features');
      expect(ended.status).toBe('completed');
      expect(statuses(ended)).toEqual({
        ...allCompleted(...STEPS, 'clean-up'),
        tell: 'skipped',
      });
      expect(ended.steps.find(({ name }) => name === 'flaky')!.attempts).toHaveLength(2);
      expect(ended).toMatchObject({ outputs: { count: { hostsCount: 2 } }, metrics: { pagesCount: 3 } });
      const log = await logOf(ended);
      expect(log).toContain('Title: A report Day: 2026-03-31');
      expect(log).toContain('2 hosts, format md');
      expect(log).toContain('page 3 of Europe/Berlin');
      expect((await artifactOf(ended, 'report.txt')).toString()).toBe('A report: 2 hosts\n');
    });

    it('goes on without the optional step', async () => {
      const ended = await run('all-features', { params: { fail: 'optional' } });
      expect(ended).toMatchObject({ status: 'partial', statusReason: 'step-failed', error: null });
      expect(statuses(ended)).toMatchObject({ optional: 'failed', report: 'completed', tell: 'skipped' });
    });

    it('reports a failure and cleans up', async () => {
      const ended = await run('all-features', { params: { fail: 'report' } });
      expect(ended.status).toBe('failed');
      expect(statuses(ended)).toMatchObject({
        report: 'failed',
        show: 'skipped',
        tell: 'completed',
        'clean-up': 'completed',
      });
    });

    it('uses each key of a project and of a step that needs no other file or program', () => {
      const { properties } = PROJECT_FILE_SCHEMA;
      const others = ['executor', 'inputs', 'quota'];
      const file = parse(sourceOf('all-features')) as { steps: object[] };
      expect([...Object.keys(file), ...others].sort()).toEqual(Object.keys(properties).sort());
      const ofSteps = new Set(file.steps.flatMap((step) => Object.keys(step)));
      const known = Object.keys(properties.steps.items.properties);
      expect([...ofSteps, 'passEnv', 'passPlainEnv'].sort()).toEqual(known.sort());
    });
  });

  describe('cron-events', () => {
    it('publishes the index that it has built', async () => {
      const ended = await run('cron-events', { params: { pages: 2 } });
      expect(ended).toMatchObject({ status: 'completed', metrics: { pagesCount: 2 } });
      expect(statuses(ended)).toEqual({ rebuild: 'completed', publish: 'completed', alert: 'skipped' });
      expect(await logOf(ended)).toContain('Published 2 pages.');
      expect(readFileSync(join(workFolder('cron-events'), 'index.txt'), 'utf8')).toBe('page 1\npage 2\n');
    });

    it('alerts if there is nothing to index, after two attempts', async () => {
      const ended = await run('cron-events', { params: { pages: 0 } });
      expect(ended.status).toBe('failed');
      expect(ended.error!.message).toContain('There are no pages to index.');
      expect(statuses(ended)).toEqual({ rebuild: 'failed', publish: 'skipped', alert: 'completed' });
      expect(ended.steps[0]!.attempts).toHaveLength(2);
    });
  });

  describe('crontab', () => {
    const home = () => join(workFolder('crontab'), 'home');
    const log = () => join(workFolder('crontab'), 'log');

    it('backs up one folder and rotates the logs of another one', async () => {
      for (const folder of [home(), log()]) mkdirSync(folder, { recursive: true });
      writeFileSync(join(home(), 'letter.txt'), 'Dear Ada');
      writeFileSync(join(log(), 'app.log'), 'started\n');
      const ended = await run('crontab');
      expect(ended.status).toBe('completed');
      expect(statuses(ended)).toEqual({
        backup: 'completed',
        'rotate-logs': 'completed',
        mail: 'skipped',
      });
      expect(gunzipSync(await artifactOf(ended, 'home.tar.gz')).toString()).toContain('Dear Ada');
      expect(readdirSync(log())).toEqual(['app.log.gz']);
    });

    it('sends a mail if one of them fails, and does the other one', async () => {
      rmSync(home(), { recursive: true });
      writeFileSync(home(), 'not a folder');
      const ended = await run('crontab');
      expect(ended.status).toBe('failed');
      expect(statuses(ended)).toEqual({
        backup: 'failed',
        'rotate-logs': 'completed',
        mail: 'completed',
      });
      expect(await logOf(ended)).toContain('To ops@example.com');
    });
  });

  it('nightly-backup makes a backup, restores it, and deletes old ones', async () => {
    const folder = join(folders.root, 'backups');
    mkdirSync(folder);
    const old = join(folder, 'jobato-2020-01-01-031500.tar');
    writeFileSync(old, '');
    utimesSync(old, 0, 0);
    const command = `${process.execPath} ${join(__dirname, '..', 'bin', 'jobato.mjs')}`;
    const ended = await run('nightly-backup', { params: { folder, command } });
    const log = await logOf(ended);
    expect({ status: ended.status, log }).toMatchObject({ status: 'completed' });
    expect(statuses(ended)).toEqual({ ...allCompleted('backup', 'drill', 'delete-old'), tell: 'skipped' });
    expect(log).toMatch(/^Restored \d+ runs? and \d+ files/m);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(ended.metrics.backupBytes).toBe(statSync(join(folder, readdirSync(folder)[0]!)).size);
  });

  describe('scrape', () => {
    it('uploads one table of all states', async () => {
      const ended = await run('scrape');
      expect(ended).toMatchObject({ status: 'completed', metrics: { noticesCount: 3 } });
      expect(statuses(ended)).toEqual(allCompleted('ca', 'ia', 'ny', 'upload'));
      expect((await artifactOf(ended, 'notices.csv')).toString()).toBe(
        'ca,A notice of ca\nia,A notice of ia\nny,A notice of ny\n',
      );
    });

    it('uploads the others if one state does not answer', async () => {
      const server = createServer((request, response) => {
        response.statusCode = request.url === '/ny' ? 500 : 200;
        response.end('<li>One<li>Two');
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const ended = await run('scrape', { params: { site } });
      server.close();
      expect(ended).toMatchObject({ status: 'partial', statusReason: 'step-failed' });
      expect(statuses(ended)).toEqual({
        ca: 'completed',
        ia: 'completed',
        ny: 'failed',
        upload: 'completed',
      });
      expect(await logOf(ended)).toContain('/ny answered 500');
      expect((await artifactOf(ended, 'notices.csv')).toString()).toBe('ca,One\nca,Two\nia,One\nia,Two\n');
    });
  });

  it('make builds the targets in their order, and one of them alone', async () => {
    const ended = await run('make');
    expect(ended.status).toBe('completed');
    expect(statuses(ended)).toEqual(allCompleted('books', 'isles', 'abyss', 'results', 'archive'));
    expect(await logOf(ended)).toBe('isles: 3 the\nabyss: 2 the\n');
    expect(namesOf(ended)).toEqual(['archive.tar.gz']);

    expect(statuses(await run('make', { scope: 'dats' }))).toEqual(allCompleted('isles', 'abyss'));
    const from = await run('make', { scope: 'from:isles' });
    expect(statuses(from)).toEqual(allCompleted('isles', 'results', 'archive'));
  });

  it('npm-chain checks, builds and packs a package', async () => {
    const ended = await run('npm-chain');
    expect(ended.status).toBe('completed');
    expect(statuses(ended)).toEqual(allCompleted('checkout', 'lint', 'types', 'test', 'build', 'publish'));
    expect(namesOf(ended)).toEqual(['greet-1.0.0.tgz']);
    expect(await logOf(ended)).toMatch(/pass 1$/m);
  });
});
