import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { RunningApp } from './support/jobato';

describe('the page to add a project', () => {
  let browser: Browser;
  let jobato: RunningApp;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    jobato = await RunningApp.start({});
    ({ page, complaints } = await openPage(browser, jobato.url));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  });
  afterEach(async () => {
    await page.context().close();
    await jobato.stop();
    expect(complaints).toEqual([]);
  });
  afterAll(() => browser?.close());

  const state = () => page.getByTestId('file-state');

  it('leads from the empty overview to a project that runs', async () => {
    await page.goto('/');
    await page.getByRole('link', { name: 'Add a project' }).click();
    await state().filter({ hasText: 'Waiting for' }).waitFor();
    await page.getByLabel('Project id').fill('nightly-backup');
    await page.getByRole('button', { name: 'Show template' }).click();
    await page.waitForURL('**/add-project?id=nightly-backup&kind=steps');
    const path = await page.locator('#new-path').innerText();
    expect(path).toContain('projects/nightly-backup.yaml');
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const template = await page.evaluate<string>('navigator.clipboard.readText()');
    const file = join(jobato.folders.configDir, 'projects', 'nightly-backup.yaml');

    writeFileSync(file, template.replace('steps:', 'steps: none\nrest:'));
    await state()
      .filter({ hasText: 'It needs fixing' })
      .filter({ hasText: '"steps" must be a list' })
      .waitFor();
    writeFileSync(file, template);
    await state().getByRole('link', { name: 'Nightly backup' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByTestId('run-status').filter({ hasText: 'Completed' }).waitFor();
  });

  it('explains an id that cannot be used, and shows a template for a worker of one’s own', async () => {
    await page.goto('/add-project?id=No+spaces&kind=external');
    await page.getByText('Use a-z, 0-9 and -').and(page.locator('.field-error')).waitFor();
    expect(await page.locator('#template').innerText()).toContain('executor: external');
    expect(await page.locator('#new-path').innerText()).toContain('projects/hello.yaml');
  });

  it('shows each document that comes with Jobato, with its links', async () => {
    const docs = readdirSync(join(__dirname, '..', 'docs')).filter((name) => name.endsWith('.md'));
    for (const name of docs) {
      await page.goto(`/docs/${name.slice(0, -3)}`);
      expect(await page.locator('h1').innerText()).not.toBe('');
      const hrefs = await page
        .locator('.document a[href^="/docs/"]')
        .evaluateAll((links) => links.map((link) => (link as unknown as { pathname: string }).pathname));
      for (const href of new Set(hrefs))
        expect([name, href, docs.includes(`${href.slice(6)}.md`)]).toEqual([name, href, true]);
    }
    const missing = await jobato.fetch('/docs/..%2Fpackage', { headers: { accept: 'text/html' } });
    expect(missing.status).toBe(404);
  });
});
