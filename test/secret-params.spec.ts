import { randomUUID } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { CliProcess } from './support/cli-process';
import { Belongings } from './support/crash';
import { FormClient } from './support/form-client';
import { type Folders, nodeStep, ServerProcess } from './support/jobato';

import { BOTH, everythingAbout, expectNoTrace, hashOf, LEAKS, sealedRunsIn } from './support/secret-traces';

const OPTIONAL = 'params:\n  token: { type: secret }\n';

describe('a secret param', () => {
  const belongings = new Belongings();
  let folders: Folders;
  let server: ServerProcess;
  beforeAll(async () => {
    folders = belongings.makeFolders({
      leaks: nodeStep('leaks', LEAKS, BOTH),
      optional: nodeStep('optional', 'console.log(process.env.JOBATO_PARAMS)', OPTIONAL),
    });
    server = await belongings.start(folders, { LOG_LEVEL: 'trace' });
  });
  afterAll(() => belongings.clear());

  const cli = (args: string[], environment: Record<string, string> = {}) =>
    CliProcess.start('bin/jobato.mjs', args, { JOBATO_URL: server.url, ...environment }).ended;
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  /** Each way returns the id of the new run, and what the caller saw. */
  const WAYS: [string, (secret: string) => Promise<{ runId: string; seen: string[] }>][] = [
    [
      'REST',
      async (token) => {
        const response = await post('/api/projects/leaks/runs', { params: { token, note: 'n' } });
        const text = await response.text();
        const run = JSON.parse(text) as { runId: string; params: object };
        expect(run.params).toEqual({ note: 'n', token: '***' });
        return { runId: run.runId, seen: [text] };
      },
    ],
    [
      'the form of the page',
      async (token) => {
        const form = new FormClient(server.url);
        const invalid = { 'param.token': token, 'param.note': 'kept', scope: 'only:gone' };
        const refused = await form.submit('/projects/leaks/runs', '/projects/leaks', invalid);
        expect(refused.status).toBe(400);
        expect(refused.text).toMatch(/type="password"\s+name="param.token"\s+value=""/);
        expect(refused.text).toContain('Enter it again: a form never shows a secret');
        expect(refused.text).toContain('value="kept"');
        const accepted = await form.submit('/projects/leaks/runs', '/projects/leaks', {
          'param.token': token,
        });
        expect(accepted.status).toBe(303);
        const runId = accepted.headers.location!.split('/').at(-1)!;
        const page = await form.get(`/runs/${runId}`);
        expect(page.text).toMatch(/token<\/span>\s*<span class="value">\*\*\*</);
        return { runId, seen: [refused.text, accepted.text, page.text] };
      },
    ],
    [
      'a variable of the command line',
      async (token) => {
        const { stdout, stderr } = await cli(['trigger', 'leaks', '--param-env', 'token=MY', '--json'], {
          MY: token,
        });
        const { runId } = JSON.parse(stdout) as { runId: string };
        const { stdout: shown } = await cli(['show', runId]);
        expect(shown).toContain('token=***');
        return { runId, seen: [stdout, stderr, shown] };
      },
    ],
    [
      'an option of the command line',
      async (token) => {
        const { stdout, stderr } = await cli(['trigger', 'leaks', '--param', `token=${token}`, '--json']);
        return { runId: (JSON.parse(stdout) as { runId: string }).runId, seen: [stdout, stderr] };
      },
    ],
  ];

  it.each(WAYS)('from %s reaches the step, and nothing else', async (_way, trigger) => {
    const secret = `swordfish ${randomUUID()} "quoted"`;
    const { runId, seen } = await trigger(secret);
    await server.untilLogged(runId, 'waiting');
    expect(sealedRunsIn(folders)).toEqual([runId]);
    expectNoTrace(secret, [...seen, ...(await everythingAbout(server.url, 'leaks', runId))], folders);

    writeFileSync(join(folders.dataDir, 'work', 'leaks', runId), '');
    expect(await server.untilEnded(runId)).toMatchObject({ status: 'partial', params: { token: '***' } });
    const all = await everythingAbout(server.url, 'leaks', runId);
    expect(all.join('\n')).toContain(`got ${hashOf(secret)} true`);
    expect(all.join('\n')).toContain('leak ***');
    expectNoTrace(secret, [...all, ...server.output], folders);
    expect(sealedRunsIn(folders)).toEqual([]);
  });

  it('is refused without its value in the answer', async () => {
    const secret = `short\u00e9${randomUUID()}`;
    const response = await post('/api/projects/leaks/runs', { params: { token: secret } });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ errors: [{ field: 'params.token' }] });
    const broken = await fetch(`${server.url}/api/projects/leaks/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"params":{"token":"${secret}",}}`,
    });
    expect(broken.status).toBe(400);
    expectNoTrace(secret, [text, await broken.text(), ...server.output], folders);
  });

  it('is needed again for a re-run, unless it is optional', async () => {
    const params = { token: `swordfish ${randomUUID()}` };
    const { runId } = await server.trigger('leaks', { params });
    await fetch(`${server.url}/api/runs/${runId}`, { method: 'DELETE' });
    await server.untilEnded(runId);
    const refused = await post(`/api/runs/${runId}/rerun`, {});
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      errorCode: 'VALIDATION',
      errors: [{ field: 'params.token', message: expect.stringMatching(/^is required again, because/) }],
    });
    const page = await (await fetch(`${server.url}/runs/${runId}`)).text();
    expect(page).toContain('To re-run, give token again in the form of the project');
    const form = await (await fetch(`${server.url}/projects/leaks?like=${runId}`)).text();
    expect(form).toContain('Secrets are deleted at the end of a run: enter Token again.');

    const optional = await server.trigger('optional', { params });
    expect(await server.untilEnded(optional.runId)).toMatchObject({ params: { token: '***' } });
    const again = await post(`/api/runs/${optional.runId}/rerun`, {});
    expect(again.status).toBe(201);
    const rerun = (await again.json()) as { runId: string; params: object };
    expect(rerun.params).toEqual({});
    await server.untilEnded(rerun.runId);
  });

  it('counts for an idempotency key, whose stored hash does not reveal it', async () => {
    const key = randomUUID();
    const send = (token: string) =>
      post('/api/projects/optional/runs', { params: { token } }, { 'idempotency-key': key });
    const first = await send('xyzw');
    expect(first.status).toBe(201);
    const run = (await first.json()) as { runId: string };
    const replayed = await send('xyzw');
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    expect(await replayed.json()).toMatchObject({ runId: run.runId, params: { token: '***' } });
    expect((await send('xyzx')).status).toBe(422);
    await server.untilEnded(run.runId);
    const database = new BetterSqlite3(join(folders.dataDir, 'db', 'jobato.db'), { readonly: true });
    const row = database
      .prepare('SELECT request_hash, answer FROM idempotency_keys WHERE idempotency_key = ?')
      .get(key);
    database.close();
    expect(row).toEqual({
      request_hash: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/),
      answer: expect.not.stringContaining('xyzw'),
    });
  });

  it('is encrypted with a key that only the user of the server can read', () => {
    expect(statSync(join(folders.dataDir, 'secret-key')).mode & 0o777).toBe(0o600);
  });
});
