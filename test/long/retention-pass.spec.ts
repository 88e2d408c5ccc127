import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../../src/database/database';
import { KeptRuns } from '../../src/retention/kept-runs';
import { limitsOf } from '../../src/retention/keep-limits';
import { type Part, PARTS, runsThatGo } from '../../src/retention/retention-rule';
import { ResultEntity } from '../../src/results/result.entities';
import { RetentionSchedule } from '../../src/retention/retention-schedule';
import { Purger } from '../../src/retention/purger';
import { StorageReport, type StorageReportNow } from '../../src/retention/storage-report';
import type { PreviewView } from '../../src/retention/retention.dto';
import { DeletedRunRepository } from '../../src/runs/deleted-run.repository';
import type { Run, RunStatus } from '../../src/runs/run';
import { RunRepository } from '../../src/runs/run.repository';
import type { RunView } from '../../src/runs/run-view';
import { problem } from '../support/expect-problem';
import { type Folders, makeFolders, nodeStep, RunningApp, writeProject } from '../support/jobato';
import { FormClient } from '../support/form-client';
import { anOldRun, oldRunId, pathsIn, storeOldRuns, tracesOf } from '../support/old-runs';
import { SeededRandom } from '../support/random';
import { until } from '../support/until';
import { KEY } from '../support/worker-api';

const KEEPS = {
  aged: { days: 50 },
  counted: { runs: 5 },
  both: { days: 60, runs: 12 },
  parts: { logsDays: 20, artifactsDays: 40, days: 80 },
  forever: { days: 0 },
  byDefault: null,
};
const idOf = (name: string) => name.toLowerCase();

let jobato: RunningApp;
let folders: Folders;
beforeAll(async () => {
  folders = makeFolders(
    Object.fromEntries(
      Object.entries(KEEPS).map(([name, keep]) => {
        const more = keep === null ? '' : `keep: ${JSON.stringify(keep)}\n`;
        return [idOf(name), nodeStep(idOf(name), 'console.log("done")', more)];
      }),
    ),
  );
  jobato = await RunningApp.start(folders, { RETENTION_DAYS: '70', JOBATO_API_KEY: KEY });
});
afterAll(async () => {
  await jobato.stop();
  rmSync(folders.root, { recursive: true, force: true });
});

const database = () => jobato.app.get(Database);
const find = (runId: string) => jobato.app.get(RunRepository).find(runId);
const pass = () => jobato.app.get(RetentionSchedule).now();
const purged = () => jobato.app.get(Purger).drain();
const store = (runs: Run[]) => storeOldRuns(database(), folders.dataDir, runs);
const keepResults = (runs: Run[]) =>
  database().write(async (tx, lists: Run[][]) => {
    await database()
      .rows(ResultEntity)
      .insert(
        tx,
        lists.flat().map(({ runId, projectId, number, endedAt }) => ({
          runId,
          projectId,
          number,
          file: `results/${projectId}/${runId}/data.txt`,
          size: 4,
          madeAt: endedAt!,
        })),
      );
    return lists;
  }, runs);
const preview = async (query = ''): Promise<PreviewView> =>
  (await jobato.api.get(`/api/retention/preview?${query}`).expect(200)).body as PreviewView;

/** Reads all pages of one part. */
async function previewed(part: Part): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await preview(`part=${part}&limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`);
    ids.push(...page.items.map(({ runId }) => runId));
    cursor = page.nextCursor;
  }
  return ids;
}

