import { v7 } from 'uuid';
import { toInstant } from '../src/clock/clock';
import { Database } from '../src/database/database';
import type { Run } from '../src/runs/run';
import { RunEntity } from '../src/runs/run.entity';
import type { RunPageView } from '../src/runs/run-page.view';
import { aNewRun } from './support/a-run';
import { invalid, problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';

const SECRET = 'correct-horse-battery';
const LOAD = `
  const { writeSync, writeFileSync } = require('fs');
  const { fails } = JSON.parse(process.env.JOBATO_PARAMS);
  const name = fails ? 'Report_Q1.csv' : 'Report-Q1 100%.csv';
  writeFileSync(process.env.JOBATO_RUN_DIR + '/' + name, 'a');
  writeSync(3, JSON.stringify({ artifact: { path: name } }) + '\\n');
  if (fails) writeSync(3, JSON.stringify({ error: { code: 'NO_ROUTE', message: 'Host db-7 is "away"' } }) + '\\n');
  process.exit(fails ? 1 : 0)`;
const PARAMS = `params:
  label: { type: string, default: none }
  fails: { type: boolean, default: false }
  token: { type: secret }
`;

describe('search for runs', () => {
  let jobato: RunningApp;
  let failed: Run;
  let done: Run;
  let other: Run;

  beforeAll(async () => {
    jobato = await RunningApp.start({
      load: nodeStep('load', LOAD, PARAMS),
      other: nodeStep('other', '0', PARAMS),
      many: 'id: many\nexecutor: external\n',
      held: `id: held\nexecutor: external\n${PARAMS}`,
    });
    const run = async (projectId: string, params: object) =>
      jobato.untilEnded((await jobato.trigger(projectId, { params })).runId);
    failed = await run('load', { label: 'Größe_A', fails: true, token: SECRET });
    done = await run('load', { label: 'Gr%e' });
    other = await run('other', { label: 'größe_a' });
  });
  afterAll(() => jobato.stop());

  const pageOf = async (path: string, query: Record<string, string>) => {
    const { body } = await jobato.api.get(path).query(query).expect(200);
    return body as RunPageView;
  };
  const find = async (query: Record<string, string>, path = '/api/runs') =>
    (await pageOf(path, query)).items.map(({ runId }) => runId);

  it.each<[string, string, () => Run[]]>([
    ['the number of a run', '#2', () => [done]],
    ['the same number in two projects', '#1', () => [other, failed]],
    ['an id', 'id', () => [failed]],
    ['the value of a param, in any case', 'GRÖßE_', () => [other, failed]],
    ['a value with a wildcard of SQL', 'Gr%e', () => [done]],
    ['the name of a param', 'label', () => [other, done, failed]],
    ['the name of a secret param', 'token', () => [failed]],
    ['the code of an error', 'no_route', () => [failed]],
    ['the message of an error, with quotation marks', 'is "AWAY"', () => [failed]],
    ['the name of an artifact', 'report', () => [done, failed]],
    ['an underscore, which is no wildcard', 'report_q1', () => [failed]],
    ['a per cent sign, which is no wildcard', 'Q1%csv', () => []],
    ['a percent sign in a name', '100%', () => [done]],
    ['the value of a secret', SECRET, () => []],
    ['a part of a secret', 'horse', () => []],
  ])('finds %s', async (what, text, expected) => {
    const q = what === 'an id' ? failed.runId.toUpperCase() : text;
    expect(await find({ q })).toEqual(expected().map(({ runId }) => runId));
  });

  it('finds a run by the start of its id', async () => {
    const q = done.runId.slice(0, 23);
    expect(await find({ q })).toEqual([done.runId]);
  });

  it('never finds the secret of an active run', async () => {
    const { runId } = await jobato.trigger('held', { params: { token: SECRET } });
    expect(await find({ q: SECRET })).toEqual([]);
    expect(await find({ q: 'token' })).toEqual([runId, failed.runId]);
    await jobato.api.delete(`/api/runs/${runId}`).expect(202);
  });

  it('finds artifacts by name, and combines with other filters', async () => {
    expect(await find({ artifact: 'REPORT' })).toEqual([done.runId, failed.runId]);
    expect(await find({ artifact: 'report', status: 'failed' })).toEqual([failed.runId]);
    expect(await find({ artifact: 'report', q: '100%' })).toEqual([done.runId]);
    expect(await find({ artifact: 'größe' })).toEqual([]);
  });

  it('finds runs of one project below its path', async () => {
    expect(await find({ q: '#1' }, '/api/projects/other/runs')).toEqual([other.runId]);
    expect(await find({ artifact: 'csv' }, '/api/projects/load/runs')).toEqual([done.runId, failed.runId]);
    expect(await find({ artifact: 'csv' }, '/api/projects/other/runs')).toEqual([]);
    await jobato.api.get('/api/projects/nothing/runs?q=1').expect(problem(404, 'PROJECT_NOT_FOUND'));
  });

  it.each([
    [`q=${'x'.repeat(201)}`, 'q'],
    ['q=', 'q'],
    ['q=a&q=b', 'q'],
    [`artifact=${'x'.repeat(201)}`, 'artifact'],
    ['artifact=', 'artifact'],
    ['artifact=a&artifact=b', 'artifact'],
  ])('rejects ?%.20s', async (query, field) => {
    for (const path of ['/api/runs', '/api/projects/load/runs'])
      await jobato.api.get(`${path}?${query}`).expect(invalid(field));
  });

  it('accepts a text of 200 characters', async () => {
    expect(await find({ q: '%_ü'.repeat(66) + 'xx' })).toEqual([]);
  });

  describe('among many runs', () => {
    const MANY = 6_000;
    const runs = Array.from({ length: MANY }, (_, index): Run => {
      const startedAtMs = Date.parse('2026-01-01T00:00:00Z') + index * 60_000;
      return {
        ...aNewRun(),
        runId: v7({ msecs: startedAtMs, seq: index }),
        projectId: 'many',
        number: index + 100,
        status: 'completed',
        startedAt: toInstant(startedAtMs),
        endedAt: toInstant(startedAtMs + 1000),
        artifacts: index % 500 === 10 ? [{ name: 'rare.csv', size: 1 }] : [],
      };
    });
    const rare = runs.filter(({ artifacts }) => artifacts.length > 0).map(({ runId }) => runId);
    beforeAll(() =>
      jobato.app.get(Database, { strict: false }).write(async (tx, all: Run[][]) => {
        const rows = jobato.app.get(Database, { strict: false }).rows(RunEntity);
        for (const each of all) await rows.insert(tx, each);
        return all;
      }, runs),
    );

    it('looks at a limited number of runs for each page, and goes on at the cursor', async () => {
      const path = '/api/projects/many/runs';
      const first = await pageOf(path, { q: 'nowhere' });
      expect(first.items).toEqual([]);
      const second = await pageOf(path, { q: 'nowhere', cursor: first.nextCursor! });
      expect(second).toEqual({ items: [], nextCursor: null });
    });

    it('finds each run once while new runs start', async () => {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: RunPageView = await pageOf('/api/projects/many/runs', {
          artifact: 'rare',
          limit: '5',
          ...(cursor !== null && { cursor }),
        });
        expect(page.items.length).toBeLessThanOrEqual(5);
        seen.push(...page.items.map(({ runId }) => runId));
        cursor = page.nextCursor;
        const { runId } = await jobato.trigger('many');
        await jobato.api.delete(`/api/runs/${runId}`).expect(202);
      } while (cursor !== null);
      expect(seen).toEqual([...rare].reverse());
    });

    it('finds a number and an id at any age at once', async () => {
      expect(await find({ q: '#100' })).toEqual([runs[0]!.runId]);
      expect(await find({ q: runs[0]!.runId })).toEqual([runs[0]!.runId]);
    });
  });
});
