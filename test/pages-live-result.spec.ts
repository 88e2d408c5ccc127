import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';

const OFFERING = `
  const { writeFileSync, writeSync } = require('node:fs');
  const name = process.env.JOBATO_PARAM_NAME;
  if (name !== 'missing.json')
    writeFileSync(process.env.JOBATO_RUN_DIR + '/' + name, JSON.stringify({ by: process.env.JOBATO_RUN_ID }));
  writeSync(3, JSON.stringify({ result: { path: name } }) + '\\n');
`;
const PROJECT = nodeStep(
  'sales',
  OFFERING,
  'params: { name: { type: string, default: report.json } }\nresult: {}\n',
);
const section = (page: Page) => page.getByTestId('live-result');

describe('the live result in a browser', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;

  beforeAll(async () => {
    [jobato, browser] = await Promise.all([RunningApp.start({ sales: PROJECT }), launchBrowser()]);
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    expect(complaints).toEqual([]);
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
  const make = async (name = 'report.json') =>
    jobato.untilEnded((await jobato.trigger('sales', { params: { name } })).runId);

  /** Reloads the parts of the page now, and not at the next poll. */
  const reload = (page: Page) => page.dispatchEvent('body', 'run-changed');

  it('appears when a run completes, on the open page', async () => {
    const page = await open('/projects/sales');
    await make();
    await reload(page);
    await section(page).getByText('report.json').waitFor();
    expect(await section(page).innerText()).toMatch(/^Live result:\s+#1, .*CET, 45 B: report\.json Preview$/);
  });

  it('is previewed, and can be taken back, until the next run completes', async () => {
    const { runId } = await make();
    const page = await open('/projects/sales');
    await section(page).locator('summary').click();
    await section(page).getByRole('button', { name: 'Go back to #1' }).click();
    await section(page)
      .getByText(/page went back to it at .*, until the next run completes\./)
      .waitFor();
    await page.locator('#live-result-run', { hasText: '#1' }).waitFor();
    await page.locator('#live-result-preview').click();
    await page.getByRole('heading', { name: 'report.json' }).waitFor();
    expect(await page.locator('.preview').innerText()).not.toContain(runId);
    await page.goBack();
    await make();
    await reload(page);
    await page.locator('#live-result-run', { hasText: '#3' }).waitFor();
  });

  it('can be taken back without JavaScript', async () => {
    await make();
    const page = await open('/projects/sales', { javaScriptEnabled: false });
    const number = await page.locator('#live-result-run').innerText();
    await section(page).locator('summary').click();
    await section(page)
      .getByRole('button', { name: /Go back/ })
      .first()
      .click();
    await page.waitForURL(/\/projects\/sales$/);
    expect(await page.locator('#live-result-run').innerText()).not.toBe(number);
  });

  it('stays when the file of a run is missing, and both pages say why', async () => {
    const { runId } = await make('missing.json');
    const page = await open('/projects/sales');
    await section(page)
      .getByText(/^! Run #\d+: missing\.json does not exist\. The live result is unchanged\.$/)
      .waitFor();
    await page.goto(`/runs/${runId}`);
    await page.locator('#run-result', { hasText: 'missing.json does not exist.' }).waitFor();
    await make();
    await page.goto('/projects/sales');
    await page.locator('#live-result-run').click();
    await page.locator('#run-result', { hasText: 'live result' }).waitFor();
  });
});
