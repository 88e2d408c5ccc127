import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EventStream } from '../src/events/event-stream';
import { InputFiles } from '../src/inputs/input-files';
import type { ProjectListView, ProjectView } from '../src/projects/project-view';
import type { RunDetailView } from '../src/runs/run-view';
import { RunsService } from '../src/runs/runs.service';
import { problem } from './support/expect-problem';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig } from './support/jobato';
import { until } from './support/until';

const INPUTS = 'inputs: queries-x-allowlists\n';
const QUERIES = 'queries:\n  - { id: q1, text: Rust }\n  - { id: q2, text: Go }\n';
const ALLOWLISTS = '{"allowlists": [{"domain": "a.com"}, {"domain": "b.org", "enabled": false}]}';
const EXPECTED = [
  { queryId: 'q1', queryText: 'Rust', domain: 'a.com', searchQuery: 'site:a.com Rust' },
  { queryId: 'q2', queryText: 'Go', domain: 'a.com', searchQuery: 'site:a.com Go' },
];
const PROJECTS = {
  search: `id: search\nexecutor: external\n${INPUTS}retry: { maxAttempts: 2 }\n`,
  steps: nodeStep(
    'steps',
    `const fs = require('node:fs'); console.log(fs.readFileSync(process.env.JOBATO_INPUTS_FILE, 'utf8'))`,
    INPUTS,
  ),
  plain: nodeStep('plain', `console.log(String(process.env.JOBATO_INPUTS_FILE))`),
};

let folders: Folders;
let jobato: RunningApp;
beforeEach(() => {
  folders = makeFolders(PROJECTS);
});
afterEach(async () => {
  await jobato.stop();
  rmSync(folders.root, { recursive: true, force: true });
});

const start = async (files: Record<string, string>) => {
  for (const [name, content] of Object.entries(files)) writeConfig(folders, name, content);
  jobato = await RunningApp.start(folders);
};
const both = { 'queries.yaml': QUERIES, 'allowlists.yaml': ALLOWLISTS };
const problems = async () =>
  ((await jobato.api.get('/api/projects').expect(200)).body as ProjectListView).problems;
/** Returns the requests to workers, one per attempt. */
const requests = async (runId: string) => {
  const { body } = await jobato.api.get(`/api/runs/${runId}/events`).expect(200);
  const { items } = body as { items: { eventType: string; payload: object }[] };
  return items.filter(({ eventType }) => eventType === 'run.requested').map(({ payload }) => payload);
};

it('inputs stay the same for each attempt and are computed again for a re-run', async () => {
  await start(both);
  const { runId } = await jobato.trigger('search');
  writeConfig(folders, 'queries.yaml', 'queries: [{ id: q3, text: Zig }]');
  await until(() => jobato.app.get(InputFiles).compute().length === 1);

  const store = jobato.app.get(RunsService);
  await store.command(runId, { type: 'claim', workerId: 'w', leaseSeconds: 30 });
  await store.command(runId, { type: 'lose-worker', attempt: 1, loss: { kind: 'lease-expired' } });
  expect(await requests(runId)).toMatchObject([
    { attempt: 1, runInputs: EXPECTED },
    { attempt: 2, runInputs: EXPECTED },
  ]);

  await jobato.api.delete(`/api/runs/${runId}`).expect(202);
  const { body } = await jobato.api.post(`/api/runs/${runId}/rerun`).expect(201);
  expect(await requests((body as { runId: string }).runId)).toMatchObject([
    { runInputs: [{ queryId: 'q3', queryText: 'Zig', domain: 'a.com', searchQuery: 'site:a.com Zig' }] },
  ]);
});

it('changed inputs mark a project as needing a re-run until it completes', async () => {
  await start(both);
  const needsRerun = async () =>
    ((await jobato.api.get('/api/projects/steps').expect(200)).body as ProjectView).needsRerun;
  expect(await needsRerun()).toBeNull(); // it never ran
  await jobato.untilEnded((await jobato.trigger('steps')).runId);
  expect(await needsRerun()).toBeNull();
  writeConfig(folders, 'queries.yaml', 'queries: [{ id: q3, text: Zig }]');
  await until(() => jobato.app.get(InputFiles).compute().length === 1);
  expect(await needsRerun()).toBe('Changed since the last completed run: queries or allow-lists');
  await jobato.untilEnded((await jobato.trigger('steps')).runId);
  expect(await needsRerun()).toBeNull();
});

it('steps receive the inputs in a file only if the project declares inputs', async () => {
  await start(both);
  const logOf = async (projectId: string) => {
    const { runId } = await jobato.trigger(projectId);
    expect((await jobato.untilEnded(runId)).status).toBe('completed');
    const { text: log } = await jobato.api.get(`/api/runs/${runId}/logs`).expect(200);
    return { runId, log };
  };
  expect(JSON.parse((await logOf('steps')).log)).toEqual(EXPECTED);
  const plain = await logOf('plain');
  expect(plain.log).toBe('undefined\n');
  expect(await requests(plain.runId)).toEqual([
    expect.not.objectContaining({ runInputs: expect.anything() }),
  ]);
});

