import { randomUUID } from 'node:crypto';
import { parse } from 'yaml';
import type { RunView } from '../src/runs/run-view';
import { invalid, problem } from './support/expect-problem';
import { nodeStep, RunningApp, writeProject } from './support/jobato';
import { Database } from '../src/database/database';
import type { Transaction } from '../src/database/writer';
import { RunsService } from '../src/runs/runs.service';

const MANY = Array.from({ length: 30 }, (_, index) => `p${index}`);

const LONG = 'x'.repeat(30_000);

let jobato: RunningApp;
beforeAll(async () => {
  const ids = [...MANY, 'first', 'second', 'busy', 'pruned', 'replayed', 'paths', 'other', 'found'];
  const projects = ids.map((id) => [id, nodeStep(id, '')]);
  jobato = await RunningApp.start(
    {
      ...Object.fromEntries(projects),
      named: nodeStep('named', '', 'name: Named project\n'),
      defined: nodeStep('defined', '', 'params: { token: { type: secret } }\npassEnv: [LLM_API_KEY]\n'),
      long: nodeStep('long', '', `env: { A: ${LONG}, B: ${LONG}, C: ${LONG} }\n`),
    },
    { WORKER: 'off', TRUST_PROXY: 'loopback', LLM_API_KEY: 's3cret-from-the-environment' },
  );
});
afterAll(() => jobato.stop());

/** Starts a run that ends at once, because no worker has claimed it. */
async function endedRun(projectId: string): Promise<RunView> {
  const run = await jobato.trigger(projectId);
  await jobato.api.delete(`/api/runs/${run.runId}`).expect(202);
  return run;
}

describe('the number of a run', () => {
  it('counts from 1 in each project', async () => {
    const numbers = [];
    for (const projectId of ['first', 'second', 'first', 'first', 'second'])
      numbers.push((await endedRun(projectId)).number);
    expect(numbers).toEqual([1, 1, 2, 3, 2]);
    const { body } = await jobato.api.get('/api/projects/first/runs').expect(200);
    expect((body as { items: RunView[] }).items.map(({ number }) => number)).toEqual([3, 2, 1]);
    const { body: report } = await jobato.api.get('/api/reports/runs/latest?projectId=second').expect(200);
    expect(report).toMatchObject({ number: 2 });
  });

  it('has no gaps if many projects start at the same time', async () => {
    const service = jobato.app.get(RunsService);
    const numbers: Record<string, number[]> = Object.fromEntries(MANY.map((id) => [id, []]));
    for (let round = 0; round < 3; round++) {
      // Two attempts each: one of them is refused.
      const started = await Promise.allSettled(
        [...MANY, ...MANY].map((projectId) => service.trigger(projectId, {}, {})),
      );
      const runs = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value.run] : []));
      expect(runs).toHaveLength(MANY.length);
      for (const { projectId, number } of runs) numbers[projectId]!.push(number);
      await Promise.all(runs.map(({ runId }) => service.stop(runId, 'test')));
    }
    expect(numbers).toEqual(Object.fromEntries(MANY.map((id) => [id, [1, 2, 3]])));
  });

  it('is not used up by a refused trigger', async () => {
    const { runId } = await jobato.trigger('busy');
    for (let i = 0; i < 3; i++)
      await jobato.api
        .post('/api/projects/busy/runs')
        .expect(problem(409, 'RUN_IN_PROGRESS', { activeRunId: runId }));
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    expect((await endedRun('busy')).number).toBe(2);
  });

  it('is never reused, even if the newest run is deleted', async () => {
    await endedRun('pruned');
    const { runId } = await endedRun('pruned');
    await jobato.app.get(Database).write(async (tx: Transaction, inputs: null[]) => {
      await tx.query('DELETE FROM runs WHERE run_id = ?', [runId]);
      return inputs;
    }, null);
    expect((await endedRun('pruned')).number).toBe(3);
  });

  it('is the same in the repeated answer to an idempotent request', async () => {
    await endedRun('replayed');
    const start = () =>
      jobato.api
        .post('/api/projects/replayed/runs')
        .set('Idempotency-Key', key)
        .set('X-Forwarded-User', 'ada');
    const key = randomUUID();
    const { body: first } = (await start().expect(201)) as { body: RunView };
    expect(first).toMatchObject({ number: 2, triggeredByName: 'ada' });
    await jobato.api.delete(`/api/runs/${first.runId}`).expect(202);
    await endedRun('replayed');
    const { body, headers } = await start().expect(201);
    expect(headers['idempotent-replayed']).toBe('true');
    expect(body).toMatchObject({ runId: first.runId, number: 2 });
  });

  it('is not a part of the request to workers', async () => {
    const { runId } = await endedRun('first');
    const { body } = await jobato.api.get(`/api/runs/${runId}/events`).expect(200);
    const [requested] = (body as { items: { eventType: string; payload: object }[] }).items;
    expect(requested!.eventType).toBe('run.requested');
    expect(Object.keys(requested!.payload).sort()).toEqual([
      'attempt',
      'definitionHash',
      'params',
      'projectId',
      'scope',
      'steps',
    ]);
  });
});

