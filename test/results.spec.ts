import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { EventStream } from '../src/events/event-stream';
import { type RunEvent, type RunEventType, toStreamFields } from '../src/events/run-event';
import { LiveResults } from '../src/results/live-results';
import { ResultFiles } from '../src/results/result-files';
import { ResultCopies } from '../src/results/result-copies';
import type { Run } from '../src/runs/run';
import { problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

/** Writes the param `text` into a file, and offers it. */
const OFFERING = `
  const { readFileSync, writeFileSync, writeSync } = require('node:fs');
  const { JOBATO_RUN_DIR, JOBATO_CURRENT_RESULT, JOBATO_PARAM_TEXT, JOBATO_PARAM_END } = process.env;
  console.log('current: ' + (JOBATO_CURRENT_RESULT ? readFileSync(JOBATO_CURRENT_RESULT, 'utf8') : 'none'));
  writeFileSync(JOBATO_RUN_DIR + '/report.txt', JOBATO_PARAM_TEXT);
  const report = (line) => writeSync(3, JSON.stringify(line) + '\\n');
  report({ result: { path: 'report.txt' } });
  if (JOBATO_PARAM_END === 'partial') report({ partial: { reason: 'half' } });
  if (JOBATO_PARAM_END === 'stopped') setInterval(() => {}, 1000);
  if (JOBATO_PARAM_END === 'failed') process.exit(1);
`;
/** Offers a file only in the first attempt, which fails. */
const HALF = `
  const { writeFileSync, writeSync } = require('node:fs');
  if (process.env.JOBATO_STEP_ATTEMPT === '2') process.exit(0);
  writeFileSync(process.env.JOBATO_RUN_DIR + '/half.txt', 'half');
  writeSync(3, JSON.stringify({ result: { path: 'half.txt' } }) + '\\n');
  process.exit(1);
`;
const PARAMS =
  'params: { text: { type: string, required: true }, end: { type: string, default: completed } }\n';
const project = (id: string, more = '') => `${nodeStep(id, OFFERING)}${PARAMS}${more}`;

interface Item {
  runId: string;
  number: number;
  live: boolean;
}

describe('the live result of a project', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({
      plain: project('plain'),
      short: project('short', 'result: { keep: 1, pointer: db/pointers/short.txt }\n'),
      half: project('half', 'result: { partial: true }\n'),
      kept: project('kept'),
      again: `${nodeStep('again', HALF)}    retry: { maxAttempts: 2, delaySeconds: 0 }\n`,
      never: project('never'),
    });
  });
  afterAll(() => jobato.stop());

  const make = async (projectId: string, text: string, end = 'completed'): Promise<Run> => {
    const { runId } = await jobato.trigger(projectId, { params: { text, end } });
    if (end === 'stopped') {
      await jobato.until(runId, ({ steps }) => steps[0]!.status === 'running');
      await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    }
    return jobato.untilEnded(runId);
  };
  const live = async (projectId: string) =>
    (await jobato.api.get(`/api/projects/${projectId}/result`).expect(200)).body as Record<string, unknown>;
  const content = async (projectId: string) =>
    (await jobato.fetch(`/api/projects/${projectId}/result/file`)).text();
  const kept = async (projectId: string) =>
    ((await jobato.api.get(`/api/projects/${projectId}/results`).expect(200)).body as { items: Item[] })
      .items;
  const pointer = async (path: string) => {
    await jobato.app.get(ResultFiles).idle();
    return readFileSync(join(jobato.folders.dataDir, path), 'utf8');
  };

  it('is the file that a completed run offers, as a private copy that is never written', async () => {
    const run = await make('plain', 'first');
    const { path, ...shown } = await live('plain');
    expect(shown).toEqual({
      runId: run.runId,
      number: 1,
      projectId: 'plain',
      name: 'report.txt',
      size: 5,
      madeAt: run.endedAt,
      since: run.endedAt,
      live: true,
      chosenBy: null,
      href: '/api/projects/plain/result/file',
    });
    expect(await pointer('results/plain/current.txt')).toBe(`${String(path)}\n`);
    const file = join(jobato.folders.dataDir, String(path));
    expect(statSync(file).mode & 0o222).toBe(0);
    writeFileSync(join(jobato.folders.dataDir, 'runs', run.runId, 'report.txt'), 'changed');
    expect(await content('plain')).toBe('first');
    const { body } = await jobato.api.get(`/api/runs/${run.runId}`);
    expect(body).toMatchObject({ result: { state: 'accepted', name: 'report.txt', size: 5, flaw: null } });
  });

  it('can be downloaded in parts', async () => {
    const response = await jobato.fetch('/api/projects/plain/result/file', {
      headers: { range: 'bytes=1-2' },
    });
    expect([response.status, await response.text()]).toEqual([206, 'ir']);
    expect(response.headers.get('content-disposition')).toContain('report.txt');
    expect(response.headers.get('etag')).not.toBeNull();
  });

  it.each(['failed', 'stopped', 'partial'])('does not change by a run that ends %s', async (end) => {
    const before = await live('plain');
    const run = await make('plain', 'unwanted', end);
    expect(run.status).toBe(end === 'stopped' ? 'cancelled' : end);
    expect(await live('plain')).toEqual(before);
    expect(await content('plain')).toBe('first');
    expect(run.result).toEqual(end === 'partial' ? { state: 'partial', offered: 'report.txt' } : null);
  });

  it('is given to the steps of the next run', async () => {
    const run = await make('plain', 'second');
    const log = await (await jobato.fetch(`/api/runs/${run.runId}/logs`)).text();
    expect(log).toContain('current: first');
    expect(await content('plain')).toBe('second');
  });

  it('can be taken back, until the next run completes', async () => {
    const [newest, oldest] = await kept('plain');
    expect([newest!.live, oldest!.live]).toEqual([true, false]);
    const { body } = await jobato.api
      .put('/api/projects/plain/result')
      .send({ runId: oldest!.runId })
      .expect(200);
    expect(body).toMatchObject({ number: oldest!.number, chosenBy: 'api', live: true });
    expect(await content('plain')).toBe('first');
    expect(await pointer('results/plain/current.txt')).toBe(`${(body as { path: string }).path}\n`);
    expect((await kept('plain')).map(({ number, live: isLive }) => [number, isLive])).toEqual([
      [newest!.number, false],
      [oldest!.number, true],
    ]);
    await make('plain', 'third');
    expect(await content('plain')).toBe('third');
    expect(await live('plain')).toMatchObject({ chosenBy: null });
  });

  it('is not the file of an attempt at a step that failed', async () => {
    const run = await jobato.untilEnded((await jobato.trigger('again')).runId);
    expect(run).toMatchObject({ status: 'completed', result: null });
  });

  it('goes live with a partial run where the project says so', async () => {
    expect(await make('half', 'half of it', 'partial')).toMatchObject({
      status: 'partial',
      statusReason: 'half',
    });
    expect(await content('half')).toBe('half of it');
  });

  it('has as many predecessors as are kept, and deletes the files of the others', async () => {
    const paths: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      await make('short', text);
      paths.push(String((await live('short')).path));
      expect(await pointer('db/pointers/short.txt')).toBe(`${paths.at(-1)!}\n`);
    }
    expect((await kept('short')).map(({ number }) => number)).toEqual([3, 2]);
    expect(paths.map((path) => existsSync(join(jobato.folders.dataDir, path)))).toEqual([false, true, true]);
    expect(existsSync(join(jobato.folders.dataDir, dirname(paths[0]!)))).toBe(false);
  });

  it('keeps its run', async () => {
    const { runId } = await make('kept', 'data');
    await make('kept', 'more', 'failed');
    await jobato.api.delete(`/api/runs/${runId}/record`).expect(problem(409, 'RUN_HAS_RESULT'));
    expect(await content('kept')).toBe('data');
  });

  it('is missing before a run offered one, and for an unknown project', async () => {
    await make('never', 'nothing', 'failed');
    for (const path of ['result', 'result/file'])
      await jobato.api.get(`/api/projects/never/${path}`).expect(problem(404, 'RESULT_NOT_FOUND'));
    expect(await kept('never')).toEqual([]);
    expect(existsSync(join(jobato.folders.dataDir, 'results/never'))).toBe(false);
    await jobato.api.get('/api/projects/unknown/result').expect(problem(404, 'PROJECT_NOT_FOUND'));
    await jobato.api
      .put('/api/projects/plain/result')
      .send({ runId: '019ca9d6-8580-7000-8000-000000000001' })
      .expect(problem(404, 'RESULT_NOT_FOUND'));
    await jobato.api.put('/api/projects/plain/result').send({ runId: 5 }).expect(400);
    await jobato.api.put('/api/projects/plain/result').send({}).expect(400);
  });
});

