import type { Browser, Page } from 'playwright-core';
import { LogTail } from '../../src/logs/log-tail';
import { RunStreams } from '../../src/runs/run-streams';
import { launchBrowser, openPage } from '../support/browser';
import { RunningApp } from '../support/jobato';
import { Speech } from '../support/pages-log';

const FIRST_LINES = 2500;

describe('run log in a browser', () => {
  const speech = new Speech();
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;
  let runId: string;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    speech.forget();
    jobato = await RunningApp.start({ talker: speech.project('talker', FIRST_LINES) });
    ({ runId } = await jobato.trigger('talker'));
    await written(FIRST_LINES);
  });
  afterEach(async () => {
    speech.end();
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    await jobato.stop();
    expect(complaints.filter((text) => !text.includes('ERR_FAILED'))).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    speech.remove();
  });

  /** Resolves when the log has this many lines. */
  async function written(count: number): Promise<void> {
    const tail = jobato.app.get(LogTail);
    await new Promise<void>((resolve, reject) => {
      const look = () =>
        tail.lastSeq(runId).then((lastSeq) => {
          if (lastSeq < count) return;
          stop();
          resolve();
        }, reject);
      const stop = tail.onGrowth(runId, () => void look());
      void look();
    });
  }

  async function open(path = '', options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
    const each = await openPage(browser, jobato.url, { viewport: { width: 1000, height: 800 }, ...options });
    opened.push(each);
    await each.page.goto(`/runs/${runId}${path}`);
    return each.page;
  }

  const line = (page: Page, seq: number) => page.locator(`#L${seq}`);
  const seqs = (page: Page): Promise<number[]> =>
    page.evaluate('[...document.querySelectorAll(".line")].map(({ id }) => Number(id.slice(1)))');
  const from = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const top = async (page: Page, seq: number) => (await line(page, seq).boundingBox())!.y;
  const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement.id');
  const isFollowing = (page: Page) => page.getByLabel('Follow').isChecked();
  const scrollTop = (page: Page): Promise<number> =>
    page.evaluate('document.getElementById("log-box").scrollTop');
  const fromEnd = (page: Page): Promise<number> =>
    page.evaluate(
      '(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.getElementById("log-box"))',
    );
  /** Polls once per frame. */
  async function comesTo(page: Page, isReached: () => Promise<boolean>): Promise<void> {
    const giveUpMs = Date.now() + 10_000;
    while (!(await isReached())) {
      if (Date.now() > giveUpMs) throw new Error(`Never came about: ${String(isReached)}`);
      await page.evaluate('new Promise((frame) => requestAnimationFrame(frame))');
    }
  }
  /**
   * Waits until scrolling has stopped for 10 frames. Keys scroll in many small steps, and a first pause may belong to
   * an earlier movement.
   */
  const comesToRest = (page: Page): Promise<void> =>
    page.evaluate(`new Promise((rest) => {
      const box = document.getElementById('log-box');
      let [top, frames] = [box.scrollTop, 0];
      const look = () => {
        frames = box.scrollTop === top ? frames + 1 : 0;
        top = box.scrollTop;
        if (frames < 10) requestAnimationFrame(look);
        else rest();
      };
      look();
    })`);
  const said = (page: Page) => page.locator('#log-said').textContent();
  const finds = (page: Page, text: string) =>
    comesTo(page, async () => (await page.locator('#log-found').innerText()) === text);
  const isAtEnd = (page: Page) => comesTo(page, async () => (await fromEnd(page)) < 2);

  it('loads earlier lines above without moving the visible ones', async () => {
    const page = await open();
    expect(await seqs(page)).toEqual(from(1501, 2500));
    await page.locator('#log-box').focus();
    await page.keyboard.press('Home');
    await comesTo(page, async () => (await scrollTop(page)) === 0);
    const before = await top(page, 1501);

    await page.getByRole('link', { name: 'Load earlier lines' }).press('Enter');
    await line(page, 501).waitFor({ state: 'attached' });
    expect(await seqs(page)).toEqual(from(501, 2500));
    expect(await said(page)).toBe('1,000 lines more');
    // The heading above has moved up, so the line may not have moved at all.
    expect(Math.abs((await top(page, 1501)) - before)).toBeLessThan(2);

    await page.getByRole('link', { name: 'Load earlier lines' }).click();
    await line(page, 1).waitFor({ state: 'attached' });
    expect(await page.getByRole('link', { name: 'Load earlier lines' }).isHidden()).toBe(true);
    expect(await focused(page)).toBe('log-box');
    expect(await page.locator('.log-section').count()).toBe(1);
    expect(page.url()).toBe(`${jobato.url}/runs/${runId}`);
  });

  it('follows the end until the reader scrolls up, and again from the end', async () => {
    const page = await open();
    expect(await isFollowing(page)).toBe(true);
    // The log must not make the page higher: it scrolls in its box.
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(3000);
    speech.say('one more');
    await line(page, 2501).waitFor();
    await isAtEnd(page);
    expect(await page.locator('.log-section summary').allTextContents()).toEqual(['first', 'second']);

    await page.locator('#log-box').press('PageUp');
    await page.locator('#follow:not(:checked)').waitFor();
    await comesToRest(page);
    const place = await scrollTop(page);
    speech.say('while the reader is away from the end');
    await page.getByRole('button', { name: 'New lines' }).waitFor();
    await line(page, 2502).waitFor({ state: 'attached' });
    expect(await scrollTop(page)).toBe(place);

    await page.locator('#log-box').press('End');
    await page.locator('#follow:checked').waitFor();
    expect(await page.getByRole('button', { name: 'New lines' }).isHidden()).toBe(true);
    speech.say('at the end again');
    await line(page, 2503).waitFor();
    await isAtEnd(page);

    await page.locator('#log-box').press('PageUp');
    await page.locator('#follow:not(:checked)').waitFor();
    await comesToRest(page);
    speech.say('by the button');
    await page.getByRole('button', { name: 'New lines' }).press('Enter');
    await page.locator('#follow:checked').waitFor();
    expect(await page.getByRole('button', { name: 'New lines' }).isHidden()).toBe(true);
    expect(await focused(page)).toBe('log-box');

    // A burst larger than one read: the page shows its end, and keeps its limit of lines.
    speech.say(...from(1, 9000).map((number) => `burst ${number}`));
    await page.getByText('burst 9000', { exact: true }).waitFor();
    const shown = await seqs(page);
    expect(shown.length).toBeLessThanOrEqual(3000);
    expect(shown).toEqual(from(shown[0]!, 2504 + 9000));
  });

  it('stops following at the first small scroll up, even while its height changes', async () => {
    const page = await open();
    await isAtEnd(page);
    await page.locator('#log-box').hover();
    await page.mouse.wheel(0, -10);
    await page.locator('#follow:not(:checked)').waitFor();
    await comesToRest(page);
    const place = await scrollTop(page);
    expect(await fromEnd(page)).toBeGreaterThan(1);

    await page.evaluate(`new Promise((seen) => {
      const box = document.getElementById('log-box');
      new ResizeObserver((_, observer) => {
        if (box.style.height) seen(observer.disconnect());
        box.style.height = box.style.maxHeight = box.clientHeight - 1 + 'px';
      }).observe(box);
    })`);
    expect(await scrollTop(page)).toBe(place);
    expect(await isFollowing(page)).toBe(false);

    await page.mouse.wheel(0, 10);
    await page.locator('#follow:checked').waitFor();
  });

  it('shows ANSI colours and escapes everything else', async () => {
    speech.say(
      '\x1b[32mgreen\x1b[0m <script>document.title = "taken"</script><img src=x onerror=alert(1)>',
      'a\u202egpj.exe\x1b]0;title\x07 10 %\r20 %',
    );
    await written(2502);
    const page = await open();
    const green = line(page, 2501).locator('.ansi-green');
    expect(await green.textContent()).toBe('green');
    expect(await line(page, 2501).locator('.line-text').textContent()).toBe(
      'green <script>document.title = "taken"</script><img src=x onerror=alert(1)>',
    );
    expect(await line(page, 2502).locator('.line-text').textContent()).toBe('20 %');
    // The same for lines that arrive while the page is open.
    speech.say('\x1b[31mred\x1b[0m <img src=x onerror="document.title=1">', 'a\u202egpj.exe');
    await line(page, 2504).waitFor();
    expect(await line(page, 2503).locator('.ansi-red').textContent()).toBe('red');
    expect(await line(page, 2504).locator('.line-text').textContent()).toBe('a‹U+202E›gpj.exe');
    expect(await page.locator('#log-lines img, #log-lines script').count()).toBe(0);
    expect(await page.title()).not.toMatch(/taken|1$/);
  });

  it.each([true, false])('filters and searches the whole log (JavaScript: %s)', async (javaScriptEnabled) => {
    const page = await open('?q=line', { javaScriptEnabled });
    await finds(page, 'Matching lines: 1,000, searched back to line 1,480.');
    await page.getByRole('link', { name: 'Show all lines' }).click();
    await page.getByRole('link', { name: 'Errors', exact: true }).click();
    await line(page, 2500).waitFor();
    expect(await seqs(page)).toEqual(from(1, 25).map((number) => number * 100));
    await finds(page, 'Matching lines: 25, in the whole log.');

    await page.getByLabel('Text in the log').fill('AT 24');
    await page.getByLabel('Text in the log').press('Enter');
    await page.waitForURL('**?level=errors&q=AT+24#run-log');
    expect(await page.locator('mark').allTextContents()).toEqual(['at 24']);
    if (javaScriptEnabled) {
      await page.locator('#log-q:focus').waitFor();
      await page.getByLabel('Text in the log').press('Enter');
      await page.locator('#hit-place').getByText('1 of 1', { exact: true }).waitFor();
      speech.say('line of no interest', 'ERROR at 24 again');
      await line(page, 2502).waitFor();
      expect(await seqs(page)).toEqual([2400, 2502]);
      await finds(page, 'Matching lines: 2, in the whole log.');
      await page.locator('#hit-place').getByText('1 of 2', { exact: true }).waitFor();
      // Announced once: a search that keeps finding hits would announce constantly.
      expect(await said(page)).toBe('1 of 1');
      for (const id of ['log-found', 'hit-place'])
        expect(await page.locator(`#${id}`).getAttribute('role')).toBeNull();
    }
    // The number of a line links to its place in the whole log, where the searched text is marked too.
    await line(page, 2400).getByRole('link').click();
    await page.waitForURL('**?mark=AT+24&from=2380#L2400');
    await line(page, 2399).waitFor();
    await line(page, 2400).locator('mark').waitFor();
    expect(await page.getByLabel('Text in the log').inputValue()).toBe('AT 24');
    if (javaScriptEnabled) {
      await page.getByRole('button', { name: 'Next' }).click();
      await line(page, 2502).locator('mark[aria-current]').waitFor();
      expect(await said(page)).toBe('2 of 2');
    }
    await page.getByRole('link', { name: 'Only matching lines' }).click();
    await page.waitForURL('**?q=AT+24#run-log');
    await line(page, 2399).waitFor({ state: 'detached' });

    await page.goto(`/runs/${runId}?q=nowhere+at+all`);
    await page.getByText('No matching lines').waitFor();
    await page.getByRole('link', { name: 'Show all lines' }).first().click();
    await line(page, 2500).waitFor();
  });

  it('reports a linked line that does not exist yet and follows the log', async () => {
    const page = await open('#L9999');
    const note = page.getByText('Line 9,999 does not exist yet.');
    await note.waitFor();
    expect((await note.boundingBox())!.height).toBeGreaterThan(10);
    expect(await note.getAttribute('role')).toBe('status');
    expect(await isFollowing(page)).toBe(true);
    await isAtEnd(page);

    speech.say(...from(2501, 9999).map((seq) => `line ${seq}`));
    await line(page, 9999).waitFor();
    expect(await page.locator('#log-note').textContent()).toBe('');
  });

  it('centres a linked line and keeps the log panel in view', async () => {
    const page = await open('?from=100#L120', { viewport: { width: 1366, height: 768 } });
    await page.waitForLoadState();
    const isInTheMiddle = async (seq: number) => {
      const [box, its] = [await page.locator('#log-box').boundingBox(), await line(page, seq).boundingBox()];
      return Math.abs(its!.y + its!.height / 2 - (box!.y + box!.height / 2)) < 20;
    };
    const isShown = () =>
      page.evaluate<boolean>(`(() => {
      const { top, bottom } = document.getElementById('run-log').getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    })()`);
    await comesTo(page, async () => (await isInTheMiddle(120)) && (await isShown()));
    await comesToRest(page);
    expect(await isInTheMiddle(120)).toBe(true);
    expect(await isShown()).toBe(true);

    await page.evaluate('void (location.hash = "#L900")');
    await comesTo(page, () => isInTheMiddle(900));
    await comesToRest(page);
    expect([await isInTheMiddle(900), await isShown()]).toEqual([true, true]);
  });

  it('copies the shown lines and states whether these are all lines', async () => {
    const page = await open();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = async () => {
      await page.evaluate("document.getElementById('log-said').textContent = ''");
      await page.locator('#copy-log').click();
      await page.locator('#log-said').filter({ hasText: 'Copied' }).waitFor({ state: 'attached' });
      const text: string = await page.evaluate('navigator.clipboard.readText()');
      return { said: await said(page), lines: text.split('\n').slice(0, -1) };
    };
    const some = await copied();
    expect(some.said).toBe('Copied the 1,000 lines shown. Download contains all lines.');
    expect([some.lines.length, some.lines[0]]).toEqual([1000, 'line 1501']);

    for (const first of [501, 1]) {
      await page.getByRole('link', { name: 'Load earlier lines' }).click();
      await line(page, first).waitFor({ state: 'attached' });
    }
    expect((await copied()).said).toBe('Copied 2,500 lines.');
    speech.say('one more');
    await line(page, 2501).waitFor({ state: 'attached' });
    const all = await copied();
    expect(all.said).toBe('Copied 2,501 lines.');
    expect([all.lines.length, all.lines.at(-1)]).toEqual([2501, 'one more']);
  });

  it('has one Tab stop and the button beside it, and arrow keys move between lines', async () => {
    const page = await open();
    speech.say('of the second step');
    await line(page, 2501).waitFor();
    await isAtEnd(page);
    await page.locator('#log-box').focus();
    await page.keyboard.press('Tab');
    await page.locator('.line-number:focus').waitFor();
    const seq = Number(await page.locator(':focus').textContent());
    expect(seq).toBeGreaterThan(2400); // a visible line, not the first of all
    expect(await isFollowing(page)).toBe(false);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    await line(page, seq - 1)
      .locator(':focus')
      .waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**#L${seq - 1}`);

    await line(page, seq - 1)
      .locator('.line-number')
      .focus();
    await page.keyboard.press('Tab');
    await page.locator('#copy-link:focus').waitFor();
    await page.keyboard.press('Tab');
    await page.locator('summary:focus', { hasText: 'second' }).waitFor();
    await page.keyboard.press('Shift+Tab');
    await line(page, seq - 1)
      .locator(':focus')
      .waitFor();
    // The same for later lines, also if those above are folded.
    speech.say('one more');
    await line(page, 2502).waitFor({ state: 'attached' });
    expect(await page.locator('.line-number:not([tabindex="-1"])').count()).toBe(1);
    await page.locator('summary', { hasText: 'first' }).press('Enter');
    await page.locator('#log-box').focus();
    await page.keyboard.press('Tab');
    await line(page, 2501).locator(':focus').waitFor();
  });

  it('keeps the scroll position while long lines arrive', async () => {
    const long = (name: string, count: number) =>
      from(1, count).map((number) => `${name} ${number} ${'word '.repeat(100 + (number % 5) * 20)}`);
    speech.say(...long('before', 400));
    await written(2900);
    const page = await open();
    await line(page, 2900).waitFor();
    await page.getByLabel('Follow').uncheck();
    await line(page, 2700).scrollIntoViewIfNeeded();
    await comesToRest(page);
    const place = await top(page, 2700);
    for (const round of from(1, 6)) {
      speech.say(...long(`round ${round}`, 70));
      await line(page, 2900 + round * 70).waitFor({ state: 'attached' });
      await comesToRest(page);
      expect(Math.abs((await top(page, 2700)) - place)).toBeLessThan(2);
    }
  });

  it.each([true, false])('can be skipped by keyboard (JavaScript: %s)', async (javaScriptEnabled) => {
    const page = await open('?from=1', { javaScriptEnabled });
    await page.getByRole('link', { name: 'Skip log lines' }).press('Enter');
    await page.keyboard.press('Tab');
    await page.locator('#later-lines:focus').waitFor();
  });

  it('has a search shortcut that works only inside the log', async () => {
    const page = await open();
    const field = page.getByLabel('Text in the log');
    await page.getByLabel('Wrap').focus();
    await page.keyboard.press('/');
    await field.and(page.locator(':focus')).waitFor();
    await page.keyboard.type('a/b');
    expect(await field.inputValue()).toBe('a/b');
    await page.locator('#log-box').focus();
    await page.keyboard.press('Control+/');
    expect(await focused(page)).toBe('log-box');
    await page.keyboard.press('/');
    expect(await focused(page)).toBe('log-q');
    await page.getByRole('link', { name: 'Projects' }).first().focus();
    await page.keyboard.press('/');
    expect(await focused(page)).not.toBe('log-q');
  });

  it('remembers folded sections until the tab is closed', async () => {
    speech.say('of the second step');
    await written(2501);
    const page = await open();
    await page.locator('.log-section summary').first().click();
    await line(page, 2500).waitFor({ state: 'hidden' });
    await page.reload();
    await line(page, 2501).waitFor();
    expect(await line(page, 2500).isVisible()).toBe(false);
    await page.locator('.log-section summary').first().click();
    await line(page, 2500).waitFor();
    await page.reload();
    await line(page, 2500).waitFor();
  });

  it('fills the height of the window and the width of a wide window', async () => {
    const page = await open('#run-log', { viewport: { width: 1366, height: 768 } });
    const panel = page.locator('#run-log');
    const steps = page.getByTestId('run-steps');
    await comesTo(page, async () => Math.abs((await panel.boundingBox())!.height - (768 - 32)) < 2);
    expect((await panel.boundingBox())!.y).toBeGreaterThanOrEqual(0);
    const width = (await panel.boundingBox())!.width;
    await page.setViewportSize({ width: 1920, height: 1080 });
    await comesTo(page, async () => (await panel.boundingBox())!.width > 1800);
    expect((await steps.boundingBox())!.width).toBeLessThan(width);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  it('opens a linked line anywhere, also by step and in a folded section', async () => {
    speech.say('of the second step');
    await written(2501);
    const page = await open('#L7');
    await line(page, 7).waitFor();
    await page.waitForURL('**?from=1#L7');
    expect(await isFollowing(page)).toBe(false);
    await page.getByTestId('run-steps').getByRole('link', { name: 'second' }).click();
    await line(page, 2501).waitFor();
    await page.locator('.log-section summary').first().click();
    await line(page, 2500).waitFor({ state: 'hidden' });
    await page.evaluate('void (location.hash = "#L2500")');
    await line(page, 2500).waitFor();
  });

  it('links to a step that starts while the page is open and keeps the focus', async () => {
    const page = await open();
    const steps = page.getByRole('navigation', { name: 'Steps in the log' }).getByRole('link');
    await steps.first().waitFor();
    expect(await steps.allTextContents()).toEqual(['first']);
    await steps.first().focus();
    speech.say('here I am');
    await line(page, FIRST_LINES + 1).waitFor();
    await steps.nth(1).waitFor();
    expect(await steps.allTextContents()).toEqual(['first', 'second']);
    await steps.first().and(page.locator(':focus')).waitFor();
    await steps.nth(1).click();
    await page.waitForURL(`**/runs/${runId}?from=${FIRST_LINES - 19}#L${FIRST_LINES + 1}`);
  });

  it('closes its stream in the background and continues where it stopped', async () => {
    const page = await open();
    const streams = jobato.app.get(RunStreams);
    const turn = (isAway: boolean) =>
      page.evaluate(`{
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isAway} });
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${isAway ? 'hidden' : 'visible'}' });
        document.dispatchEvent(new Event('visibilitychange'));
      }`);
    await comesTo(page, async () => streams.count === 1);
    await turn(true);
    await comesTo(page, async () => streams.count === 0);
    speech.say('unseen');
    await written(2501);
    await turn(false);
    await line(page, 2501).waitFor();
    await comesTo(page, async () => streams.count === 1);
  });

  it('shows the end of the run even if the log receives it first', async () => {
    const page = await open();
    speech.say('the stream is heard');
    await line(page, 2501).waitFor();
    // Simulates that the last lines arrive before the stream's end event. Only later reads count.
    await page.evaluate(`new Promise((isAsked) => {
      document.getElementById('run-log').dispatchEvent(new CustomEvent('jobato:ended'));
      document.body.addEventListener('run-changed', () => isAsked(), { once: true });
    })`);
    speech.end();
    await page.locator('#announcement').getByText('The run is completed.').waitFor({ state: 'attached' });
    await page.getByTestId('run-status').filter({ hasText: 'Completed' }).waitFor();
  });

  it('hides Follow once the run has ended and stays at the end', async () => {
    const page = await open();
    speech.say('last words');
    speech.end();
    await page.getByTestId('run-status').filter({ hasText: 'Completed' }).waitFor();
    await page.getByLabel('Follow').waitFor({ state: 'hidden' });
    await page.setViewportSize({ width: 400, height: 500 });
    await isAtEnd(page);
    await page.reload();
    await page.getByLabel('Wrap').waitFor();
    expect(await page.getByLabel('Follow').isVisible()).toBe(false);
    await isAtEnd(page);
  });

  it('polls with a note if no stream is possible and misses no lines', async () => {
    const each = await openPage(browser, jobato.url);
    opened.push(each);
    const { page } = each;
    await page.route('**/api/runs/*/logs*', (route) => route.abort());
    await page.goto(`/runs/${runId}`);
    await page.getByText('Live updates are unavailable. The log refreshes every few seconds.').waitFor();
    speech.say('first '.repeat(40), 'second '.repeat(40));
    await line(page, 2502).waitFor();
    speech.say('third '.repeat(40));
    speech.end();
    await line(page, 2503).waitFor();
    await page.getByTestId('run-status').filter({ hasText: 'Completed' }).waitFor();
    expect(await seqs(page)).toEqual(from(1501, 2503));
    await page.getByText('Live updates are unavailable').waitFor({ state: 'detached' });

    // The log of an ended run opens at its end, also with wrapped lines.
    const narrow = await open('', { viewport: { width: 360, height: 700 } });
    await line(narrow, 2503).waitFor();
    await isAtEnd(narrow);
  });
});
