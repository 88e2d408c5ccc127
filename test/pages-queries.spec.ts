import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { EventStream } from '../src/events/event-stream';
import { launchBrowser, openPage } from './support/browser';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig, writeProject } from './support/jobato';

const QUERIES = `queries:
  - { id: rust, text: Rust engineer } # the main one
  - { id: go, text: Go engineer }
`;
const ALLOWLISTS = 'allowlists:\n  - { domain: a.com }\n  - { domain: b.org }\n';
const SEARCH = 'id: search\nname: Job search\nexecutor: external\ninputs: queries-x-allowlists\n';
const WITHOUT_SCRIPTS = { javaScriptEnabled: false };

let browser: Browser;
let folders: Folders;
let jobato: RunningApp;
let opened: { page: Page; complaints: string[] }[] = [];
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
const start = async (
  files: Record<string, string>,
  projects: Record<string, string> = { search: SEARCH },
) => {
  folders = makeFolders({ plain: nodeStep('plain', ''), ...projects });
  for (const [name, content] of Object.entries(files)) writeConfig(folders, name, content);
  jobato = await RunningApp.start(folders);
};
const both = { 'queries.yaml': QUERIES, 'allowlists.yaml': ALLOWLISTS };
const open = async (path: string, options: BrowserContextOptions = {}) => {
  const one = await openPage(browser, jobato.url, options);
  opened.push(one);
  await one.page.goto(path);
  return one.page;
};
const content = (name: string) => readFileSync(join(folders.configDir, name), 'utf8');
afterEach(async () => {
  for (const { page, complaints } of opened) {
    // A refused form post is reported by the browser itself.
    expect(complaints.filter((text) => !/status of (400|409)/.test(text))).toEqual([]);
    await page.context().close();
  }
  opened = [];
  await jobato.stop();
  rmSync(folders.root, { recursive: true, force: true });
});

describe('the page of queries', () => {
  it('switches items by keyboard, shows the new count, and keeps the focus', async () => {
    await start(both);
    const page = await open('/queries');
    const count = page.getByTestId('search-count');
    expect(await count.innerText()).toBe('2 queries × 2 domains = 4 searches, in each run of Job search');
    const button = page.getByRole('button', { name: 'Disable go' });
    await button.focus();
    await page.keyboard.press('Enter');
    await count.getByText('1 query × 2 domains = 2 searches').waitFor();
    expect(content('queries.yaml')).toBe(QUERIES.replace('Go engineer }', 'Go engineer, enabled: false }'));
    expect(await page.evaluate('document.activeElement.id')).toBe('switch-query-1');
    expect(await page.locator('#query-1').innerText()).toMatch(/Disabled\s+Enable\s+go/);
    expect(await page.locator('#announcement').innerText()).toBe('1 query × 2 domains = 2 searches.');
    await page.getByRole('button', { name: 'Disable b.org' }).click();
    await count.getByText('1 query × 1 domain = 1 search').waitFor();
    await page.keyboard.press('Enter'); // the button has the focus, and now enables
    await count.getByText('1 query × 2 domains = 2 searches').waitFor();
    expect(content('allowlists.yaml')).toBe(ALLOWLISTS.replace('b.org }', 'b.org, enabled: true }'));
  });

  it('switches items without JavaScript, and returns to their row', async () => {
    await start(both);
    const page = await open('/queries', WITHOUT_SCRIPTS);
    await page.getByRole('button', { name: 'Disable rust' }).click();
    await page.waitForURL('**/queries#query-0');
    await page.getByRole('button', { name: 'Enable rust' }).waitFor();
    await page.getByRole('button', { name: 'Disable a.com' }).click();
    await page.waitForURL('**/queries#domain-0');
    expect(await page.getByTestId('search-count').innerText()).toMatch(/^1 query × 1 domain = 1 search,/);
    expect(content('queries.yaml')).toContain('Rust engineer, enabled: false } # the main one');
  });

  it.each([
    ['with JavaScript', {}],
    ['without JavaScript', WITHOUT_SCRIPTS],
  ])('shows a refusal with its reason %s', async (_what, options) => {
    await start(both);
    const page = await open('/queries', options);
    writeConfig(folders, 'queries.yaml', `${QUERIES}  - { id: zig }\n`);
    await page.getByRole('button', { name: 'Disable go' }).click();
    await page
      .getByTestId('notice')
      .filter({ hasText: /File needs fixing.*queries\.yaml, line 4: "queries\.2" must have "text"/ })
      .waitFor();
    await page
      .getByTestId('file-problem')
      .filter({ hasText: 'The last valid version stays in use' })
      .waitFor();
    expect(content('queries.yaml')).toBe(`${QUERIES}  - { id: zig }\n`);
    writeConfig(folders, 'queries.yaml', 'queries: [{ id: rust, text: Rust }]\n');
    // The row on the page is not in the file any more.
    await page.getByRole('button', { name: /(Dis|En)able go/ }).click();
    await page.getByTestId('notice').filter({ hasText: 'Query "go" is not in' }).waitFor();
    if (options === WITHOUT_SCRIPTS) {
      await page.goto('/queries/query'); // what a reload of the refused form opens
      await page.waitForURL('**/queries');
    }
  });

  it('says what to save without files, and is in the navigation only if a project uses it', async () => {
    await start({}, {});
    const page = await open('/');
    expect(await page.getByRole('navigation').getByRole('link', { name: 'Queries' }).count()).toBe(0);
    await page.goto('/queries');
    await page.getByRole('heading', { name: 'No queries' }).waitFor();
    await page.getByRole('heading', { name: 'No domains' }).waitFor();
    const main = await page.getByRole('main').innerText();
    expect(main).toContain('No project uses them.');
    expect(main).toContain(join(folders.configDir, 'allowlists.yaml'));
    for (const text of await page.locator('pre').allInnerTexts())
      writeConfig(folders, text.startsWith('queries') ? 'queries.yaml' : 'allowlists.yaml', text);
    await page.getByTestId('search-count').getByText('1 query × 1 domain = 1 search').waitFor(); // the examples are valid files
    writeProject(folders, 'search', SEARCH);
    await page.getByTestId('search-count').getByRole('link', { name: 'Job search' }).click();
    await page.waitForURL('**/projects/search');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'System' }).click();
    await page.getByRole('navigation', { name: 'System' }).getByRole('link', { name: 'Queries' }).click();
    await page.waitForURL('**/queries');
  });

  it('fits a wide and a narrow screen, also with long and odd values', async () => {
    const long = 'x'.repeat(900);
    await start({
      'queries.yaml': JSON.stringify({
        queries: [
          { id: '<b>&"', text: long },
          { id: long, text: 'x' },
        ],
      }),
      'allowlists.yaml': JSON.stringify({ allowlists: [{ domain: `${long}.com` }] }),
    });
    const page = await open('/queries');
    for (const width of [1366, 390]) {
      await page.setViewportSize({ width, height: 768 });
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect({ width, overflow: Math.max(0, Number(overflow)) }).toEqual({ width, overflow: 0 });
    }
    await page.locator('#switch-query-0').click();
    await page.locator('#query-0').getByText('Disabled').waitFor();
    expect(JSON.parse(content('queries.yaml'))).toMatchObject({
      queries: [{ id: '<b>&"', enabled: false }, {}],
    });
  });
});