describe('a copy that takes long', () => {
  afterEach(() => jest.restoreAllMocks());

  it('delays no other event, and is not held against its run', async () => {
    const jobato = await RunningApp.start({ slow: externalProject('slow'), quick: externalProject('quick') });
    try {
      let release: () => void = () => undefined;
      const take: ResultCopies['take'] = Reflect.get(ResultCopies.prototype, 'take');
      jest.spyOn(ResultCopies.prototype, 'take').mockImplementation(async function (
        this: ResultCopies,
        ...given
      ) {
        await new Promise<void>((resolve) => (release = resolve));
        return take.apply(this, given);
      });
      mkdirSync(join(jobato.folders.dataDir, 'out'));
      writeFileSync(join(jobato.folders.dataDir, 'out/a.txt'), 'slow result');
      const stream = jobato.app.get(EventStream);
      const publish = (runId: string, eventType: RunEventType, payload: object) =>
        stream.publish([
          toStreamFields({
            ...anEvent(runId, eventType, payload),
            eventType,
            payload,
          } as unknown as RunEvent),
        ]);
      const [slow, quick] = [await jobato.trigger('slow'), await jobato.trigger('quick')];
      for (const { runId } of [slow, quick])
        await publish(runId, 'run.started', { workerId: 'w', attempt: 1, leaseSeconds: 1 });
      await publish(slow.runId, 'run.completed', { attempt: 1, resultsDb: 'out/a.txt' });
      await publish(quick.runId, 'run.progress', { attempt: 1, message: 'after it' });
      await jobato.until(quick.runId, ({ progress }) => progress.message === 'after it');
      // The lease of the other run, which began at the same time, ends.
      expect(await jobato.untilEnded(quick.runId)).toMatchObject({ statusReason: 'worker-lost' });
      expect((await jobato.api.get(`/api/runs/${slow.runId}`)).body).toMatchObject({ status: 'running' });
      release();
      expect(await jobato.untilEnded(slow.runId)).toMatchObject({
        status: 'completed',
        result: { state: 'accepted', size: 11 },
      });
    } finally {
      await jobato.stop();
    }
  });
});

