import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { addPastRuns } from './showcase/past-runs';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from './support/worker-api';

/** As text: code evaluated by the test is not subject to the policy of the page. */
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const LOAD = `
  const { writeSync, writeFileSync } = require('fs');
  for (const name of ['orders.csv', 'load.txt', 'notes.md', 'more.txt']) {
    writeFileSync(process.env.JOBATO_RUN_DIR + '/' + name, 'a');
    writeSync(3, JSON.stringify({ artifact: { path: name } }) + '\\n');
  }
  console.error('Traceback');
  console.error('ValueError: 7 is too many');
  process.exit(Number(JSON.parse(process.env.JOBATO_PARAMS).code))`;
const PAST = { everyHours: 1, stepSeconds: 1, troubleEvery: 0 };
const DAY_MS = 86_400_000;

const rows = (page: Page) => page.locator('.runs tbody tr');
const link = (page: Page, name: string | RegExp) => page.getByRole('link', { name });
const namesOf = (page: Page) => page.locator('.runs tbody .run-number').allTextContents();

describe('the runs of all projects in a browser', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let empty: RunningApp;
  let worker: HttpWorker;
  let browser: Browser;
  let failedId: string;

  beforeAll(async () => {
    [jobato, empty, browser] = await Promise.all([
      RunningApp.start(
        {
          load: nodeStep(
            'load',
            LOAD,
            'name: Load orders\nparams: { code: { type: integer, default: 0 } }\n',
          ),
          held: externalProject('held'),
          past: nodeStep('past', '0'),
          deep: nodeStep('deep', '0'),
        },
        { JOBATO_API_KEY: KEY },
      ),
      RunningApp.start({}),
      launchBrowser(),
    ]);
    worker = new HttpWorker(jobato);
    await addPastRuns(jobato, { ...PAST, projectId: 'past', runs: 120 });
    await addPastRuns(jobato, { ...PAST, projectId: 'deep', runs: 5_100 });
    const run = async (body: object) =>
      (await jobato.untilEnded((await jobato.trigger('load', body)).runId)).runId;
    failedId = await run({ params: { code: 1 } });
    await run({ triggeredBy: 'manual' });
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), jobato?.stop(), empty?.stop()]);
  });

  async function open(
    path: string,
    options: Parameters<typeof openPage>[2] = {},
    url = jobato.url,
  ): Promise<Page> {
    const each = await openPage(browser, url, options);
    opened.push(each);
    await each.page.goto(path);
    return each.page;
  }

  it('are one click away from every page', async () => {
    const page = await open('/status');
    const entries = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
    expect((await entries.allInnerTexts()).slice(0, 2)).toEqual(['Projects', 'Runs']);
    await entries.nth(1).click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    expect(await namesOf(page)).toHaveLength(50);
    expect((await namesOf(page)).slice(0, 2)).toEqual(['Load orders #2', 'Load orders #1']);
  });

  it('show the last error line, and a few artifacts with links', async () => {
    const page = await open('/runs?projectId=load');
    const row = rows(page).filter({ hasText: 'Failed' });
    await row.getByText('ValueError: 7 is too many').waitFor();
    expect(await row.locator('.chip').allTextContents()).toEqual([
      'orders.csv',
      'load.txt',
      '+2 more artifacts',
    ]);
    await row.getByRole('link', { name: 'load.txt' }).click();
    await page.waitForURL(`**/runs/${failedId}/artifacts/load.txt`);
    await page.goBack();
    await row.getByRole('link', { name: 'Load orders #1' }).click();
    await page.waitForURL(`**/runs/${failedId}`);
  });

  it('show the day and the zone of runs that did not start today', async () => {
    const page = await open('/runs?projectId=past');
    const last = rows(page).last().locator('time');
    expect(await last.innerText()).toMatch(/^\d{1,2} \w{3,4} \d{4}, \d\d:\d\d (CES?T|GMT\+[12])$/);
    const today = rows(await open('/runs?projectId=load'))
      .first()
      .locator('time');
    expect(await today.innerText()).toMatch(/^\d\d:\d\d$/);
  });

  it('filter by each select, and keep the filter in the address and the focus in place', async () => {
    const page = await open('/runs');
    const state = page.getByLabel('State');
    await state.selectOption('Failed');
    await page.waitForURL(/\/runs\?status=failed$/);
    expect(await namesOf(page)).toEqual(['Load orders #1']);
    await state.selectOption('Failed or partial');
    await page.waitForURL(/\?status=partial,failed$/);
    await page.getByLabel('Project').selectOption('past');
    await page.waitForURL(/projectId=past/);
    await page.getByRole('heading', { name: 'No runs match' }).waitFor();
    await link(page, 'Clear filters').last().click();
    await page.waitForURL(/\/runs$/);
    await page.getByLabel('Trigger').focus();
    await page.getByLabel('Trigger').selectOption('API');
    await page.waitForURL(/\?triggeredBy=api$/);
    expect(await page.evaluate('document.activeElement.id')).toBe('runs-trigger');
    expect(await namesOf(page)).toEqual(['Load orders #1']);
    await page.goBack();
    await page.waitForURL(/\/runs$/);
    // The browser loads the page again.
    await page.locator('#clear-filters').waitFor({ state: 'detached' });
    expect(await namesOf(page)).toHaveLength(50);
    await page.goto('/runs?status=failed,partial&projectId=load');
    expect(await namesOf(page)).toEqual(['Load orders #1']);
    expect(await state.inputValue()).toBe('partial,failed');
  });

  it('find texts with the keyboard alone', async () => {
    const page = await open('/runs');
    await page.getByLabel('Search').focus();
    await page.keyboard.type('ORDERS.csv');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?q=ORDERS\.csv$/);
    expect(await namesOf(page)).toEqual(['Load orders #2', 'Load orders #1']);
    expect(await page.evaluate('document.activeElement.id')).toBe('runs-search');
    const visited: string[] = [];
    for (let press = 0; press < 9; press++) {
      await page.keyboard.press('Tab');
      visited.push(
        String(await page.evaluate('document.activeElement.id || document.activeElement.innerText')),
      );
    }
    expect(visited.slice(0, 7)).toEqual([
      'runs-status',
      'runs-project',
      'runs-trigger',
      'runs-time',
      'runs-submit',
      'clear-filters',
      'Load orders',
    ]);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/runs\//);
    for (const [text, found] of [
      ['#120', 'past #120'],
      [failedId.slice(0, 23), 'Load orders #1'],
    ] as const) {
      await page.goto(
        `/runs?q=${encodeURIComponent(text)}&projectId=${found.startsWith('past') ? 'past' : 'load'}`,
      );
      expect(await namesOf(page)).toEqual([found]);
    }
  });

  it('have a range of days in the zone of the reader', async () => {
    const page = await open('/runs?projectId=past');
    const from = page.getByLabel(/^From/);
    expect(await from.isVisible()).toBe(false);
    await page.getByLabel('Time').selectOption('Range');
    await page.waitForURL(/time=range/);
    const day = new Date(Date.now() - 2 * DAY_MS).toLocaleDateString('sv', { timeZone: 'Europe/Berlin' });
    await from.fill(day);
    await page.getByLabel(/^To/).fill(day);
    await page.waitForURL(/from=.*to=/);
    expect(new URL(page.url()).searchParams.get('zone')).toBe('Europe/Berlin');
    const starts = await rows(page).locator('time').allInnerTexts();
    expect(starts.length).toBeGreaterThanOrEqual(22);
    const expected = new Date(`${day}T12:00:00Z`).toLocaleDateString('en-GB', { dateStyle: 'medium' });
    for (const start of starts) expect(start).toContain(expected);
    await page.getByLabel('Time').selectOption('Last night (18:00 to 08:00)');
    await page.waitForURL(/time=night&zone=Europe/);
    await page.getByText(/From .*, 18:00 .* to .*, 08:00/).waitFor();
  });

  it.each([true, false])('page in both directions (with JavaScript: %s)', async (javaScriptEnabled) => {
    const page = await open('/runs?projectId=past', { javaScriptEnabled });
    const first = await namesOf(page);
    const all = [...first];
    for (const count of [50, 20]) {
      await link(page, 'Older').click();
      await page.waitForURL((url) => url.searchParams.has('before'));
      await page.getByRole('link', { name: `past #${120 - all.length}`, exact: true }).waitFor();
      const names = await namesOf(page);
      expect(names).toHaveLength(count);
      all.push(...names);
    }
    expect(all).toEqual(Array.from({ length: 120 }, (_, index) => `past #${120 - index}`));
    expect(await link(page, 'Older').count()).toBe(0);
    await link(page, 'Newer').click();
    await page.waitForURL((url) => url.searchParams.has('after'));
    await link(page, 'Newest').click();
    await page.waitForURL(/\?projectId=past$/);
    expect(await namesOf(page)).toEqual(first);
  });

  it('filter without JavaScript', async () => {
    const page = await open('/runs', { javaScriptEnabled: false });
    await page.getByLabel('State').selectOption('Failed');
    await page.getByLabel('Search').fill('orders');
    await page.getByLabel('Time').selectOption('Range');
    await page.getByLabel(/^From.*UTC/).fill('2026-01-01');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.waitForURL(/q=orders/);
    expect(await namesOf(page)).toEqual(['Load orders #1']);
    expect(await page.getByLabel(/^From/).inputValue()).toBe('2026-01-01');
    await link(page, 'Clear filters').click();
    expect(await namesOf(page)).toHaveLength(50);
    expect(await page.getByLabel(/^From/).isVisible()).toBe(false);
    await link(page, 'Refresh').click();
  });

  it('say how far a search has looked, and search on', async () => {
    const page = await open('/runs?projectId=deep&q=nowhere');
    await page.getByRole('heading', { name: 'No runs match so far' }).waitFor();
    await page
      .getByText(/^Searched runs since \d{1,2} \w+ \d{4}, \d\d:\d\d \S+\. There are older runs\.$/)
      .waitFor();
    await link(page, 'Search older runs').click();
    await page.getByRole('heading', { name: 'No runs match', exact: true }).waitFor();
  });

  it('show a change of state in place, and announce it', async () => {
    const { runId } = await jobato.trigger('held');
    const page = await open('/runs');
    const row = page.locator(`#row-${runId}`);
    await row.getByText('Running', { exact: true }).waitFor();
    const places = () =>
      page.evaluate("JSON.stringify([...document.querySelectorAll('.runs tr')].map((row) => row.offsetTop))");
    const before = await places();
    await link(page, 'held #1').focus();
    await worker.claimed();
    await worker.say(
      anEvent(runId, 'run.failed', { attempt: 1, errorCode: 'X', message: 'One\nTwo is the last line' }),
    );
    await row.getByText('Two is the last line').waitFor();
    await row.getByText('Failed').waitFor();
    expect(await places()).toBe(before);
    expect(await page.locator('#announcement').innerText()).toContain('held #1: Failed.');
    expect(await page.evaluate('document.activeElement.id')).toBe(`open-${runId}`);
  });

  it('say what to do where there is no run', async () => {
    const page = await open('/runs', {}, empty.url);
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    await link(page, 'Show projects').click();
    await page.getByRole('heading', { name: 'Projects', level: 1 }).waitFor();
  });

  it.each(['light', 'dark'] as const)(
    'are accessible in %s mode, on a desk and on a phone',
    async (colorScheme) => {
      const page = await open('/', { colorScheme, reducedMotion: 'reduce' });
      for (const [width, height] of [
        [1366, 768],
        [390, 844],
      ] as const) {
        await page.setViewportSize({ width, height });
        for (const path of [
          '/runs',
          '/runs?q=nowhere',
          '/runs?time=range&status=failed',
          '/runs?time=night',
        ]) {
          await page.goto(path);
          await page.evaluate(AXE);
          const found = await page.evaluate(
            'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, String(nodes[0].target)]))',
          );
          expect([path, width, found]).toEqual([path, width, []]);
          const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
          expect([path, width, Math.max(0, Number(overflow))]).toEqual([path, width, 0]);
        }
      }
    },
  );

  it('have rows of 44 to 52 pixels', async () => {
    const page = await open('/runs', { viewport: { width: 1366, height: 768 } });
    const heights = await page.evaluate<number[]>(
      "[...document.querySelectorAll('.runs tbody tr')].map((row) => row.offsetHeight)",
    );
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44);
    expect(Math.max(...heights)).toBeLessThanOrEqual(52);
  });
});