/** Returns the text of a page, with single spaces. */
async function textOf(path: string): Promise<string> {
  const { text } = await jobato.api.get(path).expect(200);
  return text.replace(/<svg[^]*?<\/svg>|<[^>]*>/g, ' ').replace(/\s+/g, ' ');
}

describe('pages', () => {
  const start = '/api/projects/named/runs';
  const as = (user: string) => ({ 'X-Forwarded-User': user });

  it('call runs by project and number, and name who started and stopped them', async () => {
    const { body: first } = (await jobato.api.post(start).set(as('ada')).expect(201)) as { body: RunView };
    await jobato.api.post(start).expect(
      problem(409, 'RUN_IN_PROGRESS', {
        activeRunNumber: 1,
        detail: expect.stringMatching(/^Run #1 of project "named" is/),
      }),
    );
    await jobato.api.delete(`${start}/1`).set(as('grace <x>')).expect(202);
    await jobato.api.post(`${start}/1/rerun`).expect(201);

    const page = await textOf('/projects/named/runs/1');
    for (const part of [
      '⊘ Named project #1 · Jobato',
      'Named project Run #1 ',
      'Full pipeline, triggered via API by ada',
      'Stopped by grace &lt;x&gt;',
      `Run ID ${first.runId} `,
    ])
      expect(page).toContain(part);
    const timeline = await textOf('/projects/named/runs/1/timeline');
    for (const part of [
      'Timeline, Named project #1 · Jobato',
      'Stop requested by grace &lt;x&gt;',
      'Accepted, triggered via API by ada: Full pipeline',
    ])
      expect(timeline).toContain(part);
    const repeated = await textOf('/projects/named/runs/2');
    expect(repeated).toContain('triggered as a re-run of #1 ');
    expect(repeated).toMatch(/Related runs .*#1 \S+ \S+ UTC source of this re-run .*#2 \S+ \S+ UTC this run/);
    const project = await textOf(`/projects/named?run=${first.runId}`);
    for (const part of [
      'Last run #2',
      'Details of run #1 ',
      'API ada',
      'Selected run #1',
      'stopped by grace',
    ])
      expect(project).toContain(part);
    expect(project).toContain('run #2 is in progress');
    expect(await textOf('/')).toMatch(/Named project .*? #2 /);
  });
});

describe('finding runs', () => {
  const idsOf = async (path: string) => {
    const { body } = await jobato.api.get(path).expect(200);
    return (body as { items: RunView[] }).items.map(({ runId }) => runId);
  };
  const start = async (projectId: string, user: string) => {
    const { body } = await jobato.api
      .post(`/api/projects/${projectId}/runs`)
      // As proxies send it: the bytes of UTF-8.
      .set('X-Forwarded-User', Buffer.from(user).toString('latin1'))
      .expect(201);
    const { runId } = body as RunView;
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    return runId;
  };

  it('by the exact name of the user, in all projects and in one', async () => {
    const [mine, other] = [await start('found', 'mary'), await start('found', 'mary ann')];
    const elsewhere = await start('other', 'mary');
    expect(await idsOf('/api/runs?triggeredByName=mary')).toEqual([elsewhere, mine]);
    expect(await idsOf('/api/projects/found/runs?triggeredByName=mary')).toEqual([mine]);
    expect(await idsOf('/api/projects/found/runs?triggeredByName=MARY')).toEqual([]);
    expect(await idsOf('/api/projects/found/runs?triggeredByName=mary%20ann&triggeredBy=api')).toEqual([
      other,
    ]);
    await jobato.api.get(`/api/runs?triggeredByName=${'a'.repeat(201)}`).expect(invalid('triggeredByName'));
  });

  it('by a part of the id', async () => {
    const runId = await start('found', 'mary');
    for (const part of [runId, runId.slice(-12), runId.slice(20, 30).toUpperCase()])
      expect(await idsOf(`/api/runs?id=${part}`)).toContain(runId);
    expect(await idsOf(`/api/runs?id=${runId.slice(-12)}&projectId=other`)).toEqual([]);
    for (const part of ['abc', 'abcg', '%25%25%25%25', '____', 'a'.repeat(37)])
      await jobato.api.get(`/api/runs?id=${part}`).expect(invalid('id'));
  });

  it('in the history of the project, whose address keeps the filter', async () => {
    const runId = await start('found', 'Łukasz <x>');
    const name = encodeURIComponent('Łukasz <x>');
    const { body: run } = (await jobato.api.get(`/api/runs/${runId}`)) as { body: RunView };
    for (const query of [`triggeredByName=${name}`, 'search=UKASZ', `search=%23${run.number}`]) {
      const { text } = await jobato.api.get(`/projects/found?${query}`).expect(200);
      expect(text.match(/<tr id="row-[^"]+"/g)).toEqual([`<tr id="row-${runId}"`]);
    }
    const filtered = await textOf(`/projects/found?triggeredByName=${name}&status=cancelled`);
    expect(filtered).toContain('Started by Łukasz &lt;x&gt; ×');
    expect(await textOf('/projects/found?triggeredByName=nemo')).toContain('No run started by nemo.');
  });
});

describe('the definition of a run', () => {
  it.each(['/api/runs/{runId}', '/api/projects/defined/runs/1'])('is JSON or YAML at %s', async (path) => {
    const { items } = (await jobato.api.get('/api/projects/defined/runs')).body as { items: RunView[] };
    const run = items[0] ?? (await endedRun('defined'));
    // The file changes afterwards, and the run keeps the definition that it was started with.
    writeProject(jobato.folders, 'defined', nodeStep('defined', 'changed'));
    const url = `${path.replace('{runId}', run.runId)}/definition`;
    const json = await jobato.api
      .get(url)
      .expect(200)
      .expect('Content-Type', 'application/json; charset=utf-8');
    expect(json.headers['content-disposition']).toBe('inline; filename="defined-1.json"');
    expect(json.body).toMatchObject({
      projectId: 'defined',
      params: { token: { type: 'secret', default: null } },
      steps: [{ name: 'work', command: ['true'], env: {}, passEnv: ['LLM_API_KEY'] }],
    });
    expect(json.text).not.toMatch(/s3cret/);
    for (const type of ['application/yaml', 'text/yaml']) {
      const yaml = await jobato.api.get(url).set('Accept', type).expect(200);
      expect(yaml.headers).toMatchObject({
        'content-type': `${type}; charset=utf-8`,
        'content-disposition': 'inline; filename="defined-1.yaml"',
        vary: expect.stringContaining('Accept'),
      });
      expect(yaml.text).toMatch(/^projectId: defined$/m);
      expect(parse(yaml.text)).toEqual(json.body);
    }
    await jobato.api.get(url).set('Accept', 'text/html').expect('Content-Type', /json/);
  });

  it('is YAML without block style if it is long', async () => {
    await endedRun('long');
    const url = '/api/projects/long/runs/1/definition';
    const [json, yaml] = await Promise.all(
      ['application/json', 'application/yaml'].map((type) =>
        jobato.api.get(url).set('Accept', type).expect(200),
      ),
    );
    expect(yaml!.text).toBe(json!.text);
  });

  it('answers 404 to an unknown run', async () => {
    await jobato.api.get(`/api/runs/${randomUUID()}/definition`).expect(problem(404, 'RUN_NOT_FOUND'));
    await jobato.api.get('/api/projects/other/runs/999/definition').expect(problem(404, 'RUN_NOT_FOUND'));
  });
});

describe('paths with the number of a run', () => {
  const START = '/api/projects/paths/runs';

  it('lead to the same resources as its id', async () => {
    const { runId, number } = await endedRun('paths');
    for (const resource of ['', '/logs', '/events']) {
      const byId = await jobato.api.get(`/api/runs/${runId}${resource}`).expect(200);
      for (const ref of [number, runId, runId.toUpperCase()]) {
        const { body, text } = await jobato.api.get(`${START}/${ref}${resource}`).expect(200);
        expect([body, text]).toEqual([byId.body, byId.text]);
      }
    }
    await jobato.api.get(`${START}/${number}/artifacts/none.txt`).expect(problem(404, 'ARTIFACT_NOT_FOUND'));
    await jobato.api.post(`${START}/${number}/ask-again`).expect(problem(409, 'RUN_ALREADY_ENDED'));
    await jobato.api.delete(`${START}/${number}`).expect(problem(409, 'RUN_ALREADY_ENDED'));
  });

  it('re-run, ask again and stop', async () => {
    const { runId, number } = await endedRun('paths');
    const { body: repeated } = await jobato.api
      .post(`${START}/${number}/rerun`)
      .set('X-Forwarded-User', 'ada')
      .expect(201);
    const next = number + 1;
    expect(repeated).toMatchObject({ number: next, rerunOf: runId, triggeredByName: 'ada' });
    await jobato.api.post(`${START}/${next}/ask-again`).expect(202);
    const { body: stopped } = await jobato.api
      .delete(`${START}/${next}`)
      .set('X-Forwarded-User', 'grace')
      .expect(202);
    expect(stopped).toMatchObject({ number: next, status: 'cancelled', cancelRequestedBy: 'grace' });
  });

  it.each(['', '/state', '/past', '/log', '/log/steps', '/definition', '/timeline', '/timeline/part'])(
    'open the page %s',
    async (part) => {
      const { number } = await endedRun('paths');
      await jobato.api.get(`/projects/paths/runs/${number}${part}`).expect(200);
      await jobato.api.get(`/projects/other/runs/${number}${part}`).expect(404);
    },
  );

  it.each(['0', '-1', '007', '1.0', '1e0', '999999999999999', '9'.repeat(400), '%31%00', 'current-run'])(
    'answer 404 to the unknown reference %s',
    async (ref) => {
      await endedRun('paths');
      await jobato.api.get(`${START}/${ref}`).expect(problem(404, 'RUN_NOT_FOUND'));
      await jobato.api.delete(`${START}/${ref}`).expect(problem(404, 'RUN_NOT_FOUND'));
      await jobato.api.get(`/projects/paths/runs/${ref}`).expect(404);
    },
  );

  it('answer 404 to the run of another project, and to a number without a project', async () => {
    const { runId, number } = await endedRun('paths');
    for (const path of [
      `/api/projects/other/runs/${runId}`,
      `/api/projects/other/runs/${number}`,
      `/api/projects/unknown/runs/${number}`,
      `/api/runs/${number}`,
    ]) {
      await jobato.api.get(path).expect(problem(404, 'RUN_NOT_FOUND'));
      await jobato.api.post(`${path}/rerun`).expect(problem(404, 'RUN_NOT_FOUND'));
    }
  });
});

describe('page addresses with a part of an id', () => {
  const html = (path: string) => jobato.api.get(path).set('Accept', 'text/html');

  it('lead to the only run with it', async () => {
    const { runId } = await endedRun('paths');
    for (const part of [runId.slice(-12), runId.slice(-10).toUpperCase(), runId.slice(0, -1)])
      for (const path of [`/runs/${part}`, `/projects/paths/runs/${part}`])
        await html(path).expect(303).expect('Location', `/runs/${runId}`);
  });

  it('list the runs if several have it', async () => {
    const [first, second] = [await endedRun('paths'), await endedRun('second')];
    const { text } = await html('/runs/7000-8000').expect(404);
    for (const { runId } of [first, second]) expect(text).toContain(`href="/runs/${runId}"`);
    expect(text).toContain(`second #${second.number}`);
    expect(text.match(/id="pauses"/g)).toHaveLength(1);
    const { text: ofProject } = await html('/projects/paths/runs/7000-8000').expect(404);
    expect(ofProject).toContain(first.runId);
    expect(ofProject).not.toContain(second.runId);
  });

  it('list only the newest of many runs', async () => {
    const runs = [];
    for (let i = 0; i < 21; i++) runs.push(await endedRun('found'));
    const { text } = await html('/projects/found/runs/7000-8000').expect(404);
    expect(text).toContain('Only the newest are listed.');
    expect(text).toContain(runs[20]!.runId);
    expect(text).not.toContain(runs[0]!.runId);
  });

  it('answer 404 without such a run, for a short part, and for a number', async () => {
    const { runId } = await endedRun('paths');
    for (const path of [
      '/runs/ffffffff-ffff',
      `/runs/${runId.slice(-3)}`,
      `/runs/${runId.slice(-6)}x`,
      '/runs/%25%25%25%25',
      `/projects/other/runs/${runId.slice(-12)}`,
      '/projects/paths/runs/7000',
    ]) {
      const { text } = await html(path).expect(404);
      expect(text).toContain('Run not found');
      expect(text).not.toContain('contain <code>');
    }
    await jobato.api.get(`/api/runs/${runId.slice(-12)}`).expect(problem(404, 'RUN_NOT_FOUND'));
  });
});
