import { request } from 'node:http';
import { problem } from './support/expect-problem';
import { nodeStep, RunningApp } from './support/jobato';
import { registeredRoutes } from './support/routes';

const TOKEN = 'a-token-of-a-fair-length-0123456789';
const KEYS = ['first-internal-key', 'second-internal-key'];
const UUID = '01890000-0000-7000-8000-000000000000';
const BEARER = { authorization: `Bearer ${TOKEN}` };

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends exactly this request, for paths that supertest would normalise and for other Host headers. */
function send(
  url: string,
  {
    method = 'GET',
    path,
    headers = {},
    body,
  }: { method?: string; path: string; headers?: Record<string, string>; body?: string },
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const filledIn = (path: string) =>
  path
    .replace(/[:{](projectId)\}?/g, 'open')
    .replace(/[:{](name)\}?/g, 'a.txt')
    .replace(/[:{](id)\}?/g, '1')
    .replace(/[:{]\w+\}?/g, UUID)
    .replace(/\*\w*/g, 'x');

/** Routes that need no token. */
const OPEN = ['GET /api/health/live', 'GET /api/health/ready', 'GET /login'];

describe('access to a server with a token', () => {
  let jobato: RunningApp;
  let routes: { method: string; path: string }[];
  beforeAll(async () => {
    jobato = await RunningApp.start(
      { open: nodeStep('open', '0') },
      { JOBATO_ADMIN_TOKEN: TOKEN, JOBATO_API_KEY: KEYS.join(', '), WORKER: 'off' },
    );
    const { body } = await jobato.api.get('/api/openapi.json').set(BEARER).expect(200);
    const described = body as { paths: Record<string, Record<string, unknown>> };
    routes = registeredRoutes(jobato);
    for (const [path, methods] of Object.entries(described.paths)) {
      for (const method of Object.keys(methods)) routes.push({ method: method.toUpperCase(), path });
    }
    routes = routes.map(({ method, path }) => ({ method, path: filledIn(path) }));
  });
  afterAll(() => jobato.stop());

  it('lists its registered routes', () => {
    const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    expect(known.size).toBeGreaterThan(40);
    for (const route of [
      ...OPEN,
      'POST /login',
      'POST /api/runs',
      'GET /api/metrics',
      'GET /api/docs',
      'GET /',
    ]) {
      expect([...known]).toContain(route);
    }
  });

  it('rejects requests without credentials except for health probes and the login page', async () => {
    const open = new Set<string>();
    for (const { method, path } of routes) {
      const { status, headers } = await send(jobato.url, {
        method,
        path,
        headers: { accept: 'application/json' },
      });
      // Sign-in is one of them: without the form token it refuses.
      if (status !== 401) open.add(`${method} ${path}`);
      else {
        expect(headers['content-type']).toMatch(/problem\+json/);
        expect(headers['www-authenticate']).toMatch(/^Bearer/);
      }
    }
    expect([...open].sort()).toEqual([...OPEN].sort());
  });

  it('redirects browsers to the login page and keeps the requested page as next', async () => {
    for (const path of ['/', '/projects/open', `/runs/${UUID}`, '/status', '/no/such/page?x=1']) {
      await jobato.api
        .get(path)
        .set({ accept: 'text/html' })
        .expect(303)
        .expect('location', `/login?next=${encodeURIComponent(path)}`);
    }
    await jobato.api
      .post('/projects/open/runs')
      .set({ accept: 'text/html' })
      .expect(303)
      .expect('location', '/login?next=%2F');
  });

  it.each([
    ['a path through the assets folder', '/assets/../api/runs'],
    ['encoded dots', '/assets/%2e%2e/api/runs'],
    ['an encoded slash', '/assets%2f..%2fapi%2fruns'],
    ['two slashes', '//api/runs'],
    ['a dot', '/api/./runs'],
    ['capital letters', '/API/RUNS'],
    ['a slash at the end', '/api/runs/'],
    ['an encoded letter', '/api/%72uns'],
    ['live and then another', '/api/health/live/../../runs'],
    ['live with a slash', '/api/health/live/'],
    ['live in capital letters', '/api/health/LIVE'],
    ['health itself', '/api/health'],
    ['a semicolon', '/api/runs;/api/health/live'],
    ['a query that looks open', '/api/runs?/api/health/live'],
    ['a fragment', '/api/runs#/assets/'],
    ['a whole address', 'http://127.0.0.1/api/runs'],
    ['the description', '/api/openapi.json'],
    ['the documentation', '/api/docs'],
    ['its files', '/api/docs/swagger-ui-bundle.js'],
    ['its settings', '/api/docs/swagger-ui-init.js'],
    ['YAML', '/api/docs-yaml'],
    ['metrics', '/api/metrics'],
    ['an unknown API path', '/api/nothing'],
    ['an unknown page', '/nothing'],
    ['login and then another', '/login/../api/runs'],
    ['a malformed address', '/api/runs/%E0%A4%A'],
  ])('rejects %s', async (_name, path) => {
    const { status, text } = await send(jobato.url, { path, headers: { accept: 'application/json' } });
    expect([status, text]).toEqual([401, expect.stringContaining('UNAUTHORIZED')]);
  });

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['another token', { authorization: 'Bearer another-token-of-a-length' }],
    ['a part of it', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['more than it', { authorization: `Bearer ${TOKEN}x` }],
    ['nothing after Bearer', { authorization: 'Bearer ' }],
    ['another way', { authorization: `Basic ${Buffer.from(`admin:${TOKEN}`).toString('base64')}` }],
    ['the token alone', { authorization: TOKEN }],
    ['an internal key', { 'x-jobato-api-key': KEYS[0]! }],
    ['a cookie of another make', { cookie: `jobato_session=9999999999999.${'A'.repeat(43)}` }],
    ['the token as cookie', { cookie: `jobato_session=${TOKEN}` }],
    ['a prototype as cookie', { cookie: 'jobato_session=__proto__' }],
  ])('rejects credentials: %s', async (_name, headers) => {
    await jobato.api.get('/api/runs').set(headers).expect(401);
  });

  it('allows every route with the token', async () => {
    for (const { method, path } of routes) {
      if (path.startsWith('/api/internal') || path === '/login') continue;
      const { status } = await send(jobato.url, {
        method,
        path,
        headers: { ...BEARER, accept: 'application/json' },
      });
      expect([method, path, status]).not.toEqual([method, path, 401]);
      expect([method, path, status]).not.toEqual([method, path, 403]);
      expect(status).toBeLessThan(500);
    }
    await jobato.api
      .get('/api/runs')
      .set({ authorization: `bearer ${TOKEN}` })
      .expect(200);
  });

  it('serves the login page and its assets without credentials', async () => {
    const page = await jobato.api
      .get('/login')
      .expect(200)
      .expect('content-type', /^text\/html/);
    const files = [...page.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThan(0);
    for (const path of files) await jobato.api.get(path).expect(200);
    for (const path of ['/assets/', '/assets/nothing.js', '/assets']) {
      const { status } = await jobato.api.get(path).set({ accept: '*/*' });
      expect(status).not.toBe(200);
    }
  });

  describe('POST /login', () => {
    const logIn = (fields: object) => jobato.api.post('/login').type('form').send(fields);

    it('accepts the token and sets an HttpOnly session cookie that does not contain it', async () => {
      const { headers } = await logIn({ token: ` ${TOKEN} `, next: '/status' })
        .expect(303)
        .expect('location', '/status');
      const [cookie] = headers['set-cookie'] as unknown as string[];
      expect(cookie).toMatch(
        /^jobato_session=[^;]+; Max-Age=\d+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
      );
      expect(cookie).not.toContain(TOKEN);
      const session = { cookie: `other=1; ${cookie!.split(';')[0]!}` };
      await jobato.api.get('/api/runs').set(session).expect(200);
      await jobato.api
        .get('/')
        .set({ ...session, accept: 'text/html' })
        .expect(200);

      const forged = { cookie: cookie!.split(';')[0]!.replace(/=\d/, '=9') };
      await jobato.api.get('/api/runs').set(forged).expect(401);
    });

    it.each([{ token: 'wrong' }, { token: '' }, {}, { token: `${TOKEN}x` }])('rejects %j', async (fields) => {
      const { headers } = await logIn(fields).expect(401);
      expect(String(headers['set-cookie'])).not.toContain('jobato_session');
    });

    it.each([
      '//evil.example',
      'https://evil.example/',
      '/\\evil.example',
      'javascript:alert(1)',
      '/a\r\nSet-Cookie: x=y',
      '/\t/evil.example',
    ])('never redirects to another host for next=%j', async (next) => {
      const { headers } = await logIn({ token: TOKEN, next }).expect(303);
      expect(new URL(headers.location!, 'http://jobato.test').host).toBe('jobato.test');
    });

    it('rejects forms from other sites', async () => {
      await logIn({ token: TOKEN }).set({ origin: 'https://evil.example' }).expect(403);
    });
  });

  describe('internal API', () => {
    it.each([
      '/api/internal/events',
      '/api/INTERNAL/events',
      '/api//internal/events',
      '/api/%69nternal/events',
      '/api/internal/events/',
      '/API/internal/events',
      '/api/internal%2fevents',
      '/api%2finternal/events',
      'http://127.0.0.1/api/internal/events',
      '/api/internal/nothing',
      '/api/internal',
      '/api/internal/runs/claim',
      `/api/internal/runs/${UUID}/heartbeat`,
      `/api/internal/runs/${UUID}/release`,
      `/api/internal/runs/${UUID}/logs`,
    ])('rejects %s without a worker key', async (path) => {
      for (const headers of [
        {},
        BEARER,
        { 'x-jobato-api-key': 'wrong' },
        { 'x-jobato-api-key': '' },
        { 'x-jobato-api-key': KEYS.join(', ') },
      ] as Record<string, string>[]) {
        expect((await send(jobato.url, { method: 'POST', path, headers })).status).toBe(401);
      }
    });

    it.each(['//api/internal/events', '/api/./internal/events', '/api/health/../internal/events'])(
      'rejects or does not find the path %s without a worker key',
      async (path) => {
        const headers = { ...BEARER, 'content-type': 'application/json', accept: 'application/json' };
        const { status } = await send(jobato.url, { method: 'POST', path, headers, body: '{}' });
        expect([401, 404]).toContain(status);
      },
    );

    it('rejects artifact uploads without a worker key', async () => {
      const path = `/api/internal/runs/${UUID}/artifacts/a`;
      for (const headers of [{}, BEARER, { 'x-jobato-api-key': 'wrong' }] as Record<string, string>[]) {
        await jobato.api.put(path).set(headers).send(Buffer.from('x')).expect(401);
      }
    });

    it('is the only part of the API description that requires the worker key', async () => {
      const { body } = await jobato.api.get('/api/openapi.json').set(BEARER).expect(200);
      const { paths, components } = body as {
        paths: Record<string, Record<string, { security?: object[]; responses: object }>>;
        components: { securitySchemes: Record<string, object> };
      };
      expect(components.securitySchemes.workerKey).toMatchObject({
        type: 'apiKey',
        in: 'header',
        name: 'X-Jobato-Api-Key',
      });
      for (const [path, methods] of Object.entries(paths)) {
        for (const { security, responses } of Object.values(methods)) {
          const isInternal = path.startsWith('/api/internal/');
          const isProbe = /^\/api\/health\/(live|ready)$/.test(path);
          const own = isInternal ? [{ workerKey: [] }] : undefined;
          expect([path, security]).toEqual([path, isProbe ? [] : own]);
          if (isInternal) expect(Object.keys(responses)).toContain('401');
        }
      }
      expect(Object.keys(paths).filter((path) => path.startsWith('/api/internal/'))).toHaveLength(7);
    });

    it.each(KEYS)('accepts each configured key: %s', async (key) => {
      await jobato.api.post('/api/internal/events').set({ 'x-jobato-api-key': key }).send([]).expect(202);
    });
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['no site at all', { origin: 'null' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour, as the browser says', { 'sec-fetch-site': 'same-site' }],
    ['nonsense', { origin: 'nonsense' }],
  ])('rejects writes from %s, with and without a token', async (_name, headers) => {
    for (const credentials of [{}, BEARER]) {
      for (const write of [
        jobato.api.post('/api/runs'),
        jobato.api.delete(`/api/runs/${UUID}`),
        jobato.api.post('/projects/open/runs'),
        jobato.api.post('/api/nothing'),
      ]) {
        await write
          .set({ accept: 'application/json', ...headers, ...credentials })
          .expect(problem(403, 'FORBIDDEN'));
      }
    }
    // Reading is allowed: without CORS, other sites cannot see the response.
    const read = await jobato.api
      .get('/api/runs')
      .set({ ...headers, ...BEARER })
      .expect(200);
    expect(read.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('accepts writes from its own pages', async () => {
    await jobato.api
      .delete(`/api/runs/${UUID}`)
      .set({ ...BEARER, origin: jobato.url, 'sec-fetch-site': 'same-origin' })
      .expect(404);
  });

  it.each([
    'evil.example',
    'evil.example:80',
    '10.0.0.1',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '[::2]',
    'a b',
    '169.254.1.1',
  ])('rejects the host name "%s"', async (host) => {
    for (const path of ['/api/runs', '/api/health', '/assets/css/base.css', '/nothing', '/login']) {
      const answer = await send(jobato.url, {
        path,
        headers: { host, ...BEARER, accept: 'application/json' },
      });
      expect([answer.status, answer.text]).toEqual([421, expect.stringContaining('MISDIRECTED_REQUEST')]);
    }
  });

  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1', '127.1.2.3:9', '[::1]:80'])(
    'accepts the host name %s',
    async (host) => {
      expect((await send(jobato.url, { path: '/api/runs', headers: { host, ...BEARER } })).status).toBe(200);
    },
  );
});

describe('access to a server without a token', () => {
  let jobato: RunningApp;
  beforeAll(async () => {
    jobato = await RunningApp.start(
      { open: nodeStep('open', '0') },
      { WORKER: 'off', ALLOWED_HOSTS: 'Jobato.Example' },
    );
  });
  afterAll(() => jobato.stop());

  it('allows local requests but still requires a worker key for internal calls', async () => {
    await jobato.api.get('/api/runs').expect(200);
    for (const key of ['', 'undefined', 'null', 'x']) {
      await jobato.api
        .post('/api/internal/events')
        .set({ 'x-jobato-api-key': key })
        .expect(problem(401, 'UNAUTHORIZED'));
    }
  });

  it('rejects writes from other sites', async () => {
    await jobato.api
      .post('/api/runs')
      .set({ origin: 'https://evil.example' })
      .expect(problem(403, 'FORBIDDEN'));
  });

  it('accepts only configured host names', async () => {
    const asked = (host: string) => send(jobato.url, { path: '/api/runs', headers: { host } });
    expect((await asked('jobato.example:3000')).status).toBe(200);
    expect((await asked('other.example')).status).toBe(421);
  });
});

it('CORS_ORIGINS allows the listed origins and rejects others', async () => {
  const jobato = await RunningApp.start(
    { open: nodeStep('open', '0') },
    { WORKER: 'off', CORS_ORIGINS: 'https://tools.example', JOBATO_ADMIN_TOKEN: TOKEN },
  );
  const write = (origin: string) =>
    jobato.api.delete(`/api/runs/${UUID}`).set({ ...BEARER, origin, 'sec-fetch-site': 'cross-site' });
  await write('https://tools.example')
    .expect(404)
    .expect('access-control-allow-origin', 'https://tools.example');
  await write('https://evil.example').expect(403);
  const misdirected = await send(jobato.url, {
    method: 'OPTIONS',
    path: '/api/runs',
    headers: {
      host: 'evil.example',
      origin: 'https://tools.example',
      'access-control-request-method': 'POST',
    },
  });
  expect(misdirected.status).toBe(421);
  await jobato.api
    .options('/api/runs')
    .set({ origin: 'https://tools.example', 'access-control-request-method': 'POST' })
    .expect(204)
    .expect('access-control-allow-origin', 'https://tools.example');
  await jobato.stop();
});
