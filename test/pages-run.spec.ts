import type { Browser, Page } from 'playwright-core';
import { Clock } from '../src/clock/clock';
import { ProjectCatalogue } from '../src/projects/project-catalogue';
import { ErrorLines } from '../src/logs/error-lines';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp, writeProject } from './support/jobato';
import { until } from './support/until';

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

const SECRET = `id: secret
params: { token: { type: secret, required: true }, day: { type: string } }
steps:
  - name: work
    run: |
      echo one
      echo two
`;

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
      makes: nodeStep('makes', MAKES, 'name: Makes\n'),
      secret: SECRET,
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
    await page.getByTestId('run-status').filter({ hasText: 'Cancelled' }).waitFor();
    expect(await waiting.count()).toBe(0);
    await page.getByTestId('run-outcome').getByRole('heading', { name: 'Stopped manually' }).waitFor();
    await page.getByRole('link', { name: 'Timeline' }).click();
    const events = page.getByRole('region', { name: 'Events' });
    await events.filter({ hasText: 'Stop requested manually' }).waitFor();
    await events.filter({ hasText: 'SIGKILL sent to step work' }).waitFor();
  });

  it.each([1280, 360])('keeps Re-run in place when the run ends, at a width of %d', async (width) => {
    const { runId } = await jobato.trigger('waits');
    const page = await open(`/runs/${runId}`, { viewport: { width, height: 800 } });
    const [stop, rerun] = ['Stop', 'Re-run'].map((name) => page.getByRole('button', { name, exact: true }));
    await page.getByTestId('run-log').filter({ hasText: 'ready' }).waitFor();
    expect([await stop!.isEnabled(), await rerun!.isEnabled()]).toEqual([true, false]);
    const [stopBefore, rerunBefore] = [await stop!.boundingBox(), await rerun!.boundingBox()];
    await stop!.click();
    await page.getByTestId('run-status').filter({ hasText: 'Cancelled' }).waitFor();
    const menu = page.locator('#rerun-menu > summary');
    await menu.waitFor();
    expect([await stop!.count(), await rerun!.isEnabled()]).toEqual([0, true]);
    expect(await rerun!.boundingBox()).toEqual(rerunBefore);
    // A second press on Stop opens the menu, which starts nothing.
    expect(await menu.boundingBox()).toEqual(stopBefore);
  });

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
      const outcome = page.getByTestId('run-outcome');
      await outcome.getByRole('heading', { name: 'Step work failed with exit code 3' }).waitFor();
      expect(await outcome.locator('pre').innerText()).toBe('first\nlast <b>\n');
      await outcome.getByRole('button', { name: 'Re-run from work' }).click();
      await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith(runId));
      await page.getByText(/From work, triggered as a re-run of\s+#\d+/).waitFor();
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

  it.each([true, false])(
    'shows the definition that the run was started with (JavaScript: %s)',
    async (js) => {
      const { runId } = await jobato.trigger('secret', {
        params: { token: 'hunter2-hunter2', day: 'Monday' },
      });
      await jobato.untilEnded(runId);
      const page = await open(`/runs/${runId}`, { javaScriptEnabled: js });
      expect(await page.getByRole('link', { name: 'Run', exact: true }).getAttribute('aria-current')).toBe(
        'page',
      );
      await page.getByRole('link', { name: 'Definition' }).click();
      const file = page.locator('#definition-file');
      await file.filter({ hasText: 'token: {type: secret, required: true}' }).waitFor();
      expect(await file.innerText()).toMatch(/- name: work\n {4}run: \|\n {6}echo one\n {6}echo two\n/);
      expect(await page.content()).not.toContain('hunter2');
      await page.getByText('The project has not changed since.').waitFor();

      writeProject(jobato.folders, 'secret', SECRET.replace('echo two', 'echo three'));
      const catalogue = jobato.app.get(ProjectCatalogue, { strict: false });
      await until(() => catalogue.get('secret').definition.steps[0]!.script!.text.includes('three'));
      await page.reload();
      await page.getByText('The project has changed since.').waitFor();
      expect(await file.innerText()).toContain('echo two');
      const links = await page
        .locator('main a')
        .evaluateAll((all) => all.map((each) => each.getAttribute('href')!));
      for (const href of links) expect([href, (await jobato.fetch(href)).status]).toEqual([href, 200]);
      writeProject(jobato.folders, 'secret', SECRET);
      await until(() => catalogue.get('secret').definition.steps[0]!.script!.text.includes('two'));
    },
  );

  it('shows in the timeline what happens while it is open', async () => {
    const { runId } = await jobato.trigger('waits');
    const page = await open(`/runs/${runId}/timeline`);
    const events = page.getByRole('region', { name: 'Events' });
    await events.filter({ hasText: 'Step work started' }).waitFor();
    await page.evaluate('void (window.sameDocument = true)');
    await jobato.fetch(`/api/runs/${runId}`, { method: 'DELETE' });
    await events.filter({ hasText: 'Run cancelled' }).waitFor();
    expect(await page.evaluate('window.sameDocument')).toBe(true);
    expect((await jobato.fetch(`/runs/${runId}/timeline?after=0`)).status).toBe(200);
  });

  it('copies the id of the run on one press, and leads to the whole id without JavaScript', async () => {
    const { runId } = await jobato.trigger('makes');
    await jobato.untilEnded(runId);
    const page = await open(`/runs/${runId}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const id = page.locator('#copy-run-id');
    await id.click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor({ state: 'attached' });
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(runId);
    const plain = await open(`/runs/${runId}`, { javaScriptEnabled: false });
    await plain.locator('#copy-run-id').click();
    await plain.waitForURL(/#run-id$/);
    expect(await plain.locator('#run-id:target').innerText()).toBe(runId);
  });

  it('states each fact once, and hides the values that there are not', async () => {
    const { runId } = await jobato.trigger('makes');
    const { startedAt, endedAt } = await jobato.untilEnded(runId);
    const page = await open(`/runs/${runId}`, { javaScriptEnabled: false });
    const times = (at: string) => page.locator(`main time[datetime="${at}"]`).count();
    expect([await times(startedAt), await times(endedAt!)]).toEqual([1, 1]);
    const main = await page.locator('main').innerText();
    const countOf = (text: string) => main.split(text).length - 1;
    expect([countOf('Makes #'), countOf('triggered'), countOf('Duration'), countOf('Worker ')]).toEqual([
      1, 1, 1, 1,
    ]);
    for (const cell of ['new-count', 'relevant-count', 'quota-remaining'])
      expect([cell, await page.getByTestId(cell).count(), await page.getByTestId(cell).isVisible()]).toEqual([
        cell,
        1,
        false,
      ]);
  });

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