describe('a pass', () => {
  it('deletes exactly the runs, logs and files of the preview, which the rule selects', async () => {
    const random = new SeededRandom(7);
    const statuses: RunStatus[] = ['completed', 'failed', 'failed', 'partial', 'cancelled'];
    const byProject = new Map<string, (Run & { hasKeptResult: boolean })[]>();
    let count = 100;
    for (const name of [...Object.keys(KEEPS), 'gone']) {
      const runs = Array.from({ length: 30 }, () => random.integer(1, 100))
        .map((days) =>
          anOldRun(oldRunId(days, ++count), {
            projectId: idOf(name),
            status: random.pick(statuses),
            pinned: random.integer(0, 7) === 0 ? 1 : 0,
          }),
        )
        .map((run) => ({ ...run, hasKeptResult: random.integer(0, 15) === 0 }));
      runs.sort((a, b) => (a.runId > b.runId ? -1 : 1));
      byProject.set(idOf(name), runs);
    }
    await store([...byProject.values()].flat());
    await keepResults([...byProject.values()].flat().filter(({ hasKeptResult }) => hasKeptResult));

    const expected = { run: [], logs: [], artifacts: [] } as Record<Part, string[]>;
    for (const [projectId, runs] of byProject) {
      const keep = Object.entries(KEEPS).find(([name]) => idOf(name) === projectId)?.[1] ?? null;
      for (const part of PARTS)
        expected[part].push(
          ...runsThatGo(runs, part, limitsOf(keep, 70), Date.now()).map(({ runId }) => runId),
        );
    }
    for (const part of PARTS) {
      expect((await previewed(part)).sort()).toEqual(expected[part].sort());
      expect(expected[part].length).toBeGreaterThan(3);
    }
    const { projects, defaultDays } = await preview();
    expect(defaultDays).toBe(70);
    expect(projects.map(({ projectId }) => projectId)).toEqual([
      'aged',
      'both',
      'bydefault',
      'counted',
      'gone',
      'parts',
    ]);
    const total = (part: Part, of: 'runs' | 'bytes') =>
      projects.reduce((sum, project) => sum + project[part][of], 0);
    for (const part of PARTS) expect(total(part, 'runs')).toBe(expected[part].length);

    const done = await pass();
    expect(done).toMatchObject({
      run: expected.run.length,
      logs: expected.logs.length,
      artifacts: expected.artifacts.length,
      bytes: PARTS.reduce((sum, part) => sum + total(part, 'bytes'), 0),
      failure: null,
    });
    for (const runId of expected.run) expect(tracesOf(folders.dataDir, runId)).toEqual([]);
    const left = [...byProject.values()].flat().filter(({ runId }) => !expected.run.includes(runId));
    const stored = await Promise.all(left.map(({ runId }) => find(runId)));
    expect(stored.map((run) => run?.logsRemovedAt !== null)).toEqual(
      left.map(({ runId }) => expected.logs.includes(runId)),
    );
    expect(stored.map((run) => run?.artifactsRemovedAt !== null)).toEqual(
      left.map(({ runId }) => expected.artifacts.includes(runId)),
    );
    for (const { runId } of left) {
      const traces = tracesOf(folders.dataDir, runId);
      expect(traces.some((trace) => trace.startsWith('log_chunks'))).toBe(!expected.logs.includes(runId));
      expect(traces.includes(`runs/${runId}`)).toBe(!expected.artifacts.includes(runId));
      expect(traces).toContain('applied_events.run_id');
    }

    expect((await preview()).projects).toEqual([]);
    expect(await pass()).toMatchObject({ run: 0, logs: 0, artifacts: 0 });
    const metrics = (await jobato.api.get('/api/metrics').expect(200)).text;
    expect(metrics).toContain(`jobato_retention_deleted_total{part="run"} ${expected.run.length}`);
    expect(metrics).toContain('jobato_retention_last_pass_failed 0');
    expect(metrics).toContain('jobato_retention_unfinished 0');
  });

  it('keeps runs whose project file cannot be read', async () => {
    const runs = [
      anOldRun(oldRunId(1), { projectId: 'late' }),
      anOldRun(oldRunId(300), { projectId: 'late', status: 'failed' }),
    ];
    await store(runs);
    writeProject(folders, 'late', 'id: late\nkeep: { days: 3650 }\nsteps: [');
    await until(async () => (await jobato.api.get('/api/health')).text.includes('late.yaml'));
    expect((await preview('projectId=late')).items).toEqual([]);
    expect(await pass()).toMatchObject({ run: 0 });
    rmSync(join(folders.configDir, 'projects', 'late.yaml'));
    await until(async () => !(await jobato.api.get('/api/health')).text.includes('late.yaml'));
    expect((await preview('projectId=late')).items).toMatchObject([{ runId: runs[1]!.runId }]);
    expect(await pass()).toMatchObject({ run: 1 });
  });

  it('obeys a limit that was changed a moment ago', async () => {
    const project = (keep: string) => nodeStep('changed', 'console.log("done")', `keep: ${keep}\n`);
    writeProject(folders, 'changed', project('{ days: 30 }'));
    const due = anOldRun(oldRunId(60, 901), { projectId: 'changed' });
    await store([due, anOldRun(oldRunId(1, 902), { projectId: 'changed' })]);
    expect((await preview('projectId=changed')).items).toMatchObject([{ runId: due.runId }]);
    writeProject(folders, 'changed', project('{ days: 0 }'));
    await pass();
    expect(await find(due.runId)).not.toBeNull();
  });

  it('deletes nothing without any project file, as if the folder were not mounted', async () => {
    const old = anOldRun(oldRunId(300, 903), { projectId: 'forever' });
    await store([old, anOldRun(oldRunId(1, 904), { projectId: 'forever' })]);
    const [there, away] = ['projects', 'away'].map((name) => join(folders.configDir, name));
    renameSync(there!, away!);
    await until(async () => !(await jobato.api.get('/api/projects')).text.includes('forever'));
    expect((await preview()).items).toEqual([]);
    await pass();
    expect(await find(old.runId)).not.toBeNull();
    renameSync(away!, there!);
    await until(async () => (await jobato.api.get('/api/projects')).text.includes('forever'));
  });

  it('refuses a cursor of another list', () =>
    jobato.api.get('/api/retention/preview?cursor=x').expect(problem(400, 'VALIDATION')));
});

