import { problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';

const UUID = '01890000-0000-7000-8000-000000000000';

describe('error responses', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start({ one: nodeStep('one', '0') }, { WORKER: 'off' });
  });
  afterAll(() => jobato.stop());

  it.each<['get' | 'post' | 'put' | 'delete' | 'patch' | 'propfind', string]>([
    ['get', '/api'],
    ['get', '/api/'],
    ['get', '/api/nothing'],
    ['get', '/api/runs/x/y/z'],
    ['post', '/api/nothing'],
    ['put', '/api/runs'],
    ['delete', '/api/runs'],
    ['patch', `/api/runs/${UUID}`],
    ['post', `/api/runs/${UUID}`],
    ['post', '/api/health'],
    ['delete', '/api/projects/one'],
    ['propfind', '/api/runs'],
  ])('return 404 for %s %s', async (method, path) => {
    const { body } = await jobato.api[method](path).expect(problem(404, 'NOT_FOUND'));
    expect(body).toMatchObject({ instance: path });
  });

  it.each([
    '/api/runs/%E0%A4%A',
    '/api/runs/%',
    '/api/projects/%ff/runs',
    '/api/projects/%E0%A4%A/summary',
    `/api/runs/${UUID}/artifacts/%c0%ae`,
  ])('return 400 for a malformed path: %s', async (path) => {
    const { body } = await jobato.api.get(path).expect(problem(400, 'VALIDATION'));
    expect(body).toMatchObject({ instance: path });
  });

  it('have a stable type and repeat the status in the body', async () => {
    const { body } = await jobato.api.get(`/api/runs/${UUID}`).expect(problem(404, 'RUN_NOT_FOUND'));
    expect(body).toEqual({
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
    await jobato.api.get(`/api/runs/${UUID}`).set({ accept }).expect(problem(404, 'RUN_NOT_FOUND'));
    await jobato.api
      .get('/no/such/page')
      .set({ accept })
      .expect(404)
      .expect('content-type', 'text/html; charset=utf-8');
    await jobato.api
      .get('/no/such/page')
      .set({ accept: 'application/json' })
      .expect(problem(404, 'NOT_FOUND'));
  });

  it('carry the request ID, which the caller may set', async () => {
    await jobato.api.get('/api/nothing').set({ 'x-request-id': 'my-id.1' }).expect('x-request-id', 'my-id.1');
    await jobato.api
      .get('/api/nothing')
      .set({ 'x-request-id': 'no <good> id' })
      .expect('x-request-id', /^[\w-]{10,}$/);
  });

  it('escape markup from the path', async () => {
    const { text } = await jobato.api
      .get('/%3Cscript%3Ealert(1)%3C/script%3E')
      .set({ accept: 'text/html' })
      .expect(404);
    expect(text).not.toContain('<script>alert');
  });

  it.each(['/', '/api/runs', '/api/docs', '/nothing', '/assets/css/base.css'])(
    'and pages set security headers: %s',
    async (path) => {
      const { headers } = await jobato.api.get(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      });
      expect(headers).not.toHaveProperty('x-powered-by');
      if (!path.startsWith('/api/docs')) expect(headers['content-security-policy']).not.toContain('unsafe');
    },
  );
});
