import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { RunView } from '../../src/runs/run-view';
import { hidePages, launchBrowser, openPage } from '../support/browser';
import { RunningApp, writeConfig, writeProject } from '../support/jobato';
import { ENDLESS_PROJECT } from '../support/pages-projects';

const step = (name: string, program: string) =>
  `  - name: ${name}\n    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(program)}]\n`;
const PROJECT =
  'id: demo\nname: Demo\nparams:\n  label: { type: string, default: all }\nsteps:\n' +
  step('fetch', "process.exit(JSON.parse(process.env.JOBATO_PARAMS).label === 'bad' ? 3 : 0)") +
  step('parse', '') +
  step('report', '');
const WITH_TAG =
  'id: tagged\nname: Tagged\nparams:\n  tag: { type: string, required: true, pattern: "v\\\\d+" }\n' +
  '  dryRun: { type: boolean, default: true }\nsteps:\n' +
  step('build', '') +
  step('publish', '');
const CALLS = 'require(\'node:fs\').writeSync(3, \'{"quota":{"used":3}}\\n\')';
const RUN_PAGE = /\/runs\/[0-9a-f-]{36}$/;

describe('project page in a browser', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;
  let failed: RunView;
  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({
      demo: PROJECT,
      endless: ENDLESS_PROJECT,
      tagged: WITH_TAG,
      moved: PROJECT.replace('id: demo', 'id: moved'),
      calls: `id: calls\nquota: true\nsteps:\n${step('work', CALLS)}`,
    });
    failed = await jobato.trigger('demo', { params: { label: 'bad' } });
    await jobato.untilEnded(failed.runId);
    const { runId } = await jobato.trigger('demo', { scope: 'only:fetch' });
    await jobato.untilEnded(runId);
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    // A refused form is not a fault of the page; all other console messages are.
    expect(complaints.filter((text) => !/status of 4(00|09|29)/.test(text))).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await jobato.stop();
  });

  async function open(path: string, javaScriptEnabled: boolean, isHidden = false): Promise<Page> {
    const each = await openPage(browser, jobato.url, { javaScriptEnabled });
    opened.push(each);
    if (isHidden) await hidePages(each.page);
    await each.page.goto(path);
    return each.page;
  }
  const rows = (page: Page) => page.getByTestId('run-history').locator('tbody tr');
  const startedRun = async (page: Page): Promise<RunView> => {
    await page.waitForURL(RUN_PAGE);
    await jobato.untilEnded(page.url().slice(-36));
    return (await (await jobato.fetch(`/api/runs/${page.url().slice(-36)}`)).json()) as RunView;
  };

  it.each([true, false])(
    'filters the history and stores filters in the URL (JavaScript: %s)',
    async (hasScript) => {
      const page = await open('/projects/demo', hasScript);
      await page.getByLabel('Search').fill('BAD');
      await page.getByLabel('Scope of past runs').selectOption({ label: 'Full pipeline' });
      if (!hasScript) await page.getByRole('button', { name: 'Filter', exact: true }).click();
      await page.waitForURL((url) => url.searchParams.get('search') === 'BAD');
      expect(new URL(page.url()).searchParams.get('scope')).toBe('full');
      await page.getByTestId('run-history').getByText('“BAD”').waitFor();
      expect(await rows(page).count()).toBe(1);
      await page.getByRole('link', { name: 'Failed 1' }).waitFor();

      await page.reload();
      expect(await rows(page).count()).toBe(1);
      expect(await page.getByLabel('Search').inputValue()).toBe('BAD');
      await rows(page)
        .getByRole('link', { name: `Details of run #${failed.number}`, exact: true })
        .click();
      const footer = page.getByTestId('detail-footer');
      await footer
        .filter({ hasText: 'Selected run' })
        .filter({ hasText: 'at step fetch, exit code 3' })
        .filter({ hasText: /Took \d.*, triggered via API, with label bad\./ })
        .waitFor();
      await page.waitForURL((url) => url.searchParams.get('run') === failed.runId);
      await page.goBack();
      await footer.waitFor({ state: 'hidden' });
      expect(await rows(page).count()).toBe(1);

      await page.getByLabel('Search').fill('nowhere to be found');
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.getByRole('button', { name: 'Filter', exact: true }).click({ delay: 150 });
      await page.getByText('No run of scope full with “nowhere to be found”.').waitFor();
      expect(asked.filter((url) => url.includes('nowhere'))).toHaveLength(1);
      await page.locator('#clear-filters').click();
      await page.waitForURL((url) => url.search === '');
      await rows(page).nth(1).waitFor();
    },
  );

  it("distinguishes runs of the same minute in the reader's time zone", async () => {
    const page = await open('/projects/demo', true);
    const row = rows(page).last();
    const seconds = failed.startedAt.slice(17, 19);
    expect(await row.getByRole('rowheader').innerText()).toMatch(
      new RegExp(`^#${failed.number}\\s+(\\d\\d [A-Z][a-z]+,? )?\\d\\d:\\d\\d:${seconds}$`),
    );
    await row.getByText('label bad').waitFor();
    const titles = await page.locator('.chart title').allTextContents();
    expect(titles.filter((text) => !/^.*\d\d:\d\d:\d\d, [\d.]+ m?s, (completed|failed)$/.test(text))).toEqual(
      [],
    );
    expect(titles.join()).not.toContain('UTC');
  });

  it.each([true, false])(
    'opens the details of a run below its row, where they cover no other row (JavaScript: %s)',
    async (hasScript) => {
      const page = await open('/projects/demo', hasScript);
      const foot = page.getByTestId('detail-footer');
      expect(await foot.isHidden()).toBe(true);
      await rows(page).first().getByRole('link', { name: 'Details' }).click();
      await foot.waitFor();
      if (hasScript)
        await page.getByRole('status').filter({ hasText: 'Latest run' }).waitFor({ state: 'attached' });
      const [chosen, details, next] = await page.evaluate<{ top: number; bottom: number }[]>(`
        ['tr.is-selected', '#detail-footer', '.detail-row + tr'].map((name) => {
          const { top, bottom } = document.querySelector(name).getBoundingClientRect();
          return { top, bottom };
        })`);
      expect(details!.top).toBeGreaterThanOrEqual(chosen!.bottom);
      expect(next!.top).toBeGreaterThanOrEqual(details!.bottom);
      await foot.getByRole('link', { name: 'Close' }).click();
      await foot.waitFor({ state: 'hidden' });
      await page.waitForURL((url) => !url.searchParams.has('run'));
    },
  );

  it('shows the history above the fold of a usual window', async () => {
    const page = await open('/projects/demo', true);
    await page.setViewportSize({ width: 1366, height: 768 });
    const title = await page.getByRole('heading', { name: 'Run history' }).boundingBox();
    expect(title!.y + title!.height).toBeLessThan(768);
  });

  it('describes what a run of the selected scope executes', async () => {
    const page = await open('/projects/demo', true);
    const plan = page.locator('#run-plan');
    await plan.filter({ hasText: 'Runs 3 steps: fetch, parse and report.' }).waitFor();
    await page.getByLabel('Scope', { exact: true }).selectOption('only:report');
    await plan
      .filter({ hasText: 'Runs 1 step: report.' })
      .filter({ hasText: 'Reuses the results of fetch from' })
      .waitFor();
    await plan.filter({ hasText: 'parse has never completed' }).waitFor();

    const plain = await open('/projects/demo', false);
    await plain.getByText('What each scope does').click();
    await plain.getByText('Leaves parse and report unchanged.').waitFor();
  });

  it.each([true, false])(
    're-runs steps with the values of their run, not of the form (JavaScript: %s)',
    async (hasScript) => {
      const { runId } = await jobato.trigger('demo', { params: { label: 'latest' } });
      await jobato.untilEnded(runId);
      const page = await open('/projects/demo', hasScript);
      await page.getByLabel('Scope', { exact: true }).selectOption('from:parse');
      await page.getByText('Parameters').click();
      await page.getByLabel('Label').fill('typed');
      await page.locator('#menu-fetch summary').click();
      await page.getByRole('button', { name: 'Re-run only fetch' }).click();
      const again = { rerunOf: runId, scope: 'only:fetch', params: { label: 'latest' } };
      expect(await startedRun(page)).toMatchObject(again);

      await page.goto('/projects/demo');
      await page.locator('#menu-report summary').press('Enter');
      await page.getByRole('button', { name: 'Re-run from here (report)' }).press('Enter');
      expect(await startedRun(page)).toMatchObject({ scope: 'from:report', params: { label: 'latest' } });

      await page.goto(`/projects/demo?run=${failed.runId}`);
      await page.getByRole('button', { name: 'Re-run from fetch' }).click();
      const like = { rerunOf: failed.runId, scope: 'from:fetch', params: { label: 'bad' }, status: 'failed' };
      expect(await startedRun(page)).toMatchObject(like);
    },
  );

  it('shows the run in progress as soon as a trigger is rejected', async () => {
    const pages = [await open('/projects/endless', true, true), await open('/', true, true)] as const;
    const { runId } = await jobato.trigger('endless');
    for (const [page, name] of [
      [pages[0], 'Run'],
      [pages[1], 'Run Endless'],
    ] as const) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByTestId('notice').filter({ hasText: 'in progress' }).waitFor();
      await page.getByRole('link', { name: '1 running' }).waitFor();
      await page.getByRole('button', { name: name.replace('Run', 'Stop'), exact: true }).waitFor();
    }
    expect(await pages[0].getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    await pages[0].getByRole('button', { name: 'Stop', exact: true }).click();
    await jobato.untilEnded(runId);
  });

  /** Simulates a switch to the tab: idle pages poll only every few seconds. */
  const lookAt = (page: Page) => page.evaluate('void document.dispatchEvent(new Event("visibilitychange"))');

  it('focuses the field of a missing parameter when a step is run', async () => {
    const page = await open('/projects/tagged', true);
    await page.getByText('Parameters').click(); // it was open, because a value is required
    await page.locator('#menu-publish summary').click();
    const button = page.getByRole('button', { name: 'Run from here (publish)' });
    await button.and(page.getByRole('button', { description: 'Skips build' })).click();
    await page.locator('#param-tag:focus').waitFor();
    await page.getByTestId('notice').filter({ hasText: '1 value is missing or invalid' }).waitFor();
    expect(await page.locator('#param-tag-error').innerText()).toBe('Tag is required');
    expect(await page.locator('#param-tag').getAttribute('aria-invalid')).toBe('true');
    await page.keyboard.type('v2');
    await page.keyboard.press('Enter');
    expect(await startedRun(page)).toMatchObject({ scope: 'full', params: { tag: 'v2', dryRun: true } });
  });

  it.each([true, false])(
    'fills the form with the values of an earlier run (JavaScript: %s)',
    async (hasScript) => {
      const params = { tag: 'v7', dryRun: false };
      const { runId, number } = await jobato.trigger('tagged', { scope: 'from:publish', params });
      await jobato.untilEnded(runId);
      const page = await open('/projects/tagged', hasScript);
      await page.getByRole('link', { name: 'Use the values of the latest run' }).click();
      await page.waitForURL(`**/projects/tagged?like=${runId}`);
      await page.getByText(`Values of run #${number}`).waitFor();
      await page.getByText('Runs 1 step: publish.').first().waitFor();
      expect(await page.getByLabel('Dry run').isChecked()).toBe(false);
      await page.getByLabel('Tag').fill('v8');
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      expect(await startedRun(page)).toMatchObject({
        rerunOf: null,
        scope: 'from:publish',
        params: { tag: 'v8', dryRun: false },
      });
      await page.goto(`/projects/tagged?like=${failed.runId}`);
      await page.getByText('The link does not name a run of this project').waitFor();
    },
  );

  it('opens the form with the values of a run whose re-run is invalid', async () => {
    const text = (program: string) => `id: grown\nparams:\n${program}steps:\n${step('work', '')}`;
    const label = '  label: { type: string, default: all }\n';
    const known = () => jobato.fetch('/api/projects/grown');
    writeProject(jobato.folders, 'grown', text(label));
    while ((await known()).status !== 200);
    const { runId } = await jobato.trigger('grown', { params: { label: 'old' } });
    await jobato.untilEnded(runId);
    writeProject(jobato.folders, 'grown', text(`${label}  tag: { type: string, required: true }\n`));
    while (!(await (await known()).text()).includes('"tag"'));
    const page = await open('/projects/grown', true);
    await page.locator('#menu-work summary').click();
    await page.getByRole('button', { name: 'Re-run only work' }).click();
    await page.getByTestId('notice').getByRole('link', { name: 'Tag' }).click();
    await page.waitForURL(`**/projects/grown?like=${runId}#param-tag`);
    expect(await page.getByLabel('Label').inputValue()).toBe('old');
  });

  it('reports a changed or removed project file and recovers when it is back', async () => {
    await jobato.untilEnded((await jobato.trigger('moved')).runId);
    const page = await open('/projects/moved', true);
    const file = join(jobato.folders.configDir, 'projects', 'moved.yaml');
    const run = page.getByRole('button', { name: 'Run', exact: true });
    const until = async (isReached: () => Promise<boolean>) => {
      // The server reads the file after a change of its folder; each poll shows the state read by then.
      while (!(await isReached())) await lookAt(page);
    };
    rmSync(file);
    await until(() => page.getByText('This project is no longer in the configuration').isVisible());
    await page.getByRole('link', { name: 'Go to projects' }).waitFor();
    expect(await run.isDisabled()).toBe(true);
    // A new visitor still finds past runs.
    const again = await jobato.fetch('/projects/moved', { headers: { accept: 'text/html' } });
    expect([again.status, await again.text()]).toEqual([404, expect.stringContaining('the latest run')]);
    const never = await jobato.fetch('/projects/never', { headers: { accept: 'text/html' } });
    expect([never.status, await never.text()]).toEqual([
      404,
      expect.not.stringContaining('in the configuration'),
    ]);
    writeProject(jobato.folders, 'moved', PROJECT.replace('id: demo', 'id: moved') + step('extra', ''));
    await until(() => page.getByText('The project file has changed').isVisible());
    expect(await run.isEnabled()).toBe(true);
    expect(await page.getByLabel('Scope', { exact: true }).locator('option').count()).toBe(6);
    await page.getByRole('link', { name: 'Reload the page' }).click();
    await page.getByLabel('Scope', { exact: true }).selectOption('only:extra');
    expect(await page.getByText('The project file has changed').count()).toBe(0);
  });

  it('shows beside the button until when runs are refused and links to the quota', async () => {
    writeConfig(jobato.folders, 'quota.yaml', 'quota: { dailyLimit: 3 }');
    const { runId } = await jobato.trigger('calls');
    await jobato.untilEnded(runId);
    const page = await open('/projects/calls', true);
    await page.locator('#refused-until').filter({ hasText: 'Runs are refused until' }).waitFor();
    await page.getByRole('button', { name: 'Run', exact: true, description: /^Runs are refused/ }).click();
    await page.getByTestId('notice').getByRole('link', { name: 'View quota' }).click();
    await page.waitForURL('**/quota');
  });
});
