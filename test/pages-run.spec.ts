import type { Browser, Page } from 'playwright-core';
import { Clock } from '../src/clock/clock';
import { ErrorLines } from '../src/logs/error-lines';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';

const STUBBORN = `process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000);`;
const FAILS = `
  console.log('at it'); console.error('first'); console.error('\u001b[31mlast <b>\u001b[0m');
  for (let i = 0; i < 3000; i++) console.log('and on, ' + i);
  process.exitCode = 3`;
/** A picture of one pixel. */
const DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const MAKES = `
  const fs = require('node:fs'); const dir = process.env.JOBATO_RUN_DIR;
  const make = (path, content) => {
    fs.writeFileSync(dir + '/' + path, content); fs.writeSync(3, JSON.stringify({ artifact: { path } }) + '\\n');
  };
  fs.mkdirSync(dir + '/reports');
  make('reports/today.md', '# Found\\n\\n<img src=x onerror=alert(1)> [all](https://example.com)');
  make('model.bin', Buffer.from([0, 1, 2]));
  make('dot.png', Buffer.from('${DOT}', 'base64'));`;

/** Notes in the attribute `data-order` when the page's scripts begin to listen and open the event stream. */
const RECORD_ORDER = `
  const note = (what) => (document.documentElement.dataset.order = (document.documentElement.dataset.order ?? '') + what);
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (type === 'jobato:grown') note('the log listens, ');
    listen.call(this, type, ...rest);
  };
  window.EventSource = class extends EventSource {
    constructor(url) {
      super(url);
      note('the stream opens');
    }
  };`;

