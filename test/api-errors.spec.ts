import { request } from 'node:http';
import { expectProblem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';

const UUID = '01890000-0000-7000-8000-000000000000';

describe('error responses', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({ one: nodeStep('one', '0') }, { WORKER: 'off' });
  });
  afterAll(() => jobato.stop());

  it.each([
    ['GET', '/api'],
    ['GET', '/api/'],
    ['GET', '/api/nothing'],
    ['GET', '/api/runs/x/y/z'],
    ['POST', '/api/nothing'],
    ['PUT', '/api/runs'],
    ['DELETE', '/api/runs'],
    ['PATCH', `/api/runs/${UUID}`],
    ['POST', `/api/runs/${UUID}`],
    ['POST', '/api/health'],
    ['DELETE', '/api/projects/one'],
    ['PROPFIND', '/api/runs'],
  ])('return 404 for %s %s', async (method, path) => {
    const response = await jobato.fetch(path, { method });
    const problem = await expectProblem(response, 404, 'NOT_FOUND');
    expect(problem.instance).toBe(path);
  });

  it.each([
    '/api/runs/%E0%A4%A',
    '/api/runs/%',
    '/api/projects/%ff/runs',
    '/api/projects/%E0%A4%A/summary',
    `/api/runs/${UUID}/artifacts/%c0%ae`,
  ])('return 400 for a malformed path: %s', async (path) => {
    const answer = await new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(jobato.url);
      const sent = request({ hostname, port, path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve({ status: response.statusCode!, type: response.headers['content-type']!, text }),
        );
      });
      sent.on('error', reject).end();
    });
    expect(answer).toMatchObject({ status: 400, type: 'application/problem+json; charset=utf-8' });
    expect(JSON.parse(answer.text)).toMatchObject({ errorCode: 'VALIDATION', instance: path });
    expect(answer.text).not.toMatch(/node_modules|\.[jt]s:\d+/);
  });

  it('have a stable type and repeat the status in the body', async () => {
    const problem = await expectProblem(await jobato.fetch(`/api/runs/${UUID}`), 404, 'RUN_NOT_FOUND');
    expect(problem).toEqual({
      type: 'urn:jobato:problem:run-not-found',
      title: 'Run not found',
      status: 404,
      detail: expect.stringContaining(UUID),
      instance: `/api/runs/${UUID}`,
      errorCode: 'RUN_NOT_FOUND',
    });
  });

  it('are JSON below /api, even for browsers, and pages elsewhere', async () => {
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
    await expectProblem(
      await jobato.fetch(`/api/runs/${UUID}`, { headers: { accept } }),
      404,
      'RUN_NOT_FOUND',
    );
    const page = await jobato.fetch('/no/such/page', { headers: { accept } });
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    await expectProblem(
      await jobato.fetch('/no/such/page', { headers: { accept: 'application/json' } }),
      404,
      'NOT_FOUND',
    );
  });

  it('carry the request ID, which the caller may set', async () => {
    const given = await jobato.fetch('/api/nothing', { headers: { 'x-request-id': 'my-id.1' } });
    expect(given.headers.get('x-request-id')).toBe('my-id.1');
    const made = await jobato.fetch('/api/nothing', { headers: { 'x-request-id': 'no <good> id' } });
    expect(made.headers.get('x-request-id')).toMatch(/^[\w-]{10,}$/);
  });

  it('escape markup from the path', async () => {
    const response = await jobato.fetch('/%3Cscript%3Ealert(1)%3C/script%3E', {
      headers: { accept: 'text/html' },
    });
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain('<script>alert');
  });

  it.each(['/', '/api/runs', '/api/docs', '/nothing', '/assets/css/base.css'])(
    'and pages set security headers: %s',
    async (path) => {
      const response = await jobato.fetch(path);
      await response.arrayBuffer();
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      });
      expect(response.headers.get('x-powered-by')).toBeNull();
      if (!path.startsWith('/api/docs')) {
        expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
      }
    },
  );
});
