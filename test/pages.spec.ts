import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Database } from '../src/database/database';
import { RejectedEvents } from '../src/events/rejected-events';
import { RunRepository } from '../src/runs/run.repository';
import { launchBrowser, openPage, pressAsOfBefore } from './support/browser';
import { eventually } from './support/crash';
import { nodeStep, RunningApp } from './support/jobato';
import { BROKEN_PROJECT, ENDLESS_PROJECT, searchProject } from './support/pages-projects';
import { Given } from './support/pages-signal';

const RUN_PAGE = /\/runs\/[0-9a-f-]{36}$/;
/** Matches the exact name: "Re-run" is not "Run". */
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const at = (page: Page, testId: string) => page.getByTestId(testId);
const shows = (page: Page, testId: string, text: string | RegExp) =>
  at(page, testId).filter({ hasText: text }).first().waitFor();

/** Simulates a switch to the tab: idle pages poll only every few seconds. */
const lookAt = (page: Page) => page.evaluate('void document.dispatchEvent(new Event("visibilitychange"))');

describe('pages in a browser', () => {
  const signal = new Given();
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    jobato = await RunningApp.start({
      search: searchProject(signal),
      endless: ENDLESS_PROJECT,
      broken: BROKEN_PROJECT,
    });
  });
  afterEach(async () => {
    signal.take();
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    await jobato.stop();
    // A refused form is not a fault of the page; all other console messages are.
    expect(complaints.filter((text) => !/status of 4(00|09)/.test(text))).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    signal.remove();
  });

  async function open(path: string, options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
    const each = await openPage(browser, jobato.url, options);
    opened.push(each);
    await each.page.goto(path);
    return each.page;
  }

  it('lead from the overview to a run and show it live until it ends', async () => {
    const page = await open('/');
    await page.getByText('config/projects/broken.yaml').waitFor();
    await page.getByRole('link', { name: 'Job search' }).click();
    await shows(page, 'run-status', 'Never run');
    await page.getByText('Parameters').click();
    await page.getByLabel('Label').fill('<b>bold</b>');
    await page.getByLabel('Deep').uncheck();
    await button(page, 'Run').click();

    await page.waitForURL(RUN_PAGE);
    await page.evaluate('void (window.sameDocument = true)');
    await shows(page, 'run-log', 'looking for <b>bold</b>, deep false, at most 200');
    await shows(page, 'run-progress', 'look: 1 of 4 (25%)');
    await shows(page, 'new-count', '3');
    await shows(page, 'run-log', 'a warning');
    expect(await page.locator('.line.is-stderr').count()).toBe(1);

    expect(await page.title()).toBe('● Job search #1 · Jobato');
    signal.give();
    await shows(page, 'run-status', 'Completed');
    expect(await page.title()).toBe('✓ Job search #1 · Jobato');
    await shows(page, 'detail-footer', /^\s*Ended \d/);
    await shows(page, 'run-log', 'published');
    await shows(page, 'new-count', '12');
    await shows(page, 'relevant-count', '7');
    await page
      .getByRole('status')
      .filter({ hasText: 'The run is completed.' })
      .waitFor({ state: 'attached' });
    expect(await page.evaluate('window.sameDocument')).toBe(true);

    const file = page.waitForEvent('download');
    await page.getByRole('link', { name: 'result.md' }).click();
    expect((await file).suggestedFilename()).toBe('result.md');

    await page.getByText('From a step').click();
    await button(page, 'Re-run from publish').click();
    await page.getByText('From publish, triggered as a re-run').waitFor();
    await shows(page, 'run-status', 'Completed');
    await shows(page, 'run-log', 'published');
    expect(await at(page, 'run-steps').locator('li').count()).toBe(1);
  });

  it('stop a run and show this on every open page', async () => {
    const overview = await open('/');
    const project = await open('/projects/endless');
    await button(project, 'Run').press('Enter');
    await project.waitForURL(RUN_PAGE);
    await shows(project, 'run-log', 'at it');
    await lookAt(overview);
    await overview.getByRole('row', { name: 'Endless' }).filter({ hasText: 'Running' }).waitFor();
    await overview.getByRole('link', { name: '1 running' }).waitFor();
    expect(await overview.title()).toBe('● 1 running · Projects · Jobato');
    await overview.getByRole('link', { name: 'Running 1' }).click();
    await overview.waitForURL('**/?state=running');
    expect(await overview.getByRole('row').count()).toBe(2);
    await overview.getByRole('link', { name: 'All projects' }).click();
    await overview.getByRole('row', { name: 'Job search' }).waitFor();

    await button(project, 'Stop').press('Enter');
    await shows(project, 'run-status', 'Cancelled');
    await button(project, 'Re-run').waitFor();
    await overview.getByRole('row', { name: 'Endless' }).filter({ hasText: 'Cancelled' }).waitFor();
    const heard = overview.getByRole('status').filter({ hasText: 'Endless: Cancelled.' });
    await heard.waitFor({ state: 'attached' });
  });

  it('keep typed text and focus while the project refreshes', async () => {
    const search = await open('/projects/search');
    await search.getByText('Parameters').click();
    await search.getByLabel('Label').fill('half a wo');
    const { runId } = await jobato.trigger('search');
    await lookAt(search);
    await shows(search, 'run-status', 'Running');
    expect(await search.getByLabel('Label').inputValue()).toBe('half a wo');
    expect(await search.locator('#param-label:focus').count()).toBe(1);
    expect(await button(search, 'Run').isDisabled()).toBe(true);
    signal.give();
    await shows(search, 'run-status', 'Completed');
    expect(await button(search, 'Run').isEnabled()).toBe(true);
    await jobato.untilEnded(runId);
  });

  it.each([true, false])(
    'show beside the button why a run cannot start (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const page = await open('/projects/search', { javaScriptEnabled });
      await page.getByText('Parameters').click();
      await page.getByLabel('Label').fill('kept');
      await page.getByLabel('Max terms').fill('9999');
      await button(page, 'Run').click();
      await shows(page, 'notice', 'Max terms must be at most 2000');
      expect(await page.locator('#param-maxTerms-error').innerText()).toBe('Max terms must be at most 2000');
      expect(await page.getByLabel('Label').inputValue()).toBe('kept');

      await page.getByLabel('Max terms').fill('20');
      const { runId } = await jobato.trigger('search');
      // Tests an outdated page: presses the button as if the page did not know about the other run.
      await pressAsOfBefore(page.locator('#run-button'));
      const way = at(page, 'notice').getByRole('link', { name: /^Open run #\d+$/ });
      expect(await way.getAttribute('href')).toBe(`/runs/${runId}`);
      expect(await at(page, 'notice').getAttribute('role')).toBe('alert');
      expect(await page.locator('#param-maxTerms-error').textContent()).toBe('');
      expect(await page.getByLabel('Label').inputValue()).toBe('kept');
      signal.give();
      await jobato.untilEnded(runId);
      // Without JavaScript, the form's address stays in the address bar, so it must be loadable.
      await page.goto(page.url());
      await shows(page, 'run-status', 'Completed');
    },
  );

  it("show responses beside the project's button without moving other buttons", async () => {
    const page = await open('/');
    const run = button(page, 'Run Endless');
    await run.waitFor();
    const { runId } = await jobato.trigger('endless');
    const place = await run.boundingBox();
    await run.click();
    const answer = page.locator('#said-endless');
    await answer.getByRole('link', { name: /^Open run #\d+$/ }).waitFor();
    await lookAt(page);
    await button(page, 'Stop Endless').waitFor();
    // The stop button has a separate place, so that a second press does not stop another user's run.
    await page.mouse.click(place!.x + place!.width / 2, place!.y + place!.height / 2);
    await answer.getByText(/^Open run #\d+$/).waitFor();
    expect(await jobato.app.get(RunRepository).get(runId)).toMatchObject({ cancelRequestedAt: null });
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    await page.getByRole('row', { name: 'Endless' }).filter({ hasText: 'Cancelled' }).waitFor();
    await page.locator('#said-endless:empty').waitFor({ state: 'attached' });

    // Without a response the outcome is unknown; the page shows it once the server responds again.
    await page.route('**/projects/endless/runs', (route) => route.abort());
    await button(page, 'Run Endless').click();
    await answer.getByText('The action may or may not have taken effect').waitFor();
    await page.unroute('**/projects/endless/runs');
    await answer.getByText('The server responds again. The page shows the result.').waitFor();
    await button(page, 'Run Endless').press('Enter');
    await page.waitForURL(RUN_PAGE);
    await page.goBack();
    await button(page, 'Stop Endless').press('Enter');
    await page.getByRole('row', { name: 'Endless' }).filter({ hasText: 'Cancelled' }).waitFor();
    await page.getByRole('link', { name: 'Endless' }).and(page.locator(':focus')).waitFor();
    opened.at(-1)!.complaints = opened
      .at(-1)!
      .complaints.filter((text) => !/409|ERR_FAILED|^htmx:/.test(text));
  });

  it("show on a finished run's page that another run is in progress", async () => {
    const { runId } = await jobato.trigger('search', { scope: 'only:publish' });
    await jobato.untilEnded(runId);
    const page = await open(`/runs/${runId}`);
    await page.getByText('nothing running').waitFor();
    await jobato.trigger('endless');
    await lookAt(page);
    await page.getByRole('link', { name: '1 running' }).click();
    await shows(page, 'run-log', 'at it');
    await button(page, 'Stop').click();
    await shows(page, 'run-status', 'Cancelled');
  });

  it('start, show, stop and re-run without JavaScript', async () => {
    const page = await open('/', { javaScriptEnabled: false });
    await page.getByRole('link', { name: 'Endless' }).click();
    await button(page, 'Run').click();
    await page.waitForURL(RUN_PAGE);
    const runId = page.url().slice(-36);
    await jobato.until(runId, ({ steps }) => steps[0]!.status === 'running');
    await page.reload();
    await shows(page, 'run-status', 'Running');
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0);
    await page.getByRole('link', { name: 'Auto-refresh' }).click();
    await page.waitForURL(/reload=on$/);
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(1);
    await button(page, 'Stop').click();
    await page.waitForURL((url) => RUN_PAGE.test(url.pathname) && url.search === '');
    await jobato.untilEnded(runId);
    await page.reload();
    await shows(page, 'run-status', 'Cancelled');
    await shows(page, 'run-log', 'at it');
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0);

    await button(page, 'Re-run').click();
    await page.waitForURL((url) => RUN_PAGE.test(url.pathname) && !url.pathname.endsWith(runId));
    await page.locator(`#rerun-of[href="/runs/${runId}"]`).waitFor();
    await button(page, 'Stop').click();
    await jobato.untilEnded(page.url().slice(-36));
  });

  it("show times in the reader's zone and language, with the exact UTC time", async () => {
    const { runId } = await jobato.trigger('search', { scope: 'only:publish' });
    const { startedAt } = await jobato.untilEnded(runId);
    const options = { locale: 'de-DE', timezoneId: 'Asia/Tokyo' };
    const time = (await open(`/runs/${runId}`, options)).getByTestId('last-run').locator('time');
    const expected = new Intl.DateTimeFormat('de-DE', { timeStyle: 'short', timeZone: 'Asia/Tokyo' });
    expect(await time.innerText()).toContain(expected.format(new Date(startedAt)));
    expect(await time.getAttribute('title')).toBe(startedAt.replace('T', ' ').replace('Z', ' UTC'));

    const plain = await open(`/runs/${runId}`, { ...options, javaScriptEnabled: false });
    expect(await plain.getByTestId('last-run').innerText()).toBe(
      `${startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    );
  });

  it('return 204 while nothing has changed', async () => {
    const { runId } = await jobato.trigger('search', { scope: 'only:publish' });
    await jobato.untilEnded(runId);
    for (const path of [
      '/',
      '/runs',
      '/runs?q=work&time=range',
      '/projects/search',
      `/runs/${runId}`,
      '/results',
      '/workers',
      '/quota',
      '/queries',
      '/status',
    ]) {
      const page = await (await jobato.fetch(path)).text();
      const parts = [...page.matchAll(/hx-get="([^"]+version[^"]+)"/g)];
      expect(parts.length).toBeGreaterThan(1); // the count in the header is one of them
      for (const [, escaped] of parts) {
        const part = escaped!.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=');
        expect([part, (await jobato.fetch(part)).status]).toEqual([part, 204]);
        const changed = await jobato.fetch(part.replace(/version=\w+/, 'version=another'));
        expect(changed.status).toBe(200);
        expect(await changed.text()).not.toContain('<html');
      }
    }
  });

  it('keep the filter of their address when they refresh', async () => {
    const file = join(jobato.folders.configDir, 'projects', 'short-lived.yaml');
    writeFileSync(file, nodeStep('short-lived', ''));
    await eventually('the project', async () => (await jobato.fetch('/api/projects/short-lived')).ok);
    const { runId } = await jobato.trigger('short-lived');
    await jobato.untilEnded(runId);
    rmSync(file);
    await eventually('its removal', async () => !(await jobato.fetch('/api/projects/short-lived')).ok);
    for (const [path, part] of [
      ['/?state=failed', '/state?state=failed'],
      ['/projects/search?search=bad', '/projects/search/state?search=bad'],
      ['/runs?status=failed&q=bad', '/runs/state?status=failed&q=bad'],
      // The part of an open page whose project was removed.
      ['/projects/short-lived/state?search=bad', '/projects/short-lived/state?search=bad'],
    ] as const) {
      const page = await (await jobato.fetch(path, { headers: { 'HX-Request': 'true' } })).text();
      const parts = [...page.matchAll(/hx-get="([^"]+)"/g)].map(([, escaped]) =>
        escaped!.replaceAll('&amp;', '&').replaceAll('&#x3D;', '='),
      );
      expect(parts).toContainEqual(expect.stringContaining(part));
    }
  });

  it.each([429, 503])('keep their content when a refresh is answered with status %d', async (status) => {
    const { page } = await openPage(browser, jobato.url); // the answer is a complaint of the browser
    await page.goto('/');
    const isRefresh = /\/state\?/;
    const body = '<!doctype html><title>Unavailable</title><p>From a proxy</p>';
    await page.route(isRefresh, (route) => route.fulfill({ status, contentType: 'text/html', body }));
    await lookAt(page);
    const message = page.locator('#connection');
    await message.filter({ hasText: `The server returned status ${status}.` }).waitFor();
    expect(await page.locator('main').innerText()).toContain('Job search');
    await page.unroute(isRefresh);
    await lookAt(page);
    await message.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
    await page.context().close();
  });

  it('list rejected events as text and allow discarding them', async () => {
    const rejected = jobato.app.get(RejectedEvents, { strict: false });
    const fields = {
      eventType: 'run.progress',
      runId: '01890000-0000-7000-8000-000000000000',
      payload: '<script>document.title = "mine"</script>',
    };
    await jobato.app.get(Database, { strict: false }).write(async (tx, entries: string[]) => {
      await rejected.put(
        tx,
        entries.map((entryId) => ({ entryId, reason: 'there is no such run', fields })),
      );
      return entries;
    }, '1-0');
    const page = await open('/');
    await page.getByRole('link', { name: 'events need attention' }).click();
    await page.getByText('Raw event').click();
    expect(await page.getByText('View run').count()).toBe(0);
    await page.getByText(fields.payload).waitFor();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('The server applied every event').waitFor();
    expect(await page.getByRole('link', { name: 'events need attention' }).count()).toBe(0);
    expect((await rejected.totals()).events).toBe(0);
  });

  it('require the token, keep typed text across an ended session, and sign out', async () => {
    await jobato.stop();
    jobato = await RunningApp.start(
      { search: searchProject(signal) },
      { JOBATO_ADMIN_TOKEN: 'a-token-of-some-length' },
    );
    const page = await open('/projects/search');
    await page.getByLabel('Token').fill('a-token-of-some-length');
    await button(page, 'Sign in').click();
    await page.waitForURL('**/projects/search');
    await page.getByText('Parameters').first().click();
    await page.getByLabel('Label').fill('half a wo');
    // The session ends while the page is open. The next poll receives the sign-in page, which must never become a
    // part of this page. Every part detects it, but the page navigates once: a second navigation would cancel the
    // first.
    let ways = 0;
    let heard = 0;
    const allHeard = new Promise<void>((resolve) => {
      page.on('requestfinished', (request) => {
        if (request.resourceType() === 'xhr' && request.url().includes('/login') && ++heard === 2) resolve();
      });
    });
    await page.route('**/login?ended=on**', async (route) => {
      ways++;
      await allHeard;
      await route.continue();
    });
    await page.context().clearCookies();
    await lookAt(page);
    await page.waitForURL('**/login?ended=on&next=%2Fprojects%2Fsearch');
    expect(ways).toBe(1);
    await page.getByText('Your session has ended').waitFor();
    await page.getByLabel('Token').fill('a-token-of-some-length');
    await button(page, 'Sign in').click();
    await page.locator('#param-label:visible').waitFor();
    expect(await page.getByLabel('Label').inputValue()).toBe('half a wo');
    await page.reload();
    expect(await page.getByLabel('Label').inputValue()).not.toBe('half a wo');
    await button(page, 'Sign out').click();
    await page.waitForURL('**/login');
    await page.goBack();
    await page.waitForURL('**/login?next=%2Fprojects%2Fsearch');
  });

  it('work with the keyboard from the top of the page', async () => {
    const page = await open('/projects/search');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    // In visual order.
    for (const target of [
      page.getByRole('combobox', { name: 'Scope', exact: true }),
      button(page, 'Run'),
      page.locator('.params > summary'),
      page.locator('#run-plans > summary'),
    ]) {
      await page.keyboard.press('Tab');
      await target.and(page.locator(':focus')).waitFor();
    }
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(RUN_PAGE);
  });

  it('show links on the page for an unknown address', async () => {
    await jobato.trigger('endless');
    const page = await open('/nowhere');
    await page.getByText('Page not found: /nowhere').waitFor();
    await page.getByRole('link', { name: '1 running' }).waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'System' }).click();
    await page.getByRole('navigation', { name: 'System' }).getByRole('link', { name: 'Workers' }).click();
    await page.getByRole('heading', { name: 'Workers', level: 1 }).waitFor();
    opened.at(-1)!.complaints = opened.at(-1)!.complaints.filter((text) => !/status of 404/.test(text));
  });

  it('fit a phone screen', async () => {
    const nowhere = `/nowhere/${'far'.repeat(30)}`;
    const page = await open('/', { viewport: { width: 360, height: 640 } });
    for (const path of [
      nowhere,
      '/',
      '/runs',
      '/projects/search',
      '/events/rejected',
      '/notifications',
      '/schedules',
      '/results',
      '/add-project',
      '/docs/projects',
      '/quota',
      '/queries',
      '/workers',
      '/status',
    ]) {
      await page.goto(path);
      await page.getByRole('heading').first().waitFor();
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect({ path, overflow: Math.max(0, Number(overflow)) }).toEqual({ path, overflow: 0 });
    }
    opened.at(-1)!.complaints = opened.at(-1)!.complaints.filter((text) => !/status of 404/.test(text));
  });
});
