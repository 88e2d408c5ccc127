import type { Browser, Page } from 'playwright-core';
import { Pauses } from '../src/schedules/pauses';
import { ScheduleRepository } from '../src/schedules/schedule.repository';
import { addPastRuns } from './showcase/past-runs';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';
import { until } from './support/until';

/** On a rare day, so that no run starts during the test. */
const NEW_YEAR = '0 2 1 1 *';
const HOUR_MS = 3_600_000;
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const banner = (page: Page) => page.getByTestId('pause');
const line = (page: Page) => page.getByTestId('schedule');

describe('schedules in a browser', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;

  beforeAll(async () => {
    [jobato, browser] = await Promise.all([
      RunningApp.start({
        nightly: nodeStep('nightly', '0', `schedule: { cron: '${NEW_YEAR}', timeZone: Europe/Berlin }\n`),
        busy: "id: busy\nexecutor: external\nschedule: [{ name: often, cron: '* * * * * *' }]\n",
        plain: nodeStep('plain', '0'),
        past: nodeStep('past', '0', `schedule: { cron: '${NEW_YEAR}' }\n`),
      }),
      launchBrowser(),
    ]);
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    const pauses = jobato.app.get(Pauses, { strict: false });
    await Promise.all([pauses.resume('nightly'), pauses.resume(null)]);
    expect(complaints.filter((text) => !/status of 400/.test(text))).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), jobato?.stop()]);
  });

  async function open(path: string, options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
    const each = await openPage(browser, jobato.url, options);
    opened.push(each);
    await each.page.goto(path);
    return each.page;
  }
  const pausedOf = async (projectId: string) => {
    const answer = await jobato.fetch(`/api/projects/${projectId}/schedule`);
    return ((await answer.json()) as { paused: { reason: string | null; until: string | null } | null })
      .paused;
  };

  it('pause and resume a project on its page, with an end in the time zone of the reader', async () => {
    const page = await open('/projects/nightly');
    await line(page)
      .getByText(/^1 Jan 20\d\d, 02:00 (CET|GMT\+1)$/)
      .waitFor();
    const summary = line(page).locator('summary');
    const place = await summary.boundingBox();
    await summary.click();
    expect(await summary.boundingBox()).toEqual(place);
    await page.getByText('Until (optional, time in Europe/Berlin)').waitFor();
    await page.getByLabel('Reason').fill('Upgrade');
    await page.getByLabel('Until').fill('2020-01-01T10:00');
    await button(page, 'Pause').click();
    await page.getByTestId('notice').getByText('Until must be in the future').waitFor();
    await page.getByTestId('notice').getByRole('link', { name: 'Until' }).click();
    expect(await page.getByLabel('Until').evaluate('document.activeElement.id')).toBe('pause-until');

    const isRefreshed = page.waitForResponse(/\/projects\/nightly\/state/);
    await page.evaluate('void document.dispatchEvent(new Event("visibilitychange"))');
    await isRefreshed;
    expect(await page.getByLabel('Reason').inputValue()).toBe('Upgrade');
    await page.getByLabel('Until').fill('2099-07-01T10:00');
    await button(page, 'Pause').click();
    await banner(page).getByText('Schedules of nightly are paused').waitFor();
    await banner(page).getByText('Upgrade').waitFor();
    await line(page).getByText('Paused').waitFor();
    expect(await page.getByTestId('notice').count()).toBe(0);
    expect(await pausedOf('nightly')).toMatchObject({
      reason: 'Upgrade',
      until: '2099-07-01T08:00:00.000Z',
    });

    await button(page, 'Resume this project').click();
    await banner(page).waitFor({ state: 'detached' });
    await line(page).getByText('Paused').waitFor({ state: 'detached' });
    expect(await line(page).locator('details').getAttribute('open')).toBeNull();
    expect(await pausedOf('nightly')).toBeNull();
  });

  it('pause and resume without JavaScript, and keep a refused form on its page', async () => {
    const page = await open('/projects/nightly', { javaScriptEnabled: false });
    await line(page).locator('summary').click();
    await page.getByText('Until (optional, time in UTC)').waitFor();
    await page.getByLabel('Reason').fill('Upgrade');
    await page.getByLabel('Until').fill('2020-01-01T10:00');
    await button(page, 'Pause').click();
    await page.getByTestId('notice').getByText('Until must be in the future').waitFor();
    await page.getByRole('heading', { name: 'nightly', level: 1 }).waitFor();
    expect(await page.getByLabel('Reason').inputValue()).toBe('Upgrade');
    expect(await page.getByLabel('Until').inputValue()).toBe('2020-01-01T10:00');
    await page.getByLabel('Until').fill('2099-07-01T10:00');
    await button(page, 'Pause').click();
    await page.waitForURL('**/projects/nightly');
    await banner(page).getByText('until 2099-07-01 10:00 UTC').waitFor();
    await line(page).getByText('Paused').waitFor();
    await page.goto('/');
    await page.getByRole('row', { name: 'nightly' }).getByText('Paused').waitFor();
    await button(page, 'Resume nightly').click();
    await page.waitForURL('**/projects/nightly');
    await line(page).getByText('Pause', { exact: true }).first().waitFor();
    expect(await banner(page).count()).toBe(0);
    await page.goto('/projects/nightly/pause');
    await page.waitForURL('**/projects/nightly');
  });

  it.each([true, false])(
    'pause all projects on their page, with JavaScript: %s',
    async (javaScriptEnabled) => {
      const page = await open('/schedules', { javaScriptEnabled });
      await page.getByTestId('next-starts').getByRole('row', { name: 'nightly' }).waitFor();
      await page.getByText('Pause all schedules').click();
      await page.getByLabel('Until').fill('2020-01-01T10:00');
      await button(page, 'Pause').click();
      await page.getByTestId('notice').getByText('Until must be in the future').waitFor();
      expect(await page.getByLabel('Until').inputValue()).toBe('2020-01-01T10:00');
      await page.getByLabel('Until').fill('2099-07-01T10:00');
      await button(page, 'Pause').click();
      await banner(page).getByText('All schedules are paused').waitFor();
      await page.goto('/projects/nightly');
      await banner(page).getByText('All schedules are paused').waitFor();
      await line(page).getByText('Paused').waitFor();
      expect(await button(page, 'Resume this project').count()).toBe(0);
      await button(page, 'Resume').click();
      if (javaScriptEnabled) await banner(page).waitFor({ state: 'detached' });
      else await page.waitForURL('**/schedules');
      expect(await banner(page).count()).toBe(0);
    },
  );

  it('show the next start on the overview, and nothing for a project without a schedule', async () => {
    const page = await open('/');
    const nightly = page.getByRole('row', { name: 'nightly' });
    await nightly.getByText(/^\s*1 Jan( 20\d\d)?, 02:00/).waitFor();
    expect(
      await page
        .getByRole('row', { name: 'plain' })
        .getByText(/Jan|Paused/)
        .count(),
    ).toBe(0);
    await page.goto('/projects/plain');
    await page.getByTestId('run-history').waitFor();
    expect(await line(page).count()).toBe(0);
  });

  it('show skipped starts in the history, and the due time on the page of the run', async () => {
    const schedules = jobato.app.get(ScheduleRepository, { strict: false });
    const isBusy = ({ outcome }: { outcome: string }) => outcome === 'skipped-busy';
    await until(async () => (await schedules.list('busy', { limit: 2 })).items.filter(isBusy).length === 2);
    const page = await open('/projects/busy');
    const skipped = page.getByRole('row', { name: 'Skipped: a run was in progress' });
    await skipped.filter({ hasText: 'often' }).first().waitFor();
    await skipped
      .filter({ hasText: / to .*, \d+ times/ })
      .first()
      .waitFor();
    await page.getByRole('rowheader', { name: '#1' }).getByRole('link').click();
    const time = page.getByText('triggered by schedule often, due at').locator('time');
    const dueAt = (await time.getAttribute('datetime'))!;
    const { items } = await schedules.list('busy', { limit: 200 });
    expect(items.filter(({ outcome }) => outcome === 'started').map((record) => record.dueAt)).toEqual([
      dueAt,
    ]);
  });

  it('are on exactly one page of the history each, unless a filter excludes them', async () => {
    const schedules = jobato.app.get(ScheduleRepository, { strict: false });
    await addPastRuns(jobato, {
      ...{ projectId: 'past', runs: 50, everyHours: 10, stepSeconds: 1, troubleEvery: 0 },
    });
    const now = Date.now();
    const single = Array.from({ length: 104 }, (_, index) => now - (520 - index * 5) * HOUR_MS);
    await schedules.recordPassed({
      ...{ key: { projectId: 'past', schedule: 'default' }, recordedAt: new Date().toISOString() },
      passed: single.map((ms, index) => ({
        ...{ outcome: index % 2 === 0 ? ('missed' as const) : ('skipped-paused' as const) },
        ...{ older: null, single: [ms] },
      })),
    });
    const duesOn = (html: string) =>
      [...html.matchAll(/id="due-default-(\d+)"/g)].map(([, ms]) => Number(ms));
    const htmlOf = async (path: string) =>
      (await jobato.fetch(path, { headers: { accept: 'text/html' } })).text();
    const linkIn = (html: string, id: string) => {
      const href = new RegExp(`id="${id}" href="([^"]*)"`).exec(html)?.[1];
      return href?.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=').replace(/#.*/, '') ?? null;
    };
    const walk = async (start: string, link: string) => {
      const pages: number[][] = [];
      let html = await htmlOf(start);
      for (;;) {
        pages.push(duesOn(html));
        const next = linkIn(html, link);
        if (next === null) return { pages, html };
        html = await htmlOf(next);
      }
    };

    const { pages, html: last } = await walk('/projects/past', 'older-runs');
    expect(pages).toHaveLength(3);
    expect(pages.flat()).toEqual([...single].reverse());
    const back = await walk(linkIn(last, 'newer-runs')!, 'newer-runs');
    // Of the way back, only the newest page is the same: a page is filled from the place where it starts.
    expect(back.pages.at(-1)).toEqual(pages[0]);
    expect(new Set(back.pages.flat()).size).toBe(back.pages.flat().length);

    expect(duesOn(await htmlOf('/projects/past?triggeredBy=schedule'))).not.toEqual([]);
    for (const filter of ['status=completed', 'triggeredBy=manual', 'scope=full', 'search=a'])
      expect([filter, duesOn(await htmlOf(`/projects/past?${filter}`))]).toEqual([filter, []]);
  });

  it('fit a phone, and leave forms out of prints', async () => {
    await jobato.app.get(Pauses, { strict: false }).pause('nightly', { reason: 'x'.repeat(500) }, 'ada');
    const page = await open('/schedules', { viewport: { width: 360, height: 640 } });
    for (const path of ['/schedules', '/projects/nightly', '/projects/past', '/']) {
      await page.goto(path);
      await banner(page).getByText('by ada').waitFor();
      for (const details of await page.locator('.pause-form').all())
        await details.evaluate('(element) => element.open = true');
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect({ path, overflow: Math.max(0, Number(overflow)) }).toEqual({ path, overflow: 0 });
    }
    await page.emulateMedia({ media: 'print' });
    await page.goto('/projects/past');
    expect(await line(page).isVisible()).toBe(true);
    expect(await page.locator('.pause-form').isVisible()).toBe(false);
    expect(await banner(page).isVisible()).toBe(true);
    expect(await button(page, 'Resume nightly').isVisible()).toBe(false);
  });
});
