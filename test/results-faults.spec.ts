import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { EventStream } from '../src/events/event-stream';
import { type RunEvent, toStreamFields } from '../src/events/run-event';
import { ProjectCatalogue } from '../src/projects/project-catalogue';
import { LiveResults } from '../src/results/live-results';
import { ResultFiles } from '../src/results/result-files';
import { isOnRedis, makeFolders, nodeStep, RunningApp, writeProject } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

const writerFor = (dataDir: string) => (path: string, content: string | Buffer, mode?: number) => {
  mkdirSync(dirname(join(dataDir, path)), { recursive: true });
  writeFileSync(join(dataDir, path), content, { mode });
};

describe('a shutdown while a large result is copied', () => {
  afterEach(() => jest.restoreAllMocks());

  const BYTES = 50 * 1024 * 1024;
  const OFFERING = `
    const { truncateSync, writeFileSync, writeSync } = require('node:fs');
    const file = process.env.JOBATO_RUN_DIR + '/large.bin';
    writeFileSync(file, 'x');
    truncateSync(file, ${BYTES});
    writeSync(3, JSON.stringify({ result: { path: 'large.bin' } }) + '\\n');`;

  it.each<readonly [string, string]>([
    ['an external worker', externalProject('large')],
    // With Redis, the embedded worker waits for the answer to its last event.
    ...(isOnRedis() ? [] : [['the embedded worker', nodeStep('large', OFFERING)] as const]),
  ])('aborts the copy, and the next start completes the run of %s', async (_whose, project) => {
    const folders = makeFolders({ large: project });
    const handle = await open(__filename);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const read = Reflect.get(prototype, 'read') as unknown as (...given: unknown[]) => unknown;
    jest.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
      if (given[2] === 1024 * 1024) await delay(500);
      return read.apply(this, given) as never;
    });
    try {
      const first = await RunningApp.start(folders);
      writerFor(folders.dataDir)('work/large.bin', 'x');
      truncateSync(join(folders.dataDir, 'work/large.bin'), BYTES);
      const { runId } = await first.trigger('large');
      if (project.includes('external')) {
        const payload = { resultsDb: 'work/large.bin' };
        const event = { ...anEvent(runId, 'run.completed', payload), payload } as unknown as RunEvent;
        await first.app.get(EventStream).publish([toStreamFields(event)]);
      }
      const results = join(folders.dataDir, 'results/large');
      while (names(results).length === 0) await delay(20);
      const startMs = performance.now();
      await first.stop();
      expect(performance.now() - startMs).toBeLessThan(15_000);
      expect(names(results)).toEqual([]);

      jest.restoreAllMocks();
      const second = await RunningApp.start(folders);
      try {
        expect(await second.untilEnded(runId)).toMatchObject({
          status: 'completed',
          result: { state: 'accepted', size: BYTES },
        });
      } finally {
        await second.stop();
      }
    } finally {
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

describe('a pointer that cannot be written', () => {
  it('affects neither the other pointer nor the deletion of earlier results', async () => {
    const rule = 'result: { keep: 0, pointer: link/current.txt }\n';
    const jobato = await RunningApp.start({ data: externalProject('data', rule) }, { JOBATO_API_KEY: KEY });
    try {
      const { dataDir, root } = jobato.folders;
      mkdirSync(join(root, 'elsewhere'));
      symlinkSync(join(root, 'elsewhere'), join(dataDir, 'link'));
      const worker = new HttpWorker(jobato);
      for (const text of ['first', 'second']) {
        writerFor(dataDir)('work/data.txt', text);
        const { runId } = await jobato.trigger('data');
        await worker.say(anEvent(runId, 'run.completed', { resultsDb: 'work/data.txt' }));
      }
      await jobato.app.get(ResultFiles).idle();
      const [, , folder = ''] = readFileSync(join(dataDir, 'results/data/current.txt'), 'utf8').split('/');
      expect(folder).toMatch(/^2-/);
      expect(names(join(dataDir, 'results/data')).sort()).toEqual([folder, 'current.txt'].sort());
      expect(names(join(root, 'elsewhere'))).toEqual([]);
      const { body } = await jobato.api.get('/api/health');
      expect(JSON.stringify(body)).toContain('could not be written');
    } finally {
      await jobato.stop();
    }
  });
});

describe('a pointer that the worker of a completed run changed', () => {
  it('stays when Jobato writes its pointers again', async () => {
    const rule = 'result: { pointer: db/current.txt }\n';
    const jobato = await RunningApp.start({ own: externalProject('own', rule) }, { JOBATO_API_KEY: KEY });
    try {
      const write = writerFor(jobato.folders.dataDir);
      const worker = new HttpWorker(jobato);
      write('work/data.txt', 'copied');
      const first = await jobato.trigger('own');
      await worker.say(anEvent(first.runId, 'run.completed', { resultsDb: 'work/data.txt' }));
      await jobato.app.get(ResultFiles).idle();
      const { runId } = await jobato.trigger('own');
      write('db/current.txt', 'db/own.db\n');
      await worker.say(anEvent(runId, 'run.completed', {}));
      await jobato.app.get(ResultFiles).idle();
      await jobato.app.get(ResultFiles).refresh('own');
      expect(readFileSync(join(jobato.folders.dataDir, 'db/current.txt'), 'utf8')).toBe('db/own.db\n');
      await jobato.api.put('/api/projects/own/result').send({ runId: first.runId }).expect(200);
      expect(readFileSync(join(jobato.folders.dataDir, 'db/current.txt'), 'utf8')).toMatch(/^results.own.1-/);
    } finally {
      await jobato.stop();
    }
  });
});

describe('a copy of a result', () => {
  it('can be read by those whom the umask allows, and not by the mode of the original', async () => {
    const jobato = await RunningApp.start({ data: externalProject('data') }, { JOBATO_API_KEY: KEY });
    const umask = process.umask(0o027);
    try {
      const { dataDir } = jobato.folders;
      const worker = new HttpWorker(jobato);
      for (const mode of [0o600, 0o666]) {
        writerFor(dataDir)(`work/data-${mode}.txt`, 'x', mode);
        const { runId } = await jobato.trigger('data');
        await worker.say(anEvent(runId, 'run.completed', { resultsDb: `work/data-${mode}.txt` }));
        const { body } = await jobato.api.get('/api/projects/data/result');
        expect(statSync(join(dataDir, (body as { path: string }).path)).mode & 0o777).toBe(0o440);
      }
    } finally {
      process.umask(umask);
      await jobato.stop();
    }
  });

  it('may lie in a folder that an operator replaced by a link', async () => {
    const folders = makeFolders({ data: externalProject('data') });
    mkdirSync(join(folders.root, 'large-disk'));
    mkdirSync(folders.dataDir);
    symlinkSync(join(folders.root, 'large-disk'), join(folders.dataDir, 'results'));
    const jobato = await RunningApp.start(folders, { JOBATO_API_KEY: KEY });
    try {
      writerFor(folders.dataDir)('work/data.txt', 'elsewhere');
      const { runId } = await jobato.trigger('data');
      const offer = { resultsDb: 'work/data.txt' };
      await new HttpWorker(jobato).say(anEvent(runId, 'run.completed', offer));
      await jobato.app.get(ResultFiles).idle();
      expect(await (await jobato.fetch('/api/projects/data/result/file')).text()).toBe('elsewhere');
      const pointer = readFileSync(join(folders.dataDir, 'results/data/current.txt'), 'utf8').trim();
      expect(readFileSync(join(folders.dataDir, pointer), 'utf8')).toBe('elsewhere');
    } finally {
      await jobato.stop();
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

describe('a file that a worker offers', () => {
  let jobato: RunningApp;
  let worker: HttpWorker;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        data: externalProject('data', 'result: { pointer: db/data.txt }\n'),
        greedy: externalProject('greedy', 'result: { pointer: results/data/current.txt }\n'),
      },
      { JOBATO_API_KEY: KEY },
    );
    worker = new HttpWorker(jobato);
  });
  afterAll(() => jobato.stop());
  const complete = async (projectId: string, payload: object) => {
    const { runId } = await jobato.trigger(projectId);
    await worker.say(anEvent(runId, 'run.completed', payload));
    await jobato.app.get(ResultFiles).idle();
    return jobato.untilEnded(runId);
  };
  const inData = (path: string) => join(jobato.folders.dataDir, path);

  it('may be an SQLite database that keeps its journal', async () => {
    mkdirSync(inData('work'), { recursive: true });
    const database = new BetterSqlite3(inData('work/jobs.db'));
    database.pragma('journal_mode = PERSIST');
    database.exec("CREATE TABLE jobs (title TEXT); INSERT INTO jobs VALUES ('Baker')");
    const offer = { resultsDb: 'work/jobs.db' };
    expect((await complete('data', offer)).result).toMatchObject({ state: 'accepted' });
    database.exec('BEGIN');
    database.exec("UPDATE jobs SET title = 'Cook'");
    expect((await complete('data', offer)).result).toMatchObject({ flaw: 'open-database' });
    database.close();
  });

  it('may not be a captured page of another run', async () => {
    const path = 'html/data/01a22e5f-6228-7000-8000-01790b894b8a/page.html';
    writerFor(jobato.folders.dataDir)(path, 'page');
    expect((await complete('data', { resultsDb: path })).result).toMatchObject({ flaw: 'own-file' });
  });

  it('may end with a space, which belongs to its pointers', async () => {
    writerFor(jobato.folders.dataDir)('work/data ', 'x');
    await complete('data', { resultsDb: 'work/data ' });
    const before = statSync(inData('db/data.txt')).ino;
    expect(readFileSync(inData('db/data.txt'), 'utf8')).toMatch(/ \n$/);
    await worker.say(
      anEvent((await jobato.trigger('data')).runId, 'run.failed', { errorCode: 'X', message: 'no' }),
    );
    await jobato.app.get(ResultFiles).idle();
    expect(await jobato.app.get(LiveResults).foreignPointer('data')).toBeNull();
    expect(statSync(inData('db/data.txt')).ino).toBe(before);
  });

  it('never changes the pointer that belongs to another project', async () => {
    writerFor(jobato.folders.dataDir)('work/greedy.txt', 'x');
    const before = readFileSync(inData('results/data/current.txt'), 'utf8');
    await complete('greedy', { resultsDb: 'work/greedy.txt' });
    expect(readFileSync(inData('results/data/current.txt'), 'utf8')).toBe(before);
    expect(readFileSync(inData('results/greedy/current.txt'), 'utf8')).toContain('greedy.txt');
  });
});

describe('a start without the files of results', () => {
  it('gives no pointer or step the path of the live result, until it is there', async () => {
    const folders = makeFolders({ data: externalProject('data', 'result: { pointer: db/data.txt }\n') });
    const { dataDir } = folders;
    const offer = { resultsDb: 'work/data.txt' };
    try {
      const first = await RunningApp.start(folders, { JOBATO_API_KEY: KEY });
      writerFor(dataDir)('work/data.txt', 'x');
      const { runId } = await first.trigger('data');
      await new HttpWorker(first).say(anEvent(runId, 'run.completed', offer));
      await first.stop();
      rmSync(join(dataDir, 'db/data.txt'));
      renameSync(join(dataDir, 'results'), join(folders.root, 'results'));
      const second = await RunningApp.start(folders, { JOBATO_API_KEY: KEY });
      try {
        expect(names(join(dataDir, 'results/data'))).toEqual([]);
        expect(names(join(dataDir, 'db'))).not.toContain('data.txt');
        const { body } = await second.api.get('/api/health').expect(200);
        expect(JSON.stringify(body)).toContain(
          'The file of the live result of project \\"data\\" is missing',
        );
        expect(await (await second.fetch('/projects/data')).text()).toContain('is missing from the server');
        const run = await second.trigger('data');
        const worker = new HttpWorker(second);
        const { payload } = await worker.claimed({ projectIds: ['data'] });
        expect(payload).not.toHaveProperty('currentResult');
        await worker.say(anEvent(run.runId, 'run.completed', offer));
        await second.app.get(ResultFiles).idle();
        expect(readFileSync(join(dataDir, 'db/data.txt'), 'utf8')).toMatch(/^results.data.2-/);
        expect((await second.api.get('/api/health')).text).not.toContain('is missing');
      } finally {
        await second.stop();
      }
    } finally {
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

describe('a pointer that is added to the project file', () => {
  it('is written without another run', async () => {
    const folders = makeFolders({ data: externalProject('data') });
    const jobato = await RunningApp.start(folders, { JOBATO_API_KEY: KEY });
    try {
      writerFor(folders.dataDir)('work/data.txt', 'x');
      const { runId } = await jobato.trigger('data');
      await new HttpWorker(jobato).say(anEvent(runId, 'run.completed', { resultsDb: 'work/data.txt' }));
      await jobato.app.get(ResultFiles).idle();
      writeProject(folders, 'data', externalProject('data', 'result: { pointer: db/data.txt }\n'));
      await jobato.app.get(ProjectCatalogue).reload();
      await jobato.app.get(ResultFiles).writeAgain();
      expect(readFileSync(join(folders.dataDir, 'db/data.txt'), 'utf8')).toMatch(/^results.data.1-/);
    } finally {
      await jobato.stop();
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

describe('a run whose project file changes', () => {
  it('has the artifact as its result that its own definition names', async () => {
    const folders = makeFolders({ sales: externalProject('sales', 'result: { artifact: report.txt }\n') });
    const jobato = await RunningApp.start(folders, { JOBATO_API_KEY: KEY });
    try {
      const worker = new HttpWorker(jobato);
      const { runId } = await jobato.trigger('sales');
      await worker.api
        .put(`/api/internal/runs/${runId}/artifacts/report.txt`)
        .set('content-type', 'application/octet-stream')
        .send('report')
        .expect(201);
      writeProject(folders, 'sales', externalProject('sales'));
      await jobato.app.get(ProjectCatalogue).reload();
      await worker.say(anEvent(runId, 'run.completed', {}));
      expect((await jobato.untilEnded(runId)).result).toMatchObject({ state: 'accepted', size: 6 });
    } finally {
      await jobato.stop();
      rmSync(folders.root, { recursive: true, force: true });
    }
  });
});

describe('a download of the live result', () => {
  it('has no date, because a newer result can be replaced by an earlier one', async () => {
    const jobato = await RunningApp.start({ data: externalProject('data') }, { JOBATO_API_KEY: KEY });
    try {
      const worker = new HttpWorker(jobato);
      const write = writerFor(jobato.folders.dataDir);
      const runs: string[] = [];
      for (const text of ['first', 'later']) {
        write('work/data.txt', text);
        const { runId } = await jobato.trigger('data');
        await worker.say(anEvent(runId, 'run.completed', { resultsDb: 'work/data.txt' }));
        runs.push(runId);
      }
      const download = (headers: Record<string, string>) =>
        jobato.fetch('/api/projects/data/result/file', { headers });
      const later = await download({});
      expect(await later.text()).toBe('later');
      const now = new Date().toUTCString();
      await jobato.api.put('/api/projects/data/result').send({ runId: runs[0] }).expect(200);
      expect(await (await download({ 'if-modified-since': now })).text()).toBe('first');
      const changed = later.headers.get('last-modified') ?? now;
      const rest = await download({ range: 'bytes=2-', 'if-range': changed });
      expect([rest.status, await rest.text()]).toEqual([200, 'first']);
      const etag = later.headers.get('etag')!;
      expect((await download({ 'if-none-match': etag })).status).toBe(200);
    } finally {
      await jobato.stop();
    }
  });
});

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