describe('the forms of a run', () => {
  it('pin, unpin and delete without JavaScript, and confirm on the page of the project', async () => {
    const { body: started } = await jobato.api.post('/api/projects/forever/runs').expect(201);
    const { runId } = started as RunView;
    await jobato.untilEnded(runId);
    const page = () => jobato.api.get(`/runs/${runId}`).expect(200);
    const client = new FormClient(jobato.url);
    const post = (action: string) => client.submit(`/runs/${runId}/${action}`, `/runs/${runId}`);
    const pinned = await post('pin');
    expect([pinned.status, pinned.headers.location]).toEqual([303, `/runs/${runId}`]);
    expect((await page()).text).toContain(`action="/runs/${runId}/unpin"`);
    expect((await page()).text).not.toContain('id="delete-button"');
    const refused = await post('delete');
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('Run is pinned');
    await post('unpin');
    const deleted = await post('delete');
    expect([deleted.status, deleted.headers.location]).toEqual([303, '/projects/forever?done=run-deleted']);
    expect((await jobato.api.get('/projects/forever?done=run-deleted')).text).toContain('Run deleted');
    expect((await jobato.api.get('/projects/forever?done=constructor')).text).not.toContain(
      'data-testid="notice"',
    );
    await jobato.api.get(`/runs/${runId}`).expect(404);
  });
});

describe('a removed log', () => {
  const [newest, failed, old] = [oldRunId(2, 7), oldRunId(30, 7), oldRunId(31, 7)];
  beforeAll(async () => {
    const projectId = 'parts';
    await database().write(async (tx, inputs: undefined[]) => {
      await tx.query('DELETE FROM runs WHERE project_id = ?', [projectId]);
      return inputs;
    }, undefined);
    await store([
      anOldRun(newest, { projectId, status: 'completed' }),
      anOldRun(failed, { projectId, status: 'failed', error: { code: 'STEP_FAILED', message: 'x' } }),
      anOldRun(old, { projectId }),
    ]);
    await pass();
  });

  it.each(['text/plain', 'application/json', 'text/event-stream'])('is 410 as %s', (type) =>
    jobato.api
      .get(`/api/runs/${old}/logs`)
      .set('accept', type)
      .expect(problem(410, 'LOG_REMOVED', { detail: expect.stringContaining('keep.logsDays') as string })),
  );

  it('is kept of the newest failure', () => jobato.api.get(`/api/runs/${failed}/logs`).expect(200, /line 2/));

  it('is named in the run and on its page', async () => {
    const run = (await jobato.api.get(`/api/runs/${old}`).expect(200)).body as RunView;
    expect(run.logsRemovedAt).toMatch(/^\d{4}-/);
    expect(run.artifactsRemovedAt).toBeNull();
    const page = await jobato.api.get(`/runs/${old}`).expect(200);
    expect(page.text).toContain('id="log-removed"');
    expect(page.text).not.toContain('log-box');
    await jobato.api.get(`/runs/${old}/log?to=3`).expect(410);
  });

  it('does not hide files that are still there', () =>
    jobato.api.get(`/api/runs/${old}/artifacts/report.txt`).expect(200));
});

describe('removed files', () => {
  it('are 410, and named on the page of the run', async () => {
    const [newest, old] = [oldRunId(1, 9), oldRunId(45, 9)];
    await store([newest, old].map((runId) => anOldRun(runId, { projectId: 'parts' })));
    await pass();
    await jobato.api
      .get(`/api/runs/${old}/artifacts/report.txt`)
      .expect(
        problem(410, 'ARTIFACT_REMOVED', { detail: expect.stringContaining('keep.artifactsDays') as string }),
      );
    await jobato.api.get(`/api/runs/${old}/artifacts/other.txt`).expect(problem(404, 'ARTIFACT_NOT_FOUND'));
    const page = await jobato.api.get(`/runs/${old}`).expect(200);
    expect(page.text).toContain('id="artifacts-removed"');
    expect(page.text).not.toContain('artifact-preview');
  });
});