describe('run page', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({
      stubborn: nodeStep('stubborn', STUBBORN),
      fails: `${nodeStep('fails', FAILS).replace('steps:\n', 'steps:\n  - name: before\n    command: [echo, before]\n')}  - name: after\n    command: [echo, after]\n`,
      makes: nodeStep('makes', MAKES),
      waits: `${nodeStep('waits', "console.log('ready'); setInterval(() => {}, 1000)")}  - name: after\n    command: [echo, after]\n`,
      elsewhere: 'id: elsewhere\nname: Elsewhere\nexecutor: external\n',
    });
  });
  afterAll(async () => {
    await jobato.stop();
    await browser.close();
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    expect(complaints).toEqual([]);
  });

  async function open(path: string, options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
    const each = await openPage(browser, jobato.url, options);
    opened.push(each);
    await each.page.goto(path);
    return each.page;
  }

  it('opens its stream only after the script of the log listens', async () => {
    const { runId } = await jobato.trigger('waits');
    const page = await open(`/runs/${runId}`);
    await page.addInitScript({ content: RECORD_ORDER });
    await page.reload();
    const noted = page.locator('html[data-order*="the stream opens"]');
    await noted.waitFor({ state: 'attached' });
    expect(await noted.getAttribute('data-order')).toBe('the log listens, the stream opens');
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    await jobato.untilEnded(runId);
  });

  it('says that lines of an ended run could not be loaded', async () => {
    const { runId } = await jobato.trigger('fails');
    await jobato.untilEnded(runId);
    const { page } = await openPage(browser, jobato.url); // the failed request is a complaint of the browser
    await page.goto(`/runs/${runId}`);
    await page.route(/\/log\?/, (route) => route.abort());
    await page.getByRole('link', { name: /earlier/i }).click();
    const message = page.locator('#connection');
    await message.filter({ hasText: 'The lines of the log could not be loaded. Try again.' }).waitFor();
    await page.unroute(/\/log\?/);
    await page.getByRole('link', { name: /earlier/i }).click();
    await message.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
    await page.context().close();
  });

  it('shows the progress of a stop and counts down to the kill', async () => {
    const { runId } = await jobato.trigger('stubborn');
    const page = await open(`/runs/${runId}`);
    await page.getByTestId('run-log').filter({ hasText: 'ready' }).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    const waiting = page.locator('#run-waiting');
    await waiting
      .filter({ hasText: /SIGTERM was sent to step work .* Still alive: node \(pid \d+\)/ })
      .waitFor();
    // The seconds keep counting, from any value.
    const left = async () => Number(/killed in (\d+) s\./.exec(await waiting.innerText())?.[1]);
    const before = await left();
    expect(before).toBeLessThanOrEqual(10);
    await waiting.filter({ hasText: new RegExp(`killed in (${before - 1}|${before - 2}) s\\.`) }).waitFor();
    await page.locator('#run-past').filter({ hasText: 'Stop requested manually' }).waitFor();
    await page.getByTestId('run-status').filter({ hasText: 'Cancelled' }).waitFor();
    await page.locator('#run-past').filter({ hasText: 'SIGKILL sent to step work' }).waitFor();
    expect(await waiting.count()).toBe(0);
  });

  it.each([1280, 360])(
    'keeps Stop and Re-run in place when the run ends, at a width of %d',
    async (width) => {
      const { runId } = await jobato.trigger('waits');
      const page = await open(`/runs/${runId}`, { viewport: { width, height: 800 } });
      const [stop, rerun] = ['Stop', 'Re-run'].map((name) => page.getByRole('button', { name, exact: true }));
      const places = async () => [await stop!.boundingBox(), await rerun!.boundingBox()];
      await page.getByTestId('run-log').filter({ hasText: 'ready' }).waitFor();
      expect([await stop!.isEnabled(), await rerun!.isEnabled()]).toEqual([true, false]);
      const before = await places();
      await stop!.click();
      await page.getByTestId('run-status').filter({ hasText: 'Cancelled' }).waitFor();
      await page.locator('#rerun-menu').waitFor();
      expect([await stop!.isEnabled(), await rerun!.isEnabled()]).toEqual([false, true]);
      expect(await places()).toEqual(before);
    },
  );

  it('delays the waiting reason for two seconds to avoid flashing', async () => {
    const { runId } = await jobato.trigger('elsewhere');
    const run = await jobato.until(runId, () => true);
    const clock = jest.spyOn(jobato.app.get(Clock), 'nowMs').mockReturnValue(Date.parse(run.startedAt));
    const page = await open(`/runs/${runId}`);
    const waiting = page.locator('#run-waiting.is-fresh');
    await waiting.waitFor({ state: 'attached' });
    // Checks only the style, by setting the time of its animation.
    const heights = await waiting.evaluate((banner) => {
      const { style } = banner as unknown as { style: { animation: string } };
      const element = banner as unknown as {
        clientHeight: number;
        getAnimations(): { currentTime: number; pause(): void }[];
      };
      style.animation = 'none';
      void element.clientHeight;
      style.animation = '';
      const animation = element.getAnimations()[0]!;
      animation.pause();
      return [0, 1999, 2001].map((time) => {
        animation.currentTime = time;
        return element.clientHeight;
      });
    });
    expect(heights).toEqual([0, 0, expect.any(Number)]);
    expect(heights[2]).toBeGreaterThan(20);
    await waiting.getByText('Start the worker of project elsewhere').waitFor();

    clock.mockReturnValue(Date.parse(run.startedAt) + 2001);
    await page.reload();
    await page.locator('#run-waiting:not(.is-fresh)').waitFor();
    clock.mockRestore();
  });

  it.each([true, false])(
    'shows the failure and re-runs from the failed step (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const { runId } = await jobato.trigger('fails');
      await jobato.untilEnded(runId);
      expect(await jobato.app.get(ErrorLines, { strict: false }).lastOf(runId, 'work', 1)).toEqual([
        'last <b>',
      ]);
      const page = await open(`/runs/${runId}`, { javaScriptEnabled });
      const failure = page.locator('#run-failure');
      await failure.getByRole('heading', { name: 'Step work failed with exit code 3' }).waitFor();
      expect(await failure.locator('pre').innerText()).toBe('first\nlast <b>\n');
      await failure.getByRole('button', { name: 'Re-run from here' }).click();
      await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith(runId));
      await page.getByText('From work, triggered as a re-run').waitFor();
      await jobato.untilEnded(page.url().slice(-36));

      await page.goto(`/runs/${runId}`);
      const family = page.getByRole('table').filter({ hasText: 'Parameters that differ' });
      expect(await family.getByRole('row').allInnerTexts()).toEqual([
        expect.any(String),
        expect.stringMatching(/this run/),
        expect.stringMatching(/re-run of this run/),
      ]);
    },
  );

  it('previews artifacts without executing their content', async () => {
    const { runId } = await jobato.trigger('makes');
    await jobato.untilEnded(runId);
    const page = await open(`/runs/${runId}`, { viewport: { width: 360, height: 640 } });
    await page
      .getByRole('listitem')
      .filter({ hasText: 'today.md' })
      .getByRole('link', { name: 'Preview' })
      .click();
    await page.getByRole('heading', { name: 'Found' }).waitFor();
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('.document img').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'all' }).getAttribute('rel')).toContain('noopener');
    const file = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    expect((await file).suggestedFilename()).toBe('today.md');
    expect((await jobato.fetch(`/runs/${runId}/artifacts/nothing`)).status).toBe(404);
    await page.goto(`/runs/${runId}/artifacts/model.bin`);
    await page.getByText('No preview: this file is neither text nor an image').waitFor();
    await page.goto(`/runs/${runId}/artifacts/dot.png`);
    const picture = page.getByRole('img', { name: 'Preview of dot.png' });
    await expect(
      picture.evaluate((image) => (image as unknown as { decode(): Promise<void> }).decode()),
    ).resolves.toBeUndefined();
  });
});
