import { rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser';
import { nodeStep, RunningApp } from '../support/jobato';
import { Given } from '../support/pages-signal';

describe('numbers and times in a browser', () => {
  const signal = new Given();
  let browser: Browser;
  let jobato: RunningApp;

  beforeAll(async () => {
    browser = await launchBrowser();
    const program = `
      const fs = require('node:fs');
      const tell = (report) => fs.writeSync(3, JSON.stringify(report) + '\\n');
      tell({ progress: { current: 1500, total: 6000 }, metrics: { newJobsCount: 1234, rate: 0.25, change: -1234.5 } });
      const wait = setInterval(() => {
        if (!fs.existsSync(${JSON.stringify(signal.path)})) return;
        clearInterval(wait);
        tell({ metrics: { newJobsCount: 1234567, rate: 0.25 } });
      }, 20);`;
    jobato = await RunningApp.start({
      counts: nodeStep('counts', program, 'metrics: [newJobsCount, rate, change]\n'),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await jobato?.stop();
    signal.remove();
    rmSync(jobato.folders.root, { recursive: true, force: true });
  });

  it("use the reader's locale and keep it during updates", async () => {
    const german = await openPage(browser, jobato.url, { locale: 'de-DE', timezoneId: 'Asia/Tokyo' });
    const plain = await openPage(browser, jobato.url, { locale: 'de-DE', javaScriptEnabled: false });
    const { runId, startedAt } = await jobato.trigger('counts');
    await jobato.until(runId, ({ metrics }) => metrics.newJobsCount === 1234);
    const shows = (page: typeof german.page, testId: string, text: string) =>
      page.getByTestId(testId).filter({ hasText: text }).waitFor();

    await german.page.goto(`/runs/${runId}`);
    await shows(german.page, 'new-count', '1.234');
    await shows(german.page, 'run-summary-bar', '0,25');
    await shows(german.page, 'run-summary-bar', '-1.234,5');
    await shows(german.page, 'run-progress', '1.500 of 6.000 (25%)');
    await plain.page.goto(`/runs/${runId}`);
    await shows(plain.page, 'new-count', '1,234');
    await shows(plain.page, 'run-progress', '1,500 of 6,000 (25%)');

    signal.give();
    await jobato.untilEnded(runId);
    await shows(german.page, 'new-count', '1.234.567');
    await shows(german.page, 'run-summary-bar', '0,25');

    const started = german.page.getByTestId('last-run').locator('time');
    const time = new Intl.DateTimeFormat('de-DE', { timeStyle: 'short', timeZone: 'Asia/Tokyo' });
    // With the day, if midnight in Tokyo has passed in between.
    expect(await started.textContent()).toContain(time.format(new Date(startedAt)));
    expect(await started.getAttribute('datetime')).toBe(startedAt);
    expect([...german.complaints, ...plain.complaints]).toEqual([]);
    await Promise.all([german, plain].map(({ page }) => page.context().close()));
  });
});
