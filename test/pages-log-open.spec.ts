import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';
import { until } from './support/until';

/** Does what the file `do` in the run's folder contains: each line is a JSON string to write to stdout. */
const OBEYS = `
  const { existsSync, readFileSync, watch } = require('node:fs');
  const file = process.env.JOBATO_RUN_DIR + '/do';
  let done = 0;
  const obey = () => {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\\n').slice(0, -1) : [];
    for (const line of lines.slice(done)) {
      done++;
      const text = JSON.parse(line);
      if (text === null) process.exit(0);
      process.stdout.write(text);
    }
  };
  watch(process.env.JOBATO_RUN_DIR, obey);
  obey();
  setInterval(() => {}, 1000);`;

/** Notes in an attribute all that screen readers get to hear. */
const RECORD_SAID = `{
  const said = document.getElementById('log-said');
  const note = () => (said.dataset.all = (said.dataset.all ?? '') + '|' + said.textContent);
  new MutationObserver(note).observe(said, { childList: true });
}`;

describe('unfinished lines on the page of a run', () => {
  let jobato: RunningApp;
  let browser: Browser;
  let runId: string;
  let orders = '';
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({ obeys: nodeStep('obeys', OBEYS) });
  });
  afterAll(async () => {
    await jobato.stop();
    await browser.close();
  });
  beforeEach(async () => {
    orders = '';
    ({ runId } = await jobato.trigger('obeys'));
    await until(() => existsSync(join(jobato.folders.dataDir, 'runs', runId)));
  });
  afterEach(async () => {
    write(null);
    await jobato.untilEnded(runId);
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    expect(complaints).toEqual([]);
  });

  /** Lets the step write this text; null ends the step. */
  function write(text: string | null): void {
    orders += `${JSON.stringify(text)}\n`;
    writeFileSync(join(jobato.folders.dataDir, 'runs', runId, 'do'), orders);
  }
  async function open(query = ''): Promise<Page> {
    const each = await openPage(browser, jobato.url);
    opened.push(each);
    await each.page.goto(`/runs/${runId}${query}`);
    return each.page;
  }
  const openLine = (page: Page, text: string) => page.locator('#log-open li', { hasText: text });
  const line = (page: Page, text: string) => page.locator('#log-lines li', { hasText: text });

  it('are below the last line, change in place and become a line without a shift', async () => {
    const page = await open();
    write('first\n\r\u001b[32m10 %');
    await openLine(page, '10 %').waitFor();
    await line(page, 'first').waitFor();
    expect(await page.locator('#log-open').innerText()).not.toContain('[32m');
    const top = async () => (await page.locator('#log-open li .line-text').boundingBox())!.y;
    const before = await top();
    const element = await openLine(page, '10 %').elementHandle();
    write('\r20 %');
    await openLine(page, '20 %').waitFor();
    expect(await element.evaluate((item) => item.isConnected)).toBe(true);
    expect(await top()).toBe(before);

    write('\rdone\n');
    await line(page, 'done').waitFor();
    expect(await page.locator('#log-open li').count()).toBe(0);
    expect((await line(page, 'done').locator('.line-text').boundingBox())!.y).toBe(before);
  });

  it('are shown to a reader who comes later, and only as text', async () => {
    write('<b id="bold">Continue?</b> \u202e');
    const first = await open();
    await openLine(first, 'Continue?').waitFor();
    const page = await open();
    await openLine(page, '<b id="bold">Continue?</b> ‹U+202E›').waitFor();
    expect(await page.locator('#bold').count()).toBe(0);
    expect(await page.locator('#log-empty').isVisible()).toBe(false);
  });

  it('obey the filter', async () => {
    write('ERROR: half');
    const matching = await Promise.all(['?q=HALF', '?level=errors', '?only=work'].map(open));
    for (const page of matching) await openLine(page, 'ERROR: half').waitFor();
    const others = await Promise.all(['?q=other', '?only=another'].map(open));
    write('\rfine');
    for (const page of [matching[0]!, matching[1]!]) await openLine(page, '').waitFor({ state: 'detached' });
    await openLine(matching[2]!, 'fine').waitFor();
    for (const page of others) expect(await page.locator('#log-open li').count()).toBe(0);
  });

  it('stay in view while the page follows the log', async () => {
    const page = await open();
    write(`${Array.from({ length: 200 }, (_, index) => `line ${index}\n`).join('')}Continue? `);
    await openLine(page, 'Continue?').waitFor();
    await line(page, 'line 199').waitFor();
    await page.waitForFunction(
      `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight <= 1)(document.getElementById('log-box'))`,
    );
    const [box, item] = await Promise.all([
      page.locator('#log-box').boundingBox(),
      openLine(page, 'Continue?').boundingBox(),
    ]);
    expect(item!.y + item!.height).toBeLessThanOrEqual(box!.y + box!.height);
  });

  it('move nothing around the log, also while a long log grows', async () => {
    const page = await open();
    write('first\n');
    await line(page, 'first').waitFor();
    const tops = () =>
      page.evaluate<number[]>(
        `['log-title', 'log-q', 'log-steps', 'log-box'].map((id) => Math.round(document.getElementById(id).getBoundingClientRect().top - document.getElementById('run-log').getBoundingClientRect().top))`,
      );
    const before = await tops();
    for (let part = 0; part < 4; part++) {
      write(Array.from({ length: 900 }, (_, index) => `part ${part} line ${index}\n`).join(''));
      await line(page, `part ${part} line 899`).waitFor();
      write(`\rpart ${part}`);
      await openLine(page, `part ${part}`).waitFor();
    }
    await page.locator('#earlier-lines').waitFor();
    expect(await tops()).toEqual(before);
  });

  it('are read to screen readers when they wait, not at each update', async () => {
    const page = await open();
    await page.evaluate(RECORD_SAID);
    for (const percent of [10, 20, 30]) {
      write(`\r${percent} %`);
      await openLine(page, `${percent} %`).waitFor();
    }
    write('\rContinue? ');
    await page.locator('#log-said[data-all]').waitFor({ state: 'attached' });
    expect(await page.locator('#log-said').getAttribute('data-all')).toBe('|Unfinished line: Continue?');
  });
});
