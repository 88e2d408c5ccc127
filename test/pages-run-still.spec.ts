import type { Browser, Page } from 'playwright-core';
import { PlayedRun } from './showcase/showcase';
import { launchBrowser, openPage } from './support/browser';
import { RunningApp } from './support/jobato';
import { watchShifts } from './support/layout-shifts';
import { KEY } from './support/worker-api';

const steps = (...names: string[]) =>
  `steps:\n${names.map((name) => `  - { name: ${name}, command: [node, ${name}.js] }\n`).join('')}`;
const WINDOWS = [
  { width: 1366, height: 768 },
  { width: 390, height: 844 },
];
/** The greatest shift of the layout that a reader does not notice. */
const UNNOTICED = 0.02;

describe('the page of a run that is open from its start to its end', () => {
  let jobato: RunningApp;
  let browser: Browser;
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    jobato = await RunningApp.start(
      { load: `id: load\nname: Load orders\n${steps('fetch', 'check', 'load', 'report')}` },
      { WORKER: 'off', JOBATO_API_KEY: KEY },
    );
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    await jobato.stop();
    expect(complaints).toEqual([]);
  });
  afterAll(() => browser.close());

  async function openQueued(viewport: (typeof WINDOWS)[number]): Promise<{ page: Page; runId: string }> {
    const { runId } = await jobato.trigger('load');
    const each = await openPage(browser, jobato.url, { viewport });
    opened.push(each);
    await watchShifts(each.page);
    await each.page.goto(`/runs/${runId}`);
    await each.page.getByText('No worker').first().waitFor();
    await forgetShifts(each.page);
    return { page: each.page, runId };
  }
  const forgetShifts = (page: Page) => page.evaluate('void (window.layoutShift = 0)');
  const shifted = (page: Page): Promise<number> =>
    // After two frames, the browser has reported the shifts of the first.
    page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.layoutShift)))))',
    );
  const begin = async (page: Page, runId: string) => {
    const run = await PlayedRun.take(jobato, 'load', runId, 1);
    await run.step('fetch');
    await run.stepDone('fetch');
    await run.step('check', { current: 1, total: 4, message: 'orders of Monday' });
    await page.getByTestId('run-progress').filter({ hasText: 'check: 1 of 4' }).waitFor();
    return run;
  };
  const fail = async (page: Page, run: PlayedRun) => {
    const trace = Array.from({ length: 8 }, (_, line) => `  at line ${line} of check.js`);
    await run.print('check', 'stderr', 'Error: the total is wrong', ...trace);
    await run.upload('orders.csv', 'a,b\n');
    await run.stepDone('check', 1);
    await run.say('run.failed', { errorCode: 'STEP_FAILED', message: 'It failed.', step: 'check' });
    await page.getByTestId('run-outcome').getByText('Step check failed with exit code 1').waitFor();
    await page.locator('#steps-title').waitFor();
  };

  it.each(WINDOWS)('does not move when the run starts and fails, at $width px', async (viewport) => {
    const { page, runId } = await openQueued(viewport);
    const run = await begin(page, runId);
    await run.print('check', 'stdout', 'checking');
    await page.getByTestId('run-log').filter({ hasText: 'checking' }).waitFor();
    expect(await shifted(page)).toBeLessThan(UNNOTICED);
    await forgetShifts(page);
    await fail(page, run);
    expect(await shifted(page)).toBeLessThan(UNNOTICED);
    const orderOf = () =>
      page.evaluate(
        `[...document.querySelectorAll('#run-outcome, #run-results, #run-log')].map(({ id }) => id)`,
      );
    expect(await orderOf()).toEqual(['run-outcome', 'run-log', 'run-results']);

    // Opened after the end, the page has all that matters before the log.
    await page.reload();
    await page.locator('#run-outcome').waitFor();
    expect(await orderOf()).toEqual(['run-outcome', 'run-results', 'run-log']);
    expect(await page.getByTestId('run-steps').count()).toBe(1);
  });

  it.each(WINDOWS)('does not move when the run completes, at $width px', async (viewport) => {
    const { page, runId } = await openQueued(viewport);
    const run = await begin(page, runId);
    for (const step of ['check', 'load', 'report']) {
      await run.step(step);
      await run.stepDone(step);
    }
    await run.upload('orders.csv', 'a,b\n');
    await run.say('run.completed', {
      newJobsCount: 3,
      relevantCount: 2,
      artifacts: [{ name: 'orders.csv' }],
    });
    await page.getByTestId('run-status').filter({ hasText: 'Completed' }).waitFor();
    await page.getByTestId('run-progress').filter({ hasText: '4 of 4 steps done' }).waitFor();
    await page.getByRole('link', { name: 'orders.csv' }).waitFor();
    expect(await shifted(page)).toBeLessThan(UNNOTICED);
    expect(await page.getByTestId('run-steps').count()).toBe(1);
    await page.getByRole('link', { name: 'Files and steps are below the log' }).click();
    const place = (await page.getByRole('link', { name: 'orders.csv' }).boundingBox())!;
    expect(place.y).toBeGreaterThanOrEqual(0);
    expect(place.y + place.height).toBeLessThanOrEqual(viewport.height);
  });

  it.each(WINDOWS)('stays at the end of a long log when the run fails, at $width px', async (viewport) => {
    const { page, runId } = await openQueued(viewport);
    const run = await begin(page, runId);
    await run.print('check', 'stdout', ...Array.from({ length: 200 }, (_, line) => `order ${line}`));
    await page.getByTestId('run-log').filter({ hasText: 'order 199' }).waitFor();
    await page.locator('#run-log').evaluate('(log) => log.scrollIntoView({ block: "end" })');
    await forgetShifts(page);
    const before = await page.locator('#run-log').boundingBox();
    await fail(page, run);
    expect(await shifted(page)).toBeLessThan(UNNOTICED);
    expect(await page.locator('#run-log').boundingBox()).toEqual(before);
  });
});
