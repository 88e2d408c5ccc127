import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';

/** 3,000 lines, more than two parts of the log, with a match in every hundredth. */
const WRITES = `
  for (let n = 1; n <= 3000; n++) console.log(n % 100 === 0 ? 'needle ' + n + ', needle' : 'line ' + n);`;
/** The errors of real programs, between other lines. */
const FAILS = `
  const { readFileSync } = require('node:fs');
  for (const name of ['python', 'node', 'java', 'go'])
    process.stderr.write(readFileSync(${JSON.stringify(join(__dirname, 'support', 'traces'))} + '/' + name + '.txt'));
  console.log('fine');`;

describe('links, matches and traces in the log of a run', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;
  let written: string;
  let failed: string;
  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({
      writes: `${nodeStep('writes', WRITES)}  - name: after\n    command: [echo, after]\n`,
      fails: nodeStep('fails', FAILS),
    });
    [written, failed] = (await Promise.all(
      ['writes', 'fails'].map(async (id) => {
        const { runId } = await jobato.trigger(id);
        await jobato.untilEnded(runId);
        return runId;
      }),
    )) as [string, string];
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

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const each = await openPage(browser, jobato.url, { viewport: { width: 1366, height: 768 }, ...options });
    opened.push(each);
    await each.page.goto(path);
    return each.page;
  }
  const line = (page: Page, seq: number) => page.locator(`#L${seq}`);
  const number = (page: Page, seq: number) => page.locator(`#L${seq} .line-number`);
  const said = (page: Page) => page.locator('#log-said');
  const linked = (page: Page) =>
    page.evaluate<number[]>(
      `[...document.querySelectorAll('.line.is-linked')].map(({ id }) => Number(id.slice(1)))`,
    );
  const isInView = (page: Page, selector: string) =>
    page.waitForFunction(
      `(() => {
        const box = document.getElementById('log-box').getBoundingClientRect();
        const { top, bottom } = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
        return top >= Math.max(0, box.top) && bottom <= Math.min(innerHeight, box.bottom);
      })()`,
    );
  const lines = [2000, 2001, 2002, 2003, 2004];

  it('selects a line by a click and a range with Shift, without moving the log', async () => {
    const page = await open(`/runs/${written}?from=1990`);
    await line(page, 2004).scrollIntoViewIfNeeded();
    await line(page, 2000).scrollIntoViewIfNeeded();
    const before = await number(page, 2000).boundingBox();
    await number(page, 2004).click();
    expect(new URL(page.url()).hash).toBe('#L2004');
    expect(await linked(page)).toEqual([2004]);
    await number(page, 2000).click({ modifiers: ['Shift'] });
    expect(new URL(page.url()).hash).toBe('#L2000-L2004');
    expect(await linked(page)).toEqual(lines);
    expect(await said(page).textContent()).toBe('Selected lines 2,000 to 2,004');
    expect(await number(page, 2000).boundingBox()).toEqual(before);
    await page.goBack();
    await page.waitForFunction(`document.querySelectorAll('.line.is-linked').length === 1`);
  });

  it('opens a range outside of the first part of the log', async () => {
    const page = await open(`/runs/${written}#L2000-L2004`);
    await isInView(page, '#L2000');
    expect(await linked(page)).toEqual(lines);
    await page.evaluate('void (location.hash = "#L9-L7")');
    await page.waitForURL('**?from=1#L9-L7');
    await isInView(page, '#L7');
    expect(await linked(page)).toEqual([7, 8, 9]);
  });

  it('opens a copied link without JavaScript', async () => {
    const page = await open(`/runs/${written}?lines=2000-2004#L2000-L2004`, { javaScriptEnabled: false });
    await line(page, 2000).waitFor();
    expect(await page.locator('.line.is-linked').count()).toBe(5);
    const [box, its] = [await page.locator('#log-box').boundingBox(), await line(page, 2000).boundingBox()];
    expect(its!.y).toBeGreaterThanOrEqual(Math.max(0, box!.y));
    expect(its!.y + its!.height).toBeLessThanOrEqual(Math.min(768, box!.y + box!.height));
  });

  it('copies the link to a line, by mouse and by keyboard', async () => {
    const page = await open(`/runs/${written}?from=1990#L2000-L2004`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const copied = () => page.evaluate<string>('navigator.clipboard.readText()');
    await isInView(page, '#L2000');
    await number(page, 2006).hover();
    await page.getByRole('button', { name: 'Copy link to line 2,006' }).click();
    await said(page).getByText('Copied the link to line 2,006').waitFor();
    expect(await copied()).toBe(`${jobato.url}/runs/${written}?lines=2006#L2006`);

    await page.locator('#log-title').hover();
    await number(page, 2001).focus();
    await page.keyboard.press('Tab');
    const button = page.getByRole('button', { name: 'Copy link to lines 2,000 to 2,004' });
    expect(await button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await said(page).getByText('Copied the link to lines 2,000 to 2,004').waitFor();
    expect(await copied()).toBe(`${jobato.url}/runs/${written}?lines=2000-2004#L2000-L2004`);
    await page.locator('#log-q').focus();
    expect(await page.locator('#copy-link').isVisible()).toBe(false);
  });

  it.each(['q', 'mark'])('steps through the matches of the whole log (?%s)', async (name) => {
    const page = await open(`/runs/${written}?${name}=needle`);
    const place = (text: string) => page.locator('#hit-place').getByText(text, { exact: true }).waitFor();
    const current = (seq: number, index: number) =>
      page.locator(`#L${seq} mark`).nth(index).and(page.locator('[aria-current]')).waitFor();
    await place('60 matches');
    const field = page.getByLabel('Text in the log');
    await field.press('Enter');
    await place('1 of 60');
    await current(100, 0);
    await isInView(page, '#L100 mark[aria-current]');
    await page.getByRole('button', { name: 'Next' }).click();
    await current(100, 1);
    await field.press('Shift+Enter');
    await field.press('Shift+Enter');
    await place('60 of 60');
    await current(3000, 1);
    await isInView(page, '#L3000 mark[aria-current]');
    expect(await said(page).textContent()).toBe('60 of 60');
    await page.getByRole('button', { name: 'Previous' }).click();
    await place('59 of 60');
    expect(await page.locator('mark[aria-current]').count()).toBe(1);
  });

  it('counts the first 1,000 matches of more', async () => {
    const page = await open(`/runs/${written}?q=line`);
    await page.locator('#hit-place').getByText('First 1,000 matches').waitFor();
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.locator('#hit-place').getByText('1,000 of the first 1,000').waitFor();
    await page.locator('#L1010 mark[aria-current]').waitFor();
    await page.getByText('searched down to line').waitFor();
    expect(await page.getByText('in the whole log').isVisible()).toBe(false);
  });

  it.each([true, false])(
    'shows whole traces under the filter Errors (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const page = await open(`/runs/${failed}?level=errors`, { javaScriptEnabled });
      const text = await page.locator('#log-lines').innerText();
      for (const part of [
        'Traceback (most recent call last):',
        'The above exception was the direct cause of the following exception:',
        "KeyError: 'missing'",
        'Gone: no settings',
        "code: 'GONE'",
        'Main$Gone: cannot load',
        'Caused by: java.io.IOException: disk gone',
        'goroutine 18 [chan receive]:',
        'created by main.work in goroutine 1',
      ])
        expect(text).toContain(part);
      for (const part of ['trying again', 'reading', 'fine']) expect(text).not.toContain(part);
    },
  );

  it.each([1366, 390])('puts its tools below each other without overlap (%d px)', async (width) => {
    const page = await open(`/runs/${written}?q=line`, { viewport: { width, height: 768 } });
    await page.locator('#earlier-lines').waitFor();
    const places: [top: number, bottom: number][] = await page.evaluate(
      `['.panel-head', '.log-filter', '#earlier-lines', '#log-found', '#log-box'].map((selector) => {
        const { top, bottom } = document.querySelector('#run-log ' + selector).getBoundingClientRect();
        return [top, bottom];
      })`,
    );
    for (const [index, [top]] of places.entries())
      if (index > 0) expect(top).toBeGreaterThanOrEqual(places[index - 1]![1]);
  });

  it.each([1366, 390])(
    'has one column for text, and headings over the line numbers (%d px)',
    async (width) => {
      const page = await open(`/runs/${failed}?from=1`, { viewport: { width, height: 768 } });
      const starts: number[] = await page.evaluate(
        `[...new Set([...document.querySelectorAll('.line-text')].map((text) => Math.round(text.getBoundingClientRect().left)))]`,
      );
      expect(starts).toHaveLength(1);
      const [left, mark]: [number, number] = await page.evaluate(`[
      document.querySelector('.log-section > summary').getBoundingClientRect().left - document.getElementById('log-box').getBoundingClientRect().left,
      document.querySelector('.line-mark').getBoundingClientRect().left,
    ]`);
      expect(left).toBeLessThanOrEqual(1);
      expect(starts[0]! - mark).toBeLessThan(32);
      expect(await page.locator('.line.is-error .line-mark').first().innerText()).toMatch(/error/);
    },
  );
});
