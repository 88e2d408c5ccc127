import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';
import { watchShifts } from './support/layout-shifts';
import { ENDLESS_PROJECT } from './support/pages-projects';

const FAILING = "console.error('ValueError: no such column'); process.exit(1)";
const WITHOUT_SCRIPTS = { javaScriptEnabled: false };

describe('the overview in a browser', () => {
  let browser: Browser;
  let jobato: RunningApp;
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({
      alpha: nodeStep('alpha', "console.log('done')"),
      beta: nodeStep('beta', FAILING),
      endless: ENDLESS_PROJECT,
    });
    for (const projectId of ['alpha', 'beta']) {
      const { runId } = await jobato.trigger(projectId);
      await jobato.untilEnded(runId);
    }
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await jobato?.stop();
    await browser?.close();
  });

  async function open(options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
    const each = await openPage(browser, jobato.url, { viewport: { width: 1366, height: 768 }, ...options });
    opened.push(each);
    return each.page;
  }
  const order = (page: Page) => page.locator('tbody th a.row-name').allInnerTexts();

  it('puts failed projects first, with the last error line, and counts failed runs', async () => {
    const page = await open();
    await page.goto('/');
    expect(await order(page)).toEqual(['beta', 'alpha', 'Endless']);
    await page.getByRole('row', { name: 'beta' }).getByText('ValueError: no such column').waitFor();
    await page.getByRole('link', { name: 'Failed in the last 24 h: 1' }).waitFor();
    await page.locator('.site-header').getByRole('link', { name: '1 failed' }).waitFor();
    const bar = page.getByRole('row', { name: 'beta' }).locator('.trend a');
    expect(await bar.locator('title').textContent()).toMatch(/, #1 Failed, /);
    await bar.click();
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
  });

  it('keeps rows in their places and sizes while the page is open, and sorts them on a reload', async () => {
    const page = await open();
    await watchShifts(page);
    await page.goto('/');
    const { runId } = await jobato.trigger('endless');
    const row = page.getByRole('row', { name: 'Endless' });
    await row.filter({ hasText: 'Running' }).waitFor();
    expect(await order(page)).toEqual(['beta', 'alpha', 'Endless']);
    await row.getByRole('button', { name: 'Stop' }).click();
    await row.filter({ hasText: 'Cancelled' }).waitFor();
    expect(await page.evaluate('window.layoutShift')).toBeLessThanOrEqual(0.02);
    await jobato.untilEnded(runId);
    await jobato.trigger('endless');
    await page.reload();
    expect(await order(page)).toEqual(['Endless', 'beta', 'alpha']);
  });

  it.each([{}, WITHOUT_SCRIPTS])('remembers the order and the theme, with %j', async (options) => {
    const page = await open({ ...options, colorScheme: 'light' });
    const paper = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    await page.goto('/');
    await page.getByRole('link', { name: 'By name' }).click();
    await page.waitForURL('**/?order=name');
    await page.goto('/');
    expect(await order(page)).toEqual(['alpha', 'beta', 'Endless']);
    const light = await paper();
    await page.getByRole('button', { name: 'Dark' }).click();
    await page.locator('html[data-theme=dark]').waitFor();
    expect(await paper()).not.toBe(light);
    await page.goto('/schedules');
    expect(await page.getByRole('button', { name: 'Dark' }).getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('button', { name: 'System' }).click();
    await page.waitForURL('**/schedules');
    expect(await paper()).toBe(light);
  });
});
