import type { Browser } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { RunningApp } from './support/jobato';

describe('the documentation of the API', () => {
  let jobato: RunningApp;
  let browser: Browser;
  beforeAll(async () => {
    [jobato, browser] = await Promise.all([RunningApp.start({}, { WORKER: 'off' }), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await jobato?.stop();
  });

  it('shows every call in a browser, which complains of nothing', async () => {
    const { page, complaints } = await openPage(browser, jobato.url);
    const { paths } = (await (await jobato.fetch('/api/openapi.json')).json()) as { paths: object };
    const calls = Object.values(paths).flatMap((operations: object) => Object.keys(operations));
    await page.goto('/api/docs');
    await page
      .locator('.opblock')
      .nth(calls.length - 1)
      .waitFor();
    expect(await page.locator('.opblock').count()).toBe(calls.length);
    expect(complaints).toEqual([]);
  });
});