describe('a pinned run', () => {
  it('stays, and says so', async () => {
    const [newest, old] = [oldRunId(1, 11), oldRunId(90, 11)];
    await store([newest, old].map((runId) => anOldRun(runId, { projectId: 'aged' })));
    const pin = `/api/runs/${old}/pin`;
    for (let again = 0; again < 2; again++) {
      const { body } = await jobato.api.put(pin).expect(200);
      expect(body).toMatchObject({ runId: old, pinned: true });
    }
    const revision = (await find(old))!.revision;
    await pass();
    await jobato.api.delete(`/api/runs/${old}/record`).expect(problem(409, 'RUN_PINNED'));
    for (let again = 0; again < 2; again++) {
      const { body } = await jobato.api.delete(pin).expect(200);
      expect(body).toMatchObject({ pinned: false });
    }
    expect((await find(old))!.revision).toBe(revision + 1);
    await pass();
    await jobato.api.put(pin).expect(problem(404, 'RUN_NOT_FOUND'));
  });
});

describe('a deleted run', () => {
  it('is gone at once, with everything that a real run has', async () => {
    const before = pathsIn(folders.dataDir).length;
    const { runId } = await jobato.trigger('forever');
    await jobato.untilEnded(runId);
    expect(tracesOf(folders.dataDir, runId).length).toBeGreaterThan(4);
    await jobato.api.delete(`/api/runs/${runId}/record`).expect(204);
    await jobato.api.get(`/api/runs/${runId}`).expect(problem(404, 'RUN_NOT_FOUND'));
    await jobato.api.delete(`/api/runs/${runId}/record`).expect(problem(404, 'RUN_NOT_FOUND'));
    await purged();
    // The stream still delivers the run's last event to this process, which must not store it again.
    await until(async () => tracesOf(folders.dataDir, runId).length === 0);
    expect(await jobato.app.get(DeletedRunRepository).has(runId)).toBe(true);
    const known = [
      'db',
      'form-secret',
      'html',
      'lock',
      'node-id',
      'pipes',
      'processes',
      'runs',
      'secret-key',
      'uploads',
      'work',
    ];
    const others = readdirSync(folders.dataDir).filter((name) => !known.includes(name));
    // A new folder with files of runs must be deleted with them: see run-files.ts.
    expect(others).toEqual([]);
    expect(before).toBeGreaterThan(0);
  });

  it('is pinned and deleted by its number, which no other run gets', async () => {
    writeProject(folders, 'numbered', nodeStep('numbered', ''));
    const runs = '/api/projects/numbered/runs';
    for (const number of [1, 2]) {
      const run = await jobato.trigger('numbered');
      expect(run.number).toBe(number);
      await jobato.untilEnded(run.runId);
    }
    const { body } = await jobato.api.put(`${runs}/2/pin`).expect(200);
    expect(body).toMatchObject({ number: 2, pinned: true });
    await jobato.api.delete(`${runs}/2/record`).expect(problem(409, 'RUN_PINNED'));
    await jobato.api.delete(`${runs}/2/pin`).expect(200);
    await jobato.api.delete(`${runs}/2/record`).expect(204);
    await jobato.api.get(`${runs}/2`).expect(problem(404, 'RUN_NOT_FOUND'));
    const next = await jobato.trigger('numbered');
    expect(next.number).toBe(3);
    await jobato.untilEnded(next.runId);
  });

  it('is refused while it is active', async () => {
    writeProject(folders, 'long', nodeStep('long', 'setInterval(() => {}, 1000)'));
    const { runId } = await jobato.trigger('long');
    await jobato.api.delete(`/api/runs/${runId}/record`).expect(problem(409, 'RUN_NOT_ENDED'));
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    await jobato.untilEnded(runId);
    await jobato.api.delete(`/api/runs/${runId}/record`).expect(204);
  });

  it('gets no late events, which are accepted and dropped', async () => {
    writeProject(folders, 'outside', 'id: outside\nexecutor: external\n');
    const { runId } = await jobato.trigger('outside');
    const event = (eventType: string, payload: object) => ({
      eventId: randomUUID(),
      eventType,
      eventVersion: 1,
      occurredAt: new Date().toISOString(),
      runId,
      payload,
    });
    const send = (events: object[]) =>
      jobato.api.post('/api/internal/events').set('x-jobato-api-key', KEY).send(events).expect(202);
    await send([event('run.completed', {})]);
    await jobato.api.delete(`/api/runs/${runId}/record`).expect(204);
    const { body } = await send([
      event('run.completed', {}),
      event('run.log', { lines: [{ text: 'late' }] }),
      event('run.progress', { quotaUsed: 3 }),
    ]);
    expect(body).toEqual({ accepted: 3, duplicates: 0, rejected: [] });
    await purged();
    expect(tracesOf(folders.dataDir, runId)).toEqual([]);
    const metrics = (await jobato.api.get('/api/metrics').expect(200)).text;
    const late = /jobato_events_of_deleted_runs_total (\d+)/.exec(metrics)![1];
    expect(Number(late)).toBeGreaterThanOrEqual(3);
  });

  it('still answers a repeated request with its key', async () => {
    const request = () =>
      jobato.api.post('/api/projects/forever/runs').set('idempotency-key', 'same-key').send({});
    const first = (await request().expect(201)).body as RunView;
    await jobato.untilEnded(first.runId);
    await jobato.app.get(KeptRuns).delete(first.runId);
    await purged();
    const again = await request().expect(201).expect('idempotent-replayed', 'true');
    expect(again.body).toEqual(first);
    await jobato.api.get(`/api/runs/${first.runId}`).expect(404);
  });

  it('is named without a link by the run that repeats it', async () => {
    const first = await jobato.trigger('forever');
    await jobato.untilEnded(first.runId);
    const again = (await jobato.api.post(`/api/runs/${first.runId}/rerun`).expect(201)).body as RunView;
    await jobato.untilEnded(again.runId);
    expect((await jobato.api.get(`/runs/${again.runId}`)).text).toContain(`href="/runs/${first.runId}"`);
    await jobato.api.delete(`/api/runs/${first.runId}/record`).expect(204);
    const page = (await jobato.api.get(`/runs/${again.runId}`).expect(200)).text;
    expect(page).not.toContain(`href="/runs/${first.runId}"`);
    expect(page).toContain(`a deleted run (${first.runId})`);
    const { body } = await jobato.api.get(`/api/runs/${again.runId}`).expect(200);
    expect(body).toMatchObject({ rerunOf: first.runId });
  });
});

