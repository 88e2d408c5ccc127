import { rmSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { hidePages, launchBrowser, openPage } from '../support/browser';
import {
  lastingPort,
  makeFolders,
  nodeStep,
  RunningApp,
  threeCallsADay,
  writeConfig,
} from '../support/jobato';
import { ENDLESS_PROJECT, searchProject } from '../support/pages-projects';
import { Given } from '../support/pages-signal';

const RUN_PAGE = /\/runs\/[0-9a-f-]{36}$/;
const CALLS = `require('node:fs').writeSync(3, '{"quota":{"used":3}}\\n')`;
/** More tab stops than any page has. */
const MAX_TABS = 150;

describe('a day of work by keyboard only', () => {
  const signal = new Given();
  let browser: Browser;
  let jobato: RunningApp;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    await page?.context().close();
    await jobato?.stop();
    rmSync(jobato.folders.root, { recursive: true, force: true });
    signal.take();
  });
  afterAll(async () => {
    await browser?.close();
    signal.remove();
  });

  const at = (testId: string) => page.getByTestId(testId);
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const link = (name: string | RegExp) => page.getByRole('link', { name, exact: true });
  const path = () => new URL(page.url()).pathname;

  /** Moves the focus to the element with the Tab key. */
  async function reach(target: Locator): Promise<void> {
    await target.waitFor();
    for (let tabs = 0; tabs < MAX_TABS; tabs++) {
      if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Not reached by keyboard: ${String(target)}`);
  }
  async function press(target: Locator): Promise<void> {
    await reach(target);
    await page.keyboard.press('Enter');
  }
  async function type(target: Locator, text: string): Promise<void> {
    await reach(target);
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text);
  }

  it.each([
    ['live', true],
    ['with JavaScript off', false],
  ])(
    'covers first run, stop, re-run, history, quota and server restart, %s',
    async (_, javaScriptEnabled) => {
      const folders = makeFolders({
        search: searchProject(signal),
        endless: ENDLESS_PROJECT,
        calls: nodeStep('calls', CALLS, 'name: Calls\nquota: true\n'),
      });
      writeConfig(folders, 'quota.yaml', threeCallsADay());
      const port = lastingPort();
      jobato = await RunningApp.start(folders, {}, port);
      ({ page, complaints } = await openPage(browser, jobato.url, { javaScriptEnabled }));
      /** With live updates, the page shows the text by polling; without JavaScript, the test reloads it. */
      const shows = async (place: Locator, text: string | RegExp) => {
        if (!javaScriptEnabled) await page.reload();
        await place.filter({ hasText: text }).first().waitFor();
      };

      // Morning: no run yet. The first run has its own parameters.
      await page.goto('/');
      await press(link('Job search'));
      await at('run-status').filter({ hasText: 'Never run' }).waitFor();
      await press(page.locator('summary', { hasText: 'Parameters' }));
      await type(page.getByLabel('Label'), 'Rust');
      await press(button('Run'));
      await page.waitForURL(RUN_PAGE);
      const runId = page.url().slice(-36);
      if (javaScriptEnabled) await page.evaluate('void (window.sameDocument = true)');
      await jobato.until(
        runId,
        ({ progress, metrics }) => progress.current === 1 && metrics.newJobsCount === 3,
      );
      await shows(at('run-progress'), 'look: 1 of 4 (25%)');
      await shows(at('run-log'), 'looking for Rust, deep true, at most 200');

      // Stops another run from the overview.
      const other = await jobato.trigger('endless');
      await jobato.until(other.runId, ({ steps }) => steps[0]!.status === 'running');
      const morning = page;
      const second = await page.context().newPage();
      page = second;
      await page.goto('/');
      await press(button('Stop Endless'));
      await jobato.untilEnded(other.runId);
      if (javaScriptEnabled) {
        await page.getByRole('row', { name: 'Endless' }).filter({ hasText: 'Cancelled' }).waitFor();
      } else {
        await page.waitForURL(`**/runs/${other.runId}`);
        await shows(at('run-status'), 'Cancelled');
      }

      // An outdated page allows the attempt: the server refuses it and links to the active run.
      await hidePages(page);
      await page.goto('/projects/search');
      await page.locator('#run-button').evaluate((element) => element.removeAttribute('disabled'));
      await press(button('Run'));
      await at('notice').waitFor();
      await press(at('notice').getByRole('link', { name: /^Open run #\d+$/ }));
      await page.waitForURL(`**/runs/${runId}`);
      await page.close();
      page = morning;

      // The first run ends, and the page that was open all the time shows it.
      signal.give();
      await jobato.untilEnded(runId);
      await shows(at('run-status'), 'Completed');
      await shows(at('run-log'), 'published');
      if (javaScriptEnabled) expect(await page.evaluate('window.sameDocument')).toBe(true);
      await press(page.locator('summary', { hasText: 'From a step' }));
      await press(button('Re-run from publish'));
      await page.waitForURL((url) => RUN_PAGE.test(url.pathname) && !url.pathname.endsWith(runId));
      const rerunId = page.url().slice(-36);
      await jobato.untilEnded(rerunId);
      await shows(at('run-status'), 'Completed');

      // The history, by status.
      await page.goto('/projects/search');
      expect(await at('run-history').locator('tbody tr').count()).toBe(2);
      await press(at('run-history').getByRole('link', { name: /^Failed/ }));
      await at('run-history').getByText('Clear filters').first().waitFor();
      await press(at('run-history').getByRole('link', { name: /^Completed/ }));
      await at('run-history').locator('tbody tr').nth(1).waitFor();

      // The quota of the day is exhausted.
      const calls = await jobato.trigger('calls');
      await jobato.untilEnded(calls.runId);
      await page.goto('/projects/calls');
      await press(button('Run'));
      await at('notice').filter({ hasText: 'Quota reached' }).waitFor();
      expect(await at('notice').locator('time').getAttribute('datetime')).toMatch(/T\d\d:00:00\.000Z$/);
      expect(path()).toMatch(/^\/projects\/calls/);

      // The server stops and restarts on the same data.
      if (javaScriptEnabled) await page.goto('/');
      await jobato.stop();
      if (javaScriptEnabled) {
        // Simulates a switch to the tab: idle pages poll only every few seconds.
        await page.evaluate('void document.dispatchEvent(new Event("visibilitychange"))');
        await page.locator('#connection').filter({ hasText: 'Reconnecting' }).waitFor();
        await press(button('Run Job search'));
        await at('notice').filter({ hasText: 'The action may or may not have taken effect' }).waitFor();
      }
      jobato = await RunningApp.start(folders, {}, port);
      if (javaScriptEnabled) {
        await page.locator('#connection:empty').waitFor({ state: 'attached' });
      } else {
        await page.goto('/');
      }
      await page.getByRole('row', { name: 'Job search' }).filter({ hasText: 'Up to date' }).waitFor();
      expect(
        complaints.filter((text) => !/status of 4(09|29)|ERR_CONNECTION_REFUSED|ERR_EMPTY|^htmx:/.test(text)),
      ).toEqual([]);
    },
  );
});