describe('a file that an external worker offers', () => {
  let jobato: RunningApp;
  let worker: HttpWorker;
  const table = 'result: { table: { name: jobs, columns: [title] } }\n';
  beforeAll(async () => {
    jobato = await RunningApp.start(
      {
        outside: externalProject('outside', ''),
        artifact: externalProject('artifact', 'result: { artifact: out/jobs.txt }\n'),
        table: externalProject('table', table),
        own: externalProject('own', 'result: { pointer: db/current-db.txt }\n'),
      },
      { JOBATO_API_KEY: KEY, RESULT_LIMIT_MB: '1' },
    );
    worker = new HttpWorker(jobato);
    writeFileSync(join(jobato.folders.root, 'outside.txt'), 'secret');
    mkdirSync(inData('work/folder'), { recursive: true });
    symlinkSync('../../outside.txt', inData('work/leads-out'));
    write('runs/other/file.txt', 'of another run');
    write('work/empty', '');
    write('work/large', Buffer.alloc(1024 * 1024 + 1, 'x'));
    write('work/two\nlines', 'x');
    write('work/damaged.db', Buffer.from(`SQLite format 3\0${'x'.repeat(5000)}`));
    write('work/changing.db', Buffer.from(`SQLite format 3\0${'x'.repeat(5000)}`));
    write('work/changing.db-journal', 'x');
  });
  afterAll(() => jobato.stop());

  const inData = (path: string) => join(jobato.folders.dataDir, path);
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(inData(path)), { recursive: true });
    writeFileSync(inData(path), content);
  };
  const complete = async (projectId: string, payload: object, type = 'run.completed'): Promise<Run> => {
    const { runId } = await jobato.trigger(projectId);
    await worker.say(anEvent(runId, type, payload));
    return jobato.untilEnded(runId);
  };

  it('is copied from the data folder, also over a link and with changes in the log of SQLite', async () => {
    mkdirSync(inData('work/outside'), { recursive: true });
    const database = new BetterSqlite3(inData('work/outside/jobs.db'));
    database.pragma('journal_mode = WAL');
    database.exec("CREATE TABLE jobs (title TEXT); INSERT INTO jobs VALUES ('Baker')");
    symlinkSync(inData('work/outside/jobs.db'), inData('work/outside/link.db'));
    const run = await complete('outside', { resultsDb: 'work/outside/link.db' });
    database.close();
    expect(run.result).toMatchObject({ state: 'accepted' });
    const { body } = await jobato.api.get('/api/projects/outside/result');
    const copy = new BetterSqlite3(inData((body as { path: string }).path), { readonly: true });
    expect(copy.prepare('SELECT * FROM jobs').all()).toEqual([{ title: 'Baker' }]);
    expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
    copy.close();
  });

  it('is named to the next worker, relative to the data folder', async () => {
    const { body } = await jobato.api.get('/api/projects/outside/result');
    await jobato.trigger('outside');
    const { runId, payload } = await worker.claimed({ projectIds: ['outside'] });
    const { currentResult } = payload as { currentResult: string };
    expect(currentResult).toBe((body as { path: string }).path);
    const download = (headers: Record<string, string>) =>
      worker.api.get(`/api/internal/runs/${runId}/current-result`).set(headers);
    const file = await download(worker.leaseHeader(runId)).expect(200);
    expect(file.body).toEqual(readFileSync(inData(currentResult)));
    await download({ 'x-jobato-lease': 'wrong' }).expect(problem(409, 'LEASE_LOST'));
    await worker.say(anEvent(runId, 'run.completed', {}));
  });

  it.each<[string, string, string]>([
    ['outside of the data folder', '../outside.txt', 'outside'],
    ['outside by its absolute path', '/etc/hostname', 'outside'],
    ['outside by a link', 'work/leads-out', 'outside'],
    ['the database of Jobato', 'db/jobato.db', 'own-file'],
    ['a key of Jobato', 'node-id', 'own-file'],
    ['a file of another run', 'runs/other/file.txt', 'own-file'],
    ['a folder', 'work/folder', 'not-a-file'],
    ['empty', 'work/empty', 'empty'],
    ['too large', 'work/large', 'too-large'],
    ['named in two lines', 'work/two\nlines', 'name'],
    ['a damaged database', 'work/damaged.db', 'damaged-database'],
    ['a database in the middle of a change', 'work/changing.db', 'open-database'],
  ])('is refused if it is %s', async (_what, offered, flaw) => {
    const before = (await jobato.api.get('/api/projects/outside/result')).body as object;
    const run = await complete('outside', { resultsDb: offered });
    expect(run).toMatchObject({ status: 'completed', result: { state: 'result-invalid', offered, flaw } });
    expect((await jobato.api.get('/api/projects/outside/result')).body).toEqual(before);
  });

  it('is reported as missing if it does not exist', async () => {
    expect(await complete('outside', { resultsDb: 'work/nothing.db' })).toMatchObject({
      status: 'completed',
      result: { state: 'result-missing', offered: 'work/nothing.db' },
    });
  });

  it('must have the table that the project shows', async () => {
    write('work/text.db', 'no database');
    expect((await complete('table', { resultsDb: 'work/text.db' })).result).toMatchObject({
      flaw: 'not-a-database',
    });
    const database = new BetterSqlite3(inData('work/jobs.db'));
    database.exec('CREATE TABLE jobs (name TEXT)');
    expect((await complete('table', { resultsDb: 'work/jobs.db' })).result).toMatchObject({
      flaw: 'no-such-table',
    });
    database.exec('ALTER TABLE jobs ADD COLUMN title TEXT');
    database.close();
    expect((await complete('table', { resultsDb: 'work/jobs.db' })).result).toMatchObject({
      state: 'accepted',
    });
  });

  it('may be an uploaded artifact that the project names', async () => {
    expect((await complete('artifact', {})).result).toEqual({
      state: 'result-missing',
      offered: 'out/jobs.txt',
    });
    const { runId } = await jobato.trigger('artifact');
    await worker.api
      .put(`/api/internal/runs/${runId}/artifacts/${encodeURIComponent('out/jobs.txt')}`)
      .set('content-type', 'application/octet-stream')
      .send('uploaded')
      .expect(201);
    await worker.say(anEvent(runId, 'run.completed', {}));
    expect((await jobato.untilEnded(runId)).result).toMatchObject({ state: 'accepted', size: 8 });
    expect(await (await jobato.fetch('/api/projects/artifact/result/file')).text()).toBe('uploaded');
  });

  it('is not used from a worker that does not hold the run', async () => {
    write('work/forged.txt', 'forged');
    const { runId } = await jobato.trigger('outside');
    await worker.claimed({ projectIds: ['outside'] });
    const forged = anEvent(runId, 'run.completed', { resultsDb: 'work/forged.txt' });
    expect(await new HttpWorker(jobato).say(forged)).toMatchObject({ rejected: [{ reason: 'LEASE_LOST' }] });
    expect((await jobato.api.get(`/api/runs/${runId}`)).body).toMatchObject({
      status: 'running',
      result: null,
    });
    write('work/true.txt', 'true');
    await worker.say(anEvent(runId, 'run.completed', { resultsDb: 'work/true.txt' }));
    await jobato.untilEnded(runId);
    expect(await (await jobato.fetch('/api/projects/outside/result/file')).text()).toBe('true');
  });

  it('leaves the pointer to a worker that swaps it, and reports a swap by a run that did not complete', async () => {
    const pointerFile = 'db/current-db.txt';
    const results = jobato.app.get(LiveResults);
    const swap = async (target: string, type: string, payload: object) => {
      const { runId } = await jobato.trigger('own');
      write(pointerFile, `${target}\n`);
      await worker.say(anEvent(runId, type, payload));
      await jobato.untilEnded(runId);
      await jobato.app.get(ResultFiles).idle();
      return readFileSync(inData(pointerFile), 'utf8');
    };
    expect(await swap('db/jobs-1.db', 'run.completed', {})).toBe('db/jobs-1.db\n');
    expect(await results.foreignPointer('own')).toBeNull();
    expect(await swap('db/jobs-2.db', 'run.failed', { errorCode: 'X', message: 'no' })).toBe(
      'db/jobs-2.db\n',
    );
    expect(await results.foreignPointer('own')).toMatchObject({
      target: 'db/jobs-2.db',
      seenStatus: 'failed',
    });
    expect(await swap('db/jobs-3.db', 'run.completed', {})).toBe('db/jobs-3.db\n');
    expect(await results.foreignPointer('own')).toBeNull();
  });
});
