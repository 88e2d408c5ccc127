import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Clock } from '../src/clock/clock';
import { SESSION_SECONDS } from '../src/access/session';
import { Database } from '../src/database/database';
import { type Answer, FormClient, tokenIn } from './support/form-client';
import { type Folders, lastingPort, makeFolders, nodeStep, RunningApp } from './support/jobato';
import { ENDLESS_PROJECT } from './support/pages-projects';
import { readSse } from './support/sse';

const TOKEN = 'a-token-of-a-fair-length-0123456789';
const WITH_TOKEN = { JOBATO_ADMIN_TOKEN: TOKEN, WORKER: 'off' };
const STOP = '/runs/01890000-0000-7000-8000-000000000000/stop';
const BEARER = { authorization: `Bearer ${TOKEN}`, accept: 'application/json' };
const WRONG = { ...BEARER, authorization: 'Bearer wrong' };
/** Short enough to be guessed. */
const SHORT_TOKEN = 'fifteen-letters';

describe('pages', () => {
  let folders: Folders;
  let jobato: RunningApp;
  beforeEach(() => {
    folders = makeFolders({ endless: ENDLESS_PROJECT, other: nodeStep('other', '0') });
  });
  afterEach(async () => {
    await jobato?.stop();
    rmSync(folders.root, { recursive: true, force: true });
  });
  const start = async (environment: Record<string, string> = {}): Promise<FormClient> => {
    jobato = await RunningApp.start(folders, environment, lastingPort());
    return new FormClient(jobato.url);
  };
  const restart = async (environment: Record<string, string>): Promise<void> => {
    const port = new URL(jobato.url).port;
    await jobato.stop();
    jobato = await RunningApp.start(folders, environment, Number(port));
  };
  const signIn = async (client: FormClient): Promise<void> => {
    expect((await client.submit('/login', '/login', { token: TOKEN })).status).toBe(303);
  };

  describe('forms', () => {
    it('contain the form token in every view', () => {
      const folder = join(__dirname, '..', 'views');
      const views = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.hbs'),
      );
      const forms = views.flatMap((name) => {
        const text = readFileSync(join(folder, name), 'utf8');
        return [...text.matchAll(/<form\b(?:(?!<\/form>)[\s\S])*/g)].map(([form]) => ({ name, form }));
      });
      const posting = forms.filter(({ form }) => /method="post"/i.test(form));
      expect(posting.length).toBeGreaterThanOrEqual(9);
      for (const { name, form } of posting) {
        expect([name, form]).toEqual([name, expect.stringMatching(/\{\{> shared\/form-token\}\}/)]);
      }
    });

    it('work in every tab and after a server restart', async () => {
      const client = await start({ WORKER: 'off' });
      const [first, second] = [
        await client.tokenOf('/projects/endless'),
        await client.tokenOf('/projects/other'),
      ];
      expect(first).not.toBe(second);
      const run = async (project: string, csrfToken: string) =>
        (await client.post(`/projects/${project}/runs`, { csrfToken, scope: 'full' })).status;
      expect(await run('endless', first)).toBe(303);
      await restart({ WORKER: 'off' });
      expect(await run('other', second)).toBe(303);
    });

    it('work after a restart while signed in, and are rejected after signing out', async () => {
      const client = await start(WITH_TOKEN);
      const before = await client.tokenOf('/login');
      await signIn(client);
      const token = await client.tokenOf('/projects/endless');
      await restart(WITH_TOKEN);
      expect((await client.post('/projects/endless/runs', { csrfToken: token })).status).toBe(303);
      expect((await client.post('/logout', { csrfToken: before })).status).toBe(403);

      const out = await client.submit('/logout', '/');
      expect([out.status, out.headers.location]).toEqual([303, '/login']);
      expect(String(out.headers['set-cookie'])).toMatch(/^jobato_session=;.*HttpOnly; SameSite=Lax/);
      expect((await client.get('/')).headers.location).toBe('/login?next=%2F');
      const sent = await client.post(STOP, { csrfToken: token }, { referer: `${jobato.url}/runs/1` });
      expect(sent.headers.location).toBe('/login?next=%2Fruns%2F1');
      await signIn(client);
      expect((await client.post(STOP, { csrfToken: token })).status).toBe(403);
    });

    it('reject a copied session cookie after its owner signs out, and keep other sessions', async () => {
      const here = await start(WITH_TOKEN);
      const [elsewhere, thief] = [new FormClient(jobato.url), new FormClient(jobato.url)];
      for (const client of [here, elsewhere]) await signIn(client);
      for (const [name, value] of here.cookies) thief.cookies.set(name, value);
      expect((await thief.get('/')).status).toBe(200);
      expect((await here.submit('/logout', '/')).status).toBe(303);

      const isOut = async () => {
        expect((await thief.get('/')).headers.location).toBe('/login?next=%2F');
        expect((await thief.get('/api/runs', { accept: 'application/json' })).status).toBe(401);
        expect((await elsewhere.get('/')).status).toBe(200);
      };
      await isOut();
      await restart(WITH_TOKEN);
      await isOut();
    });

    it('end the streams of the session that signs out and keep those of others', async () => {
      const here = await start({ JOBATO_ADMIN_TOKEN: TOKEN });
      const elsewhere = new FormClient(jobato.url);
      for (const client of [here, elsewhere]) await signIn(client);
      const started = await here.submit('/projects/endless/runs', '/projects/endless', { scope: 'full' });
      const run = started.headers.location!;
      const follow = async ({ cookie }: FormClient) => {
        const stream = readSse(`${jobato.url}/api${run}/logs?lines=none`, { cookie });
        await stream.next();
        return stream;
      };
      const [mine, theirs] = [await follow(here), await follow(elsewhere)];
      expect((await here.submit('/logout', '/')).status).toBe(303);
      const rest = async () => {
        for await (const message of mine) expect(message.event).not.toBe('end');
      };
      await expect(rest()).rejects.toThrow('terminated');
      expect((await elsewhere.submit(`${run}/stop`, run)).status).toBe(303);
      const heard: unknown[] = [];
      for await (const { event } of theirs) heard.push(event);
      expect(heard).toContain('end');
    });

    it('end the previous session at a new sign-in, and streams when their session expires', async () => {
      const client = await start({ JOBATO_ADMIN_TOKEN: TOKEN });
      await signIn(client);
      const first = client.cookie;
      const clock = jest.spyOn(jobato.app.get(Clock), 'steadyMs');
      const nowMs = Date.now();
      clock.mockReturnValue(nowMs);
      await signIn(client);
      const isIn = async (cookie: string) =>
        (await jobato.fetch('/api/runs', { headers: { cookie } })).status;
      expect([await isIn(first), await isIn(client.cookie)]).toEqual([401, 200]);

      const started = await client.submit('/projects/endless/runs', '/projects/endless', { scope: 'full' });
      clock.mockReturnValue(nowMs + SESSION_SECONDS * 1000 - 2_000);
      const follow = async () => {
        const logs = `${jobato.url}/api${started.headers.location}/logs`;
        for await (const { event } of readSse(logs, { cookie: client.cookie })) expect(event).not.toBe('end');
      };
      await expect(follow()).rejects.toThrow('terminated');
      clock.mockRestore();
    });

    it('allow signing out again after a database error, and assets and probes still work', async () => {
      const client = await start(WITH_TOKEN);
      await signIn(client);
      const page = await client.get('/');
      const csrfToken = tokenIn(page.text);
      const style = /"(\/assets\/[^"]*css\/base\.css[^"]*)"/.exec(page.text)![1]!;
      const database = jobato.app.get(Database);
      const rename = (from: string, to: string) =>
        database.write(async (tx, inputs: string[]) => {
          await tx.query(`ALTER TABLE ${from} RENAME TO ${to}`);
          return inputs;
        }, '');
      await rename('ended_sessions', 'lost');
      const out = await client.post('/logout', { csrfToken });
      expect([out.status, out.headers['set-cookie']]).toEqual([500, undefined]);
      for (const path of ['/api/health/live', style, '/login'])
        expect([path, (await client.get(path)).status]).toEqual([path, 200]);
      expect((await client.get('/api/runs', BEARER)).status).toBe(200);
      // Not the sign-in page, which would not help.
      expect((await client.get('/')).status).toBe(500);
      await rename('lost', 'ended_sessions');
      expect((await client.post('/logout', { csrfToken })).headers.location).toBe('/login');
    });

    it('omit the sign-out button on an error page shown before it could be used', async () => {
      const client = await start(WITH_TOKEN);
      await signIn(client);
      const tooLarge = await client.post('/projects/endless/runs', { scope: 'x'.repeat(2_000_000) });
      expect(tooLarge.status).toBe(413);
      expect(tooLarge.text).toContain('nothing running');
      expect(tooLarge.text).not.toContain('Sign out');
    });

    it("reject a missing or wrong token with a message in the sender's format", async () => {
      const client = await start({ WORKER: 'off' });
      const good = await client.tokenOf('/projects/endless');
      const foreign = await new FormClient(jobato.url).tokenOf('/projects/endless');
      for (const csrfToken of ['', 'nonsense', good.slice(1), foreign]) {
        const { status } = await client.post('/projects/endless/runs', { csrfToken });
        expect([csrfToken, status]).toEqual([csrfToken, 403]);
      }
      const referer = `${jobato.url}/projects/endless?status=failed`;
      const refused = (headers: Record<string, string> = {}) =>
        client.post('/projects/endless/runs', {}, { referer, ...headers });
      const page = await refused();
      expect(page.status).toBe(403);
      expect(page.text).toMatch(/<html[\s\S]*Nothing was changed[\s\S]*Reload the page/);
      expect(page.text).toContain('href="/projects/endless?status&#x3D;failed"');
      const part = await refused({ 'hx-request': 'true' });
      expect([part.status, part.text]).toEqual([403, expect.stringMatching(/^<div\s+class="notice"/)]);
      const problem = await refused({ accept: 'application/json' });
      expect(JSON.parse(problem.text)).toMatchObject({ errorCode: 'FORBIDDEN', status: 403 });

      client.cookies.clear();
      const cookieless = await client.post('/projects/endless/runs', { csrfToken: good });
      expect([cookieless.status, cookieless.text]).toEqual([403, expect.stringContaining('Allow cookies')]);
      const json = { 'content-type': 'application/json' };
      expect((await client.post('/projects/endless/runs', { csrfToken: good }, json)).status).toBe(403);
      expect(await (await jobato.fetch('/api/runs')).json()).toMatchObject({ items: [] });
    });

    it('reject other origins even with a valid token', async () => {
      const client = await start({ WORKER: 'off' });
      const { port } = new URL(jobato.url);
      for (const headers of [
        { origin: 'null' },
        { origin: `http://127.0.0.1:${Number(port) + 1}` },
        { origin: `http://localhost:${port}` },
        { origin: `ftp://127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ] as Record<string, string>[]) {
        expect((await client.submit('/projects/endless/runs', '/projects/endless', {}, headers)).status).toBe(
          403,
        );
      }
    });
  });

  describe('rate limit for token guesses', () => {
    /** Guesses until the server refuses. @returns the number of guesses */
    const guess = async (client: FormClient): Promise<number> => {
      const csrfToken = await client.tokenOf('/login');
      for (let times = 0; times < 50; times++) {
        const { status } = await client.post('/login', { csrfToken, token: `guess ${times}` });
        if (status !== 401) return times;
      }
      throw new Error('Guessing went on and on.');
    };

    it('applies to the form and the header, and does not affect signed-in sessions', async () => {
      const client = await start(WITH_TOKEN);
      const signedIn = new FormClient(jobato.url);
      await signIn(signedIn);
      expect(await guess(client)).toBe(10);

      const page = await client.submit('/login', '/login', { token: 'x', next: '/status' });
      expect(page.status).toBe(429);
      expect(Number(page.headers['retry-after'])).toBeGreaterThan(290);
      expect(page.text).toMatch(/Too many wrong tokens.*Wait 5 minutes/);
      expect(page.text).toContain('name="next" value="/status"');
      for (const path of ['/login', '/api/runs']) {
        const answer =
          path === '/login'
            ? await client.submit(path, path, { token: 'x' }, { accept: 'application/json' })
            : await client.get(path, WRONG);
        expect([answer.status, answer.headers['retry-after']]).toEqual([429, expect.stringMatching(/^\d+$/)]);
        expect(JSON.parse(answer.text)).toMatchObject({ errorCode: 'TOO_MANY_REQUESTS' });
      }
      expect((await signedIn.get('/')).status).toBe(200);
      expect((await signedIn.get('/api/health/live', BEARER)).status).toBe(200);
      // An address from an untrusted proxy is ignored.
      expect((await client.get('/api/runs', { ...WRONG, 'x-forwarded-for': '192.0.2.9' })).status).toBe(429);
    });

    it('applies to the header per address reported by a trusted proxy', async () => {
      const client = await start({ ...WITH_TOKEN, TRUST_PROXY: '1' });
      const from = (address: string, token: string) =>
        client.get('/api/runs', {
          accept: 'application/json',
          authorization: `Bearer ${token}`,
          'x-forwarded-for': address,
        });
      for (let times = 0; times < 30; times++) expect((await from('192.0.2.1', 'old')).status).toBe(401);
      for (let times = 0; times < 9; times++) expect((await from('192.0.2.1', `${times}`)).status).toBe(401);
      expect((await from('192.0.2.1', 'another')).status).toBe(429);
      expect((await from('192.0.2.2', 'another')).status).toBe(401);
    });

    /** Sends all requests before reading any response. @returns the status of each response */
    const atOnce = (requests: string[]): Promise<string[]> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(jobato.url);
        let text = '';
        const socket = connect(Number(port), hostname, () => socket.write(requests.join('')));
        socket.setEncoding('latin1').on('data', (part: string) => (text += part));
        socket.on('error', reject).on('close', () => {
          resolve([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!));
        });
      });

    /** Returns one request per token; the last one closes the connection. */
    const requestsWith = (tokens: string[]) =>
      tokens.map((token, index) =>
        [
          'GET /api/runs HTTP/1.1',
          `Host: ${new URL(jobato.url).host}`,
          'Accept: application/json',
          `Authorization: Bearer ${token}`,
          `Connection: ${index === tokens.length - 1 ? 'close' : 'keep-alive'}`,
          '\r\n',
        ].join('\r\n'),
      );

    it('applies to simultaneous guesses of a short token', async () => {
      const client = await start({ ...WITH_TOKEN, JOBATO_ADMIN_TOKEN: SHORT_TOKEN });
      expect((await client.submit('/login', '/login', { token: SHORT_TOKEN })).status).toBe(303);
      const tokens = [...Array.from({ length: 60 }, (_, index) => `guess-${index}`), SHORT_TOKEN];
      const statuses = await atOnce(requestsWith(tokens));
      expect(statuses).toEqual(tokens.map((_, index) => (index < 10 ? '401' : '429')));
      expect((await client.get('/')).status).toBe(200);
    });

    it('ignores simultaneous requests with one old token or the correct token', async () => {
      await start(WITH_TOKEN);
      const tokens = [...Array<string>(30).fill('old'), ...Array<string>(30).fill(TOKEN)];
      const statuses = await atOnce(requestsWith(tokens));
      expect(statuses).toEqual(tokens.map((token) => (token === TOKEN ? '200' : '401')));
    });
  });

  describe('over HTTPS', () => {
    it('set secure cookies and Strict-Transport-Security', async () => {
      const [certFile, keyFile] = ['cert.pem', 'key.pem'].map((name) =>
        join(__dirname, 'support', 'tls', name),
      );
      const client = await start({ ...WITH_TOKEN, TLS_CERT_FILE: certFile!, TLS_KEY_FILE: keyFile! });
      expect(jobato.url).toMatch(/^https:/);
      await holdsHttps(client);
      const plain = { origin: jobato.url.replace('https:', 'http:') };
      expect((await client.submit('/logout', '/', {}, plain)).status).toBe(403);
    });

    it('do the same behind a trusted proxy, but not behind an untrusted one', async () => {
      const proxied = { 'x-forwarded-proto': 'https' };
      await start({ ...WITH_TOKEN, TRUST_PROXY: '1' });
      await holdsHttps(
        new FormClient(jobato.url, { ...proxied, origin: jobato.url.replace('http:', 'https:') }),
      );
      await restart(WITH_TOKEN);
      const page = await new FormClient(jobato.url, proxied).get('/login');
      expect(String(page.headers['set-cookie'])).not.toContain('Secure');
      expect(page.headers['strict-transport-security']).toBeUndefined();
    });

    async function holdsHttps(client: FormClient): Promise<void> {
      const page = await client.get('/login');
      expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
      expect(String(page.headers['set-cookie'])).toMatch(
        /^jobato_form=[\w-]{22}; .*HttpOnly; Secure; SameSite=Lax$/,
      );
      const origin = { origin: jobato.url.replace('http:', 'https:') };
      const signedIn = await client.submit('/login', '/login', { token: TOKEN }, origin);
      expect(signedIn.status).toBe(303);
      expect(String(signedIn.headers['set-cookie'])).toMatch(
        /^jobato_session=.*HttpOnly; Secure; SameSite=Lax$/,
      );
    }
  });

  it('are not stored in shared caches and allow only scripts from the server', async () => {
    const client = await start(WITH_TOKEN);
    const redirect = await client.get('/projects/endless');
    await signIn(client);
    const version = /\/state\?version(?:=|&#x3D;)([\w-]+)/.exec((await client.get('/')).text)![1]!;
    const htmx = { 'hx-request': 'true' };
    const unchanged = await client.get(`/state?version=${version}`, htmx);
    const answers: Record<string, [Answer, number]> = {
      page: [await client.get('/projects/endless'), 200],
      redirect: [redirect, 303],
      part: [await client.get('/state?version=x', htmx), 200],
      unchanged: [unchanged, 204],
      'what there is not': [await client.get('/nowhere'), 404],
      refusal: [await client.post(STOP, {}), 403],
      'a wrong token': [await client.submit('/login', '/login', { token: 'x' }), 401],
    };
    for (const [name, [{ status, headers }, expected]] of Object.entries(answers)) {
      expect([name, status]).toEqual([name, expected]);
      expect([name, headers['cache-control']]).toEqual([name, 'private, no-store']);
      expect([name, headers['x-content-type-options']]).toEqual([name, 'nosniff']);
      expect([name, headers.etag]).toEqual([name, undefined]);
      if (status === 303) continue;
      expect([name, headers.vary]).toEqual([name, expect.stringContaining('HX-Request')]);
    }
    for (const name of ['page', 'redirect', 'what there is not', 'refusal']) {
      const { headers } = answers[name]![0];
      expect(headers['content-security-policy']).toMatch(/^default-src 'none';.*script-src 'self'/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|https?:/);
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['permissions-policy']).toContain('camera=()');
    }
    const lines = Object.entries(unchanged.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    expect(lines.join('').length + 'HTTP/1.1 204 No Content\r\n\r\n'.length).toBeLessThanOrEqual(500);
  });

  it('show navigation on errors when signed in, and no server details otherwise', async () => {
    const client = await start(WITH_TOKEN);
    const outside = [
      await client.get('/assets/nothing.js'),
      await client.get('/', { host: 'elsewhere.example' }),
      await client.post('/login', { token: TOKEN }),
    ];
    expect(outside.map(({ status }) => status)).toEqual([404, 421, 403]);
    for (const { text } of outside) expect(text).not.toMatch(/running|<nav/);
    await signIn(client);
    const inside = [
      await client.get('/nowhere'),
      await client.get('/assets/nothing.js'),
      await client.post('/projects/endless/runs', {}),
    ];
    expect(inside.map(({ status }) => status)).toEqual([404, 404, 403]);
    for (const { text } of inside) expect(text).toMatch(/nothing running[\s\S]*<nav[\s\S]*Sign out/);
  });

  it('link to assets that are cached until they change', async () => {
    const client = await start({ WORKER: 'off' });
    const addresses = [...(await client.get('/')).text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)];
    expect(addresses.length).toBeGreaterThan(4);
    for (const [, address] of addresses) {
      const { headers } = await client.get(address!.replace('&#x3D;', '='));
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    }
    for (const address of [
      '/assets/css/base.css',
      '/assets/css/base.css?v=another',
      '/assets/htmx/htmx.min.js',
    ]) {
      const { status, headers } = await client.get(address);
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=3600']);
    }
  });

  it('are compressed like JSON and assets, while streams arrive line by line', async () => {
    const client = await start();
    const encoded = (path: string, encoding: string, accept = 'text/html') =>
      client.get(path, { accept, 'accept-encoding': encoding });
    const plain = await client.get('/projects/endless');
    const page = await encoded('/projects/endless', 'gzip, deflate, br');
    expect([page.headers['content-encoding'], page.headers.vary]).toEqual([
      'br',
      'HX-Request, Accept-Encoding',
    ]);
    expect(brotliDecompressSync(page.body).length).toBeGreaterThan(page.body.length * 2);
    expect(tokenIn(brotliDecompressSync(page.body).toString())).not.toBe(tokenIn(plain.text));
    const zipped = await encoded('/projects/endless', 'gzip');
    expect(gunzipSync(zipped.body).toString()).toContain('</html>');
    for (const path of ['/api/asyncapi.json', '/assets/css/base.css', '/assets/htmx/htmx.min.js']) {
      expect((await encoded(path, 'br', '*/*')).headers['content-encoding']).toBe('br');
    }

    const { runId } = await jobato.trigger('endless');
    await jobato.until(runId, ({ steps }) => steps[0]?.status === 'running');
    const stream = await jobato.fetch(`/api/runs/${runId}/logs`, {
      headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip, deflate, br' },
    });
    expect([stream.status, stream.headers.get('content-encoding')]).toEqual([200, null]);
    // The run and the stream continue, so a buffered line would be missing here.
    const decoder = new TextDecoder();
    let text = '';
    for await (const bytes of stream.body!) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      if (/^data: .*at it/m.test(text)) break;
    }
    const log = await encoded(`/api/runs/${runId}/logs`, 'br', 'text/plain');
    expect([log.headers['content-encoding'], log.text]).toEqual([undefined, 'at it\n']);
    await client.submit(`/runs/${runId}/stop`, `/runs/${runId}`);
    await jobato.untilEnded(runId);
  });
});