describe('the storage report', () => {
  it('measures rows and folders in the background, with a date', async () => {
    const report = jobato.app.get(StorageReport);
    await report.measure();
    const before = (await jobato.api.get('/api/storage').expect(200)).body as StorageReportNow;
    expect(before).toMatchObject({
      database: { returnsFreePages: true },
      disk: { freeBytes: expect.any(Number) as number, totalBytes: expect.any(Number) as number },
    });
    await store([anOldRun(oldRunId(1, 31), { projectId: 'forever' })]);
    // A request reads the last measurement and does not measure.
    expect((await jobato.api.get('/api/storage').expect(200)).body).toMatchObject({
      measured: before.measured,
    });
    await report.measure();
    const { measured } = await report.now();
    const rows = before.measured!.rows;
    expect(measured!.rows).toEqual({
      logs: rows.logs + 60,
      events: rows.events + 6,
      artifacts: rows.artifacts + 6,
    });
    expect(measured!.folders.html).toMatchObject({ isAtLeast: false });
    expect(measured!.folders.runs.files).toBeGreaterThanOrEqual(2);
    const page = (await jobato.api.get('/status').expect(200)).text;
    expect(page).toContain('Database file');
    expect(page).toContain('of it artifacts');
  });
});

describe('a data folder', () => {
  it.each([
    ['that is new: 180 days', {}, false, 180],
    ['of an earlier version: nothing', {}, true, null],
    ['with RETENTION_DAYS=0: nothing', { RETENTION_DAYS: '0' }, false, null],
  ])('%s', async (_what, environment, isOld, days) => {
    const own = makeFolders({ demo: nodeStep('demo', '') });
    let app = await RunningApp.start(own, environment);
    if (isOld) {
      await app.app.get(Database).write(async (tx, inputs: undefined[]) => {
        await tx.query('UPDATE retention_state SET prunes_by_default = 0');
        return inputs;
      }, undefined);
      await app.stop();
      app = await RunningApp.start(own, environment);
    }
    const { body } = await app.api.get('/api/retention/preview').expect(200);
    expect(body).toMatchObject({ defaultDays: days, projects: [] });
    await app.stop();
    rmSync(own.root, { recursive: true, force: true });
  });
});