describe('a run', () => {
  const view = async (path: string) => (await jobato.api.get(path).expect(200)).body as RunDetailView;
  /** As an external worker on the stream. */
  const say = (runId: string, payload: object) =>
    jobato.app.get(EventStream).publish([
      {
        eventId: randomUUID(),
        eventType: 'run.completed',
        eventVersion: '1',
        occurredAt: new Date().toISOString(),
        runId,
        payload: JSON.stringify(payload),
      },
    ]);

  it('has its inputs in its own answer and not in lists', async () => {
    await start(both);
    const { runId } = await jobato.trigger('search');
    expect((await view(`/api/runs/${runId}`)).runInputs).toEqual(EXPECTED);
    for (const path of ['/api/projects/search/runs/1', '/api/projects/search/runs/current'])
      expect(await view(path)).toMatchObject({ runInputs: EXPECTED, zeroResults: null, issuedCalls: null });
    const { items } = (await jobato.api.get('/api/runs').expect(200)).body as { items: object[] };
    expect(items).toEqual([expect.not.objectContaining({ runInputs: expect.anything() })]);
    const { runId: plain } = await jobato.trigger('plain');
    expect(await view(`/api/runs/${plain}`)).not.toHaveProperty('runInputs');
  });

  it('has the searches that it reported without results, and shows them', async () => {
    await start(both);
    const { runId } = await jobato.trigger('search');
    await jobato.api.get(`/runs/${runId}`).expect(200, /A run reports searches without results when it ends/);
    const occurredAt = '2026-03-01T10:00:00.000Z';
    await say(runId, {
      issuedCalls: 5,
      zeroResults: [
        { queryText: ' rust ', domain: 'A.com', occurredAt },
        { queryText: 'lost' },
        { queryText: '<b>', domain: 'a.com', occurredAt: 'soon' },
      ],
    });
    const { endedAt } = await jobato.untilEnded(runId);
    expect(await view(`/api/runs/${runId}`)).toMatchObject({
      issuedCalls: 5,
      zeroResults: [
        { queryText: ' rust ', domain: 'A.com', occurredAt },
        { queryText: '<b>', domain: 'a.com', occurredAt: endedAt },
      ],
      omitted: ['zeroResults'],
    });
    const { text } = await jobato.api.get(`/runs/${runId}`).expect(200);
    expect(text).toContain('2 searches, 2 without results, 5 calls');
    expect(text).toContain('&lt;b&gt;');
    expect(text).toMatch(
      /site:a\.com Rust<\/code>[^]*No results[^]*not in the inputs[^]*site:a\.com Go<\/code>/,
    );
    expect(text).toContain('too many searches without results');
    await jobato.api.get(`/runs/${runId}/timeline`).expect(200, /Run completed/);
  });

  it('without searches has no such section', async () => {
    await start(both);
    const { runId } = await jobato.trigger('plain');
    await jobato.untilEnded(runId);
    const { text } = await jobato.api.get(`/runs/${runId}`).expect(200);
    expect(text).not.toContain('run-searches');
  });
});

describe('a project without enabled inputs', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['there are no files', {}, /queries\.yaml is missing, and .*config\/allowlists\.yaml is missing/],
    ['a file is missing', { 'queries.yaml': QUERIES }, /config\/allowlists\.yaml is missing/],
    ['a list is empty', { ...both, 'queries.yaml': 'queries: []' }, /queries\.yaml has no enabled query/],
    [
      'all are disabled',
      { ...both, 'allowlists.yaml': 'allowlists: [{ domain: a.com, enabled: false }]' },
      /allowlists\.yaml has no enabled domain/,
    ],
    [
      'a file was never good',
      { ...both, 'queries.yaml': '\nqueries: 3' },
      /queries\.yaml .*line 2: "queries"/,
    ],
  ])('rejects a trigger and names what is missing: %s', async (_what, files, detail) => {
    await start(files);
    await jobato.api
      .post('/api/projects/search/runs')
      .expect(problem(400, 'NO_ENABLED_INPUTS', { detail: expect.stringMatching(detail) }));
    await jobato.api.post('/projects/search/runs').expect(400, /No enabled inputs/);
    await jobato.api.get('/api/runs').expect(200, { items: [], nextCursor: null });
    await jobato.untilEnded((await jobato.trigger('plain')).runId); // other projects are not affected
  });

  it('rejects a re-run', async () => {
    await start(both);
    const { runId } = await jobato.trigger('search');
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
    rmSync(join(folders.configDir, 'queries.yaml'));
    await until(() => {
      try {
        return jobato.app.get(InputFiles).compute().length === 0;
      } catch {
        return true;
      }
    });
    await jobato.api.post(`/api/runs/${runId}/rerun`).expect(problem(400, 'NO_ENABLED_INPUTS'));
  });
});

it('a broken input file keeps the last valid inputs and is listed with its line until fixed', async () => {
  await start(both);
  const { app } = jobato;
  writeConfig(folders, 'queries.yaml', `${QUERIES}  - { id: q3, txt: Zig }\n`);
  await until(() => app.get(InputFiles).problems().length > 0);
  expect(await problems()).toEqual([
    { file: 'queries.yaml', line: 4, reason: expect.stringContaining('"queries.2" must have "text"') },
    { file: 'queries.yaml', line: 4, reason: 'unknown key "txt"' },
  ]);
  await jobato.api.get('/').expect(200, /config\/queries\.yaml<\/code> line 4/);
  expect(await requests((await jobato.trigger('search')).runId)).toMatchObject([{ runInputs: EXPECTED }]);

  writeConfig(folders, 'queries.yaml', QUERIES);
  await until(() => app.get(InputFiles).problems().length === 0);
  expect(await problems()).toEqual([]);
});

it('a trigger is rejected if the inputs do not fit in an event', async () => {
  const many = Array.from({ length: 200 }, (_, n) => n);
  await start({
    'queries.yaml': JSON.stringify({ queries: many.map((n) => ({ id: `q${n}`, text: `words ${n}` })) }),
    'allowlists.yaml': JSON.stringify({ allowlists: many.map((n) => ({ domain: `d${n}.com` })) }),
  });
  await jobato.api
    .post('/api/projects/search/runs')
    .expect(problem(400, 'VALIDATION', { detail: expect.stringContaining('40000 inputs') }));
});
