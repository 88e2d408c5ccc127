import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { JobatoClient } from '../../src/cli/jobato-client';
import type { RunView } from '../../src/runs/run-view';
import { Showcase } from '../showcase/showcase';
import { viewsOf } from '../showcase/views';
import { launchBrowser, openPage } from '../support/browser';
import { FormClient } from '../support/form-client';
import { nodeStep, RunningApp } from '../support/jobato';
import { type Proxy, startGateway } from '../support/proxies';
import { readSse } from '../support/sse';

const PREFIX = '/jobato';
/** Attributes whose text may start with a slash without being an address. */
const NO_ADDRESSES = new Set(['value', 'placeholder', 'title', 'aria-keyshortcuts']);
/** Statuses that the pages receive for deliberate refusals. */
const EXPECTED = /status of 4(00|03|04|09|29)/;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

it('no script in public contains an absolute path', () => {
  const folder = join(__dirname, '..', '..', 'public');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  expect(names.length).toBeGreaterThan(10);
  const found = names.flatMap((name) => {
    const matches = readFileSync(join(folder, name), 'utf8').matchAll(/['"`]\/[a-z$][^'"`]*/g);
    return [...matches].map(([text]) => `${name}: ${text}`);
  });
  expect(found).toEqual([]);
});

describe.each([
  ['without a base path', '', false],
  ['below a base path that the proxy keeps', PREFIX, false],
  ['below a base path that the proxy strips', PREFIX, true],
])('%s, every page in every state', (_what, prefix, strips) => {
  let showcase: Showcase;
  let gateway: Proxy | null = null;
  let origin: string;
  beforeAll(async () => {
    showcase = await Showcase.open({ BASE_PATH: prefix });
    if (strips) gateway = await startGateway(prefix, showcase.jobato.url);
    origin = gateway?.url ?? showcase.jobato.url;
  });
  afterAll(async () => {
    await gateway?.stop();
    await showcase?.close();
  });
  const views = () => viewsOf(showcase).filter(({ path }) => path.startsWith('/'));

  it('loads all its files without console errors', async () => {
    const { page, complaints } = await openPage(browser, origin);
    const outside: string[] = [];
    const missing: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (!pathname.startsWith(`${prefix}/`)) outside.push(pathname);
    });
    page.on('response', (response) => {
      if (response.status() === 404) missing.push(new URL(response.url()).pathname);
    });
    for (const { path, prepare } of views()) {
      await page.goto(`${origin}${prefix}${path}`);
      await prepare?.(page);
    }
    await page.context().close();
    expect(outside).toEqual([]);
    // The pages that say so.
    expect(missing).toEqual([`${prefix}/nowhere`, `${prefix}/runs/7000-8000`]);
    expect(complaints.filter((text) => !EXPECTED.test(text))).toEqual([]);
  });

  it('has links and parts that stay below the base path and exist', async () => {
    const addresses = new Set<string>();
    for (const { path } of views()) {
      const html = await (
        await fetch(`${origin}${prefix}${path}`, { headers: { accept: 'text/html' } })
      ).text();
      for (const [, tag, attributes] of html.matchAll(/<([a-z]+)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*\/?>/g)) {
        for (const [, name, value] of attributes!.matchAll(/([\w:-]+)="(\/[^"]*)"/g)) {
          if (NO_ADDRESSES.has(name!)) continue;
          expect([path, tag, name, value]).toEqual([path, tag, name, expect.stringMatching(`^${prefix}/`)]);
          // The address of a form also responds or redirects, except for sign-out.
          if (name !== 'action')
            addresses.add(value!.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=').replace(/#.*/, ''));
        }
      }
    }
    expect(addresses.size).toBeGreaterThan(50);
    const statuses = await Promise.all(
      [...addresses].map(async (address) => {
        const response = await fetch(`${origin}${address}`, {
          headers: { accept: 'text/html', 'hx-request': 'true' },
          redirect: 'manual',
        });
        await response.body?.cancel();
        return [address, response.status];
      }),
    );
    expect(statuses.filter(([, status]) => Number(status) >= 400)).toEqual([]);
  });

  it('has documentation whose files load', async () => {
    const { page } = await openPage(browser, origin);
    const failed: string[] = [];
    const scripts: string[] = [];
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (response.status() >= 400 || !pathname.startsWith(`${prefix}/api/docs`)) failed.push(pathname);
      else if (pathname.endsWith('.js')) scripts.push(pathname);
    });
    await page.goto(`${origin}${prefix}/api/docs`);
    await page.context().close();
    expect(failed).toEqual([]);
    expect(scripts).toContain(`${prefix}/api/docs/swagger-ui-init.js`);
    const api = (await (await fetch(`${origin}${prefix}/api/openapi.json`)).json()) as {
      servers: { url: string }[];
    };
    expect(api.servers).toEqual([{ url: prefix || '/' }]);
  });
});

