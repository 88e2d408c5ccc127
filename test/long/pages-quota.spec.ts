import { rmSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser';
import { makeFolders, nodeStep, RunningApp, threeCallsADay, writeConfig } from '../support/jobato';

const CALLS = `require('node:fs').writeSync(3, '{"quota":{"used":3}}\\n')`;

describe('quota in a browser', () => {
  let jobato: RunningApp;
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    const folders = makeFolders({ calls: nodeStep('calls', CALLS, 'name: Job search\nquota: true\n') });
    writeConfig(folders, 'quota.yaml', threeCallsADay());
    browser = await launchBrowser();
    jobato = await RunningApp.start(folders);
    ({ page, complaints } = await openPage(browser, jobato.url));
  });
  afterAll(async () => {
    await browser?.close();
    await jobato.stop();
    rmSync(jobato.folders.root, { recursive: true, force: true });
  });

  it("shows remaining calls and the reset time in the reader's time zone", async () => {
    await page.goto('/projects/calls');
    await page.getByTestId('quota-remaining').filter({ hasText: /^3$/ }).waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForURL(/\/runs\//);
    await page.getByTestId('quota-remaining').filter({ hasText: /^0$/ }).waitFor();

    await page.getByRole('button', { name: 'Re-run' }).click();
    const notice = page.getByTestId('notice');
    await notice.filter({ hasText: 'Quota reached.' }).waitFor();
    const time = notice.locator('time');
    const resetsAt = new Date((await time.getAttribute('datetime'))!);
    const inBerlin = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'Europe/Berlin' });
    expect(await time.textContent()).toContain(inBerlin.format(resetsAt));

    await page.getByRole('link', { name: 'of 3' }).click();
    const row = page.getByRole('row', { name: 'Job search' });
    await row.filter({ hasText: 'none' }).waitFor();
    await row.getByRole('link', { name: /^#\d+$/ }).click();
    await page.waitForURL(/\/runs\//);
    expect(complaints.filter((text) => !text.includes('status of 429'))).toEqual([]);
  });

  it('fits a phone screen', async () => {
    const phone = await openPage(browser, jobato.url, { viewport: { width: 360, height: 640 } });
    await phone.page.goto('/quota');
    await phone.page.getByRole('heading', { name: 'Quota' }).waitFor();
    const overflow = await phone.page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    expect(phone.complaints).toEqual([]);
  });
});
