import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright-core';
import type { RunView } from '../../src/runs/run-view';
import { launchBrowser, openPage } from '../support/browser';
import { nodeStep, RunningApp } from '../support/jobato';
import { Given } from '../support/pages-signal';
import {
  example,
  isInstalled,
  type Proxy,
  type ProxyProgram,
  startGateway,
  startProxy,
} from '../support/proxies';
import { readSse } from '../support/sse';
import { endAllRuns, externalProject, HttpWorker, KEY } from '../support/worker-api';

const TOKEN = 'a-token-of-a-fair-length-0123456789';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const PREFIX = '/jobato';
const PLAIN_NGINX = `server {
    listen 443 ssl;
    client_max_body_size 0;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}`;

interface Way {
  name: string;
  /** Null for a proxy that the test implements. */
  program: ProxyProgram | null;
  /** The base path of the server; empty for none. */
  prefix: '' | typeof PREFIX;
  start: (backend: string) => Promise<Proxy>;
}

const WAYS: Way[] = [
  {
    name: 'nginx, as documented',
    program: 'nginx',
    prefix: '',
    start: (backend) => startProxy('nginx', example('nginx', 0), backend),
  },
  {
    name: 'nginx with a plain proxy_pass, which changes Host, and gzip',
    program: 'nginx',
    prefix: '',
    start: (backend) => startProxy('nginx', PLAIN_NGINX, backend),
  },
  {
    name: 'nginx that strips a sub-path',
    program: 'nginx',
    prefix: PREFIX,
    start: (backend) => startProxy('nginx', example('nginx', 1), backend),
  },
  {
    name: 'nginx that keeps a sub-path',
    program: 'nginx',
    prefix: PREFIX,
    start: (backend) => startProxy('nginx', example('nginx', 1).replace(':3000/;', ':3000;'), backend),
  },
  {
    name: 'Caddy, as documented',
    program: 'caddy',
    prefix: '',
    start: (backend) => startProxy('caddy', example('caddyfile', 0), backend),
  },
  {
    name: 'Caddy that keeps a sub-path',
    program: 'caddy',
    prefix: PREFIX,
    start: (backend) => startProxy('caddy', example('caddyfile', 1), backend),
  },
  {
    name: 'Caddy that strips a sub-path',
    program: 'caddy',
    prefix: PREFIX,
    start: (backend) =>
      startProxy('caddy', example('caddyfile', 1).replace('handle ', 'handle_path '), backend),
  },
  {
    name: 'HAProxy, as documented',
    program: 'haproxy',
    prefix: '',
    start: (backend) => startProxy('haproxy', example('haproxy', 0), backend),
  },
  {
    name: 'HAProxy, whose probe names no host',
    program: 'haproxy',
    prefix: PREFIX,
    start: (backend) =>
      startProxy(
        'haproxy',
        example('haproxy', 0).replace(
          'option httpchk GET /api/health/ready',
          'option httpchk\n    http-check send meth GET uri /api/health/ready ver HTTP/1.1',
        ),
        backend,
      ),
  },
  {
    name: 'a gateway with compression()',
    program: null,
    prefix: '',
    start: (backend) => startGateway('', backend),
  },
  {
    name: 'a gateway with compression() that strips a sub-path',
    program: null,
    prefix: PREFIX,
    start: (backend) => startGateway(PREFIX, backend),
  },
];

const signal = new Given();
const TALK = `console.log('first');
  const wait = setInterval(() => {
    if (!require('node:fs').existsSync(${JSON.stringify(signal.path)})) return;
    clearInterval(wait);
    console.log('second');
  }, 20);`;

let browser: Browser;
/** The servers by base path. */
const servers = new Map<string, RunningApp>();
beforeAll(async () => {
  browser = await launchBrowser();
  for (const prefix of ['', PREFIX]) {
    const environment = {
      JOBATO_ADMIN_TOKEN: TOKEN,
      JOBATO_API_KEY: KEY,
      TRUST_PROXY: 'loopback',
      BASE_PATH: prefix,
    };
    const projects = { talk: nodeStep('talk', TALK), outside: externalProject('outside') };
    servers.set(prefix, await RunningApp.start(projects, environment));
  }
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers.values()) await server.stop();
  signal.remove();
});

/** Skips the tests of proxies that are not installed; `npm test` installs those of Debian. */
const describeBehind = ({ program }: Pick<Way, 'program'>) =>
  program === null || isInstalled(program) ? describe : describe.skip;

for (const { name, prefix, start, ...way } of WAYS)
  describeBehind(way)(`behind ${name}`, () => {
    let proxy: Proxy;
    let url: string;
    beforeAll(async () => {
      proxy = await start(servers.get(prefix)!.url);
      url = `${proxy.url}${prefix}`;
    });
    afterAll(() => proxy?.stop());
    afterEach(async () => {
      signal.give(); // for a step that a failed test left waiting
      await endAllRuns(servers.get(prefix)!);
      signal.take();
    });

    const json = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
      const response = await fetch(`${url}${path}`, { ...init, headers: BEARER });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    };

    it('signs in, runs a project and shows its log live in a browser', async () => {
      const { page, complaints } = await openPage(browser, url);
      await page.goto(`${url}/`);
      await page.getByLabel('Token').fill(TOKEN);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('link', { name: 'talk' }).first().click();
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
      expect(new URL(page.url()).pathname).toMatch(new RegExp(`^${prefix}/runs/`));
      const log = page.getByTestId('run-log');
      await log.getByText('first').waitFor();
      signal.give();
      await log.getByText('second').waitFor();
      await page
        .getByTestId('run-status')
        .filter({ hasText: /completed/i })
        .first()
        .waitFor();
      expect(await page.locator('#connection').textContent()).toBe('');
      // Sign-out interrupts open responses, for which proxies return 502.
      expect(complaints).toEqual([]);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await page.context().close();
    });

    it('streams each log line as it arrives', async () => {
      const { runId } = await json<RunView>('/api/projects/talk/runs', { method: 'POST' });
      const seen: string[] = [];
      for await (const { event, data } of readSse(`${url}/api/runs/${runId}/logs`, BEARER)) {
        if (event === 'log') seen.push((JSON.parse(data) as { text: string }).text);
        // Without the first line, the run would never end.
        if (seen.length === 1) signal.give();
        if (event === 'end') seen.push((JSON.parse(data) as { status: string }).status);
      }
      expect(seen).toEqual(['first', 'second', 'completed']);
    });

    it('accepts an upload and serves ranges of it', async () => {
      const worker = new HttpWorker({ url });
      const { runId } = await json<RunView>('/api/projects/outside/runs', { method: 'POST' });
      await worker.claimed({ projectIds: ['outside'] });
      const file = randomBytes(3 * 1024 * 1024);
      const uploaded = await worker.upload(runId, 'large.bin', file).expect(201);
      const [artifact] = (await json<RunView>(`/api/runs/${runId}`)).artifacts;
      expect(uploaded.headers.location).toBe(artifact!.href);
      // A compressing proxy gives its variant another ETag.
      const plain = { ...BEARER, 'accept-encoding': 'identity' };
      const whole = await fetch(new URL(artifact!.href, url), { headers: plain });
      expect(Buffer.from(await whole.arrayBuffer()).equals(file)).toBe(true);
      const etag = whole.headers.get('etag')!;
      const part = await fetch(new URL(artifact!.href, url), {
        headers: { ...plain, range: 'bytes=2000000-', 'if-range': etag },
      });
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes 2000000-${file.length - 1}/${file.length}`);
      expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(2_000_000))).toBe(true);
    });
  });