describe('responses below a base path', () => {
  const TOKEN = 'a-token-of-a-fair-length-0123456789';
  const BEARER = { authorization: `Bearer ${TOKEN}` };
  const FILE = `require('node:fs').writeFileSync(process.env.JOBATO_RUN_DIR + '/a b.txt', 'made');
    require('node:fs').writeSync(3, JSON.stringify({ artifact: { path: 'a b.txt' } }) + '\\n')`;
  let jobato: RunningApp;
  let gateway: Proxy;
  beforeAll(async () => {
    const environment = { JOBATO_ADMIN_TOKEN: TOKEN, BASE_PATH: PREFIX };
    jobato = await RunningApp.start({ maker: nodeStep('maker', FILE) }, environment);
    gateway = await startGateway(PREFIX, jobato.url);
  });
  afterAll(async () => {
    await gateway?.stop();
    await jobato?.stop();
  });
  const made = async (): Promise<string> => {
    const response = await jobato.fetch('/api/projects/maker/runs', { method: 'POST', headers: BEARER });
    expect(response.status).toBe(201);
    const { runId } = (await response.json()) as RunView;
    expect(response.headers.get('location')).toBe(`${PREFIX}/api/runs/${runId}`);
    await jobato.untilEnded(runId);
    return runId;
  };

  it('include it in Location, artifact URLs, streams and problems', async () => {
    const runId = await made();
    const href = `${PREFIX}/api/runs/${runId}/artifacts/a%20b.txt`;
    const run = (await (await jobato.fetch(`/api/runs/${runId}`, { headers: BEARER })).json()) as RunView;
    expect(run.artifacts.map((artifact) => artifact.href)).toEqual([href]);
    for await (const { event, data } of readSse(`${jobato.url}/api/runs/${runId}/logs`, BEARER)) {
      if (event === 'run') expect((JSON.parse(data) as RunView).artifacts[0]!.href).toBe(href);
    }
    for (const path of ['/api/runs/nothing', `${PREFIX}/api/runs/nothing`]) {
      const problem = (await (await jobato.fetch(path, { headers: BEARER })).json()) as { instance: string };
      expect(problem.instance).toBe(`${PREFIX}/api/runs/nothing`);
    }
  });

  it('are read by the client with or without the base path in JOBATO_URL', async () => {
    const runId = await made();
    for (const url of [`${gateway.url}${PREFIX}/`, `${jobato.url}${PREFIX}`, jobato.url]) {
      const client = new JobatoClient({ url, token: TOKEN });
      const [artifact] = (await client.run(runId)).artifacts;
      expect(await client.artifact(artifact!.href)).toBe('made');
    }
  });

  it('redirect with the base path even if the request lacked it', async () => {
    const client = new FormClient(jobato.url);
    const asked = await client.get('/quota?a=b');
    expect(asked.headers.location).toBe(`${PREFIX}/login?next=${encodeURIComponent('/quota?a=b')}`);
    const next = `${PREFIX}/quota`;
    const signedIn = await client.submit('/login', `${PREFIX}/login`, { token: TOKEN, next });
    expect([signedIn.status, signedIn.headers.location]).toEqual([303, next]);
    for (const line of signedIn.headers['set-cookie']!) expect(line).toMatch(new RegExp(`; Path=${PREFIX};`));
    const csrfToken = await client.tokenOf(`${PREFIX}/projects/maker`);
    const started = await client.post(`${PREFIX}/projects/maker/runs`, { csrfToken });
    expect([started.status, started.headers.location]).toEqual([
      303,
      expect.stringMatching(new RegExp(`^${PREFIX}/runs/[0-9a-f-]{36}$`)),
    ]);
    await jobato.untilEnded(started.headers.location!.split('/').at(-1)!);
    const byHtmx = await client.post('/projects/maker/runs', { csrfToken }, { 'hx-request': 'true' });
    expect(byHtmx.headers['hx-redirect']).toMatch(new RegExp(`^${PREFIX}/runs/`));
    await jobato.untilEnded(byHtmx.headers['hx-redirect']!.toString().split('/').at(-1)!);
    const gotten = await client.get('/projects/maker/runs');
    expect(gotten.headers.location).toBe(`${PREFIX}/projects/maker`);
    const root = await client.get(PREFIX);
    expect([root.status, root.text.includes(`href="${PREFIX}/projects/maker"`)]).toEqual([200, true]);
    const signedOut = await client.post('/logout', { csrfToken });
    expect(signedOut.headers.location).toBe(`${PREFIX}/login`);
  });

  it('never redirect to another host', async () => {
    const client = new FormClient(jobato.url);
    for (const next of ['//evil.example', `${PREFIX}//evil.example`, `${PREFIX}/\\evil.example`]) {
      const { headers } = await client.submit('/login', '/login', { token: TOKEN, next });
      expect(headers.location).toBe(`${PREFIX}/`);
      client.cookies.clear();
    }
  });
});