describe('the page of a project', () => {
  it('says how many searches a run gets, and follows the files', async () => {
    await start(both);
    const page = await open('/projects/search');
    const searches = page.getByTestId('searches');
    expect(await searches.innerText()).toBe('2 queries × 2 domains = 4 searches. View queries and domains');
    const refresh = () => page.evaluate("document.body.dispatchEvent(new Event('run-changed'))");
    await jobato.api.patch('/api/queries/go').send({ enabled: false }).expect(200);
    await refresh();
    await searches.getByText('1 query × 2 domains = 2 searches').waitFor();
    await jobato.api.patch('/api/queries/rust').send({ enabled: false }).expect(200);
    await refresh();
    await searches.getByText(/no inputs: .*queries\.yaml has no enabled query/).waitFor();
    await searches.getByRole('link', { name: 'Set up queries and domains' }).click();
    await page.getByText(/Runs are refused now\. .*queries\.yaml has no enabled query/).waitFor();
    await page.goto('/projects/plain');
    expect(await searches.innerText()).toBe('');
  });
});

describe('the page of a run', () => {
  const isIn = (rows: string[], text: RegExp) => rows.filter((row) => text.test(row)).length;

  it.each([
    ['with JavaScript', {}],
    ['without JavaScript', WITHOUT_SCRIPTS],
  ])('lists its searches with those that found nothing %s', async (_what, options) => {
    const domains = Array.from({ length: 8 }, (_, n) => `d${n}.com`);
    await start({
      ...both,
      'allowlists.yaml': JSON.stringify({ allowlists: domains.map((domain) => ({ domain })) }),
    });
    const { runId } = await jobato.trigger('search');
    const page = await open(`/runs/${runId}`, options);
    const searches = page.getByTestId('run-searches');
    expect(await searches.innerText()).toMatch(/16 searches\n[^]*when it ends/);
    const occurredAt = new Date().toISOString();
    await jobato.app.get(EventStream).publish([
      {
        eventId: randomUUID(),
        eventType: 'run.completed',
        eventVersion: '1',
        occurredAt,
        runId,
        payload: JSON.stringify({
          issuedCalls: 16,
          zeroResults: [{ queryText: 'Go engineer', domain: 'd7.com', occurredAt }],
        }),
      },
    ]);
    await jobato.untilEnded(runId);
    if (options === WITHOUT_SCRIPTS) await page.reload();
    await searches.getByText('16 searches, 1 without results, 16 calls').waitFor();
    const rows = await searches.locator('tbody tr:visible').allInnerTexts();
    expect([rows.length, isIn(rows, /No results/)]).toEqual([10, 1]);
    expect(rows[0]).toMatch(/Go engineer\s+d7\.com\s+site:d7\.com Go engineer\s+∅ No results/);
    await searches.getByText('Show 6 more').click();
    expect(await searches.locator('tbody tr:visible').count()).toBe(16);
    for (const width of [1366, 390]) {
      await page.setViewportSize({ width, height: 768 });
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(Math.max(0, Number(overflow))).toBe(0);
    }
  });
});
