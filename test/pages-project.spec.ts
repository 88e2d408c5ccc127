import type { Browser, Page } from 'playwright-core';
import type { RunView } from '../src/runs/run-view';
import { hidePages, launchBrowser, openPage } from './support/browser';
import { RunningApp } from './support/jobato';
import { ENDLESS_PROJECT } from './support/pages-projects';

jest.setTimeout(60_000);

const step = (name: string, program: string) =>
  `  - name: ${name}\n    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(program)}]\n`;
const PROJECT =
  'id: demo\nname: Demo\nparams:\n  label: { type: string, default: all }\nsteps:\n' +
  step('fetch', "process.exit(JSON.parse(process.env.JOBATO_PARAMS).label === 'bad' ? 3 : 0)") +
  step('parse', '') +
  step('report', '');
const RUN_PAGE = /\/runs\/[0-9a-f-]{36}$/;

describe('the page of a project, in a browser', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;
  let failed: RunView;
  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({ demo: PROJECT, endless: ENDLESS_PROJECT });
    failed = await jobato.trigger('demo', { params: { label: 'bad' } });
    await jobato.untilEnded(failed.runId);
    const { runId } = await jobato.trigger('demo', { scope: 'only:fetch' });
    await jobato.untilEnded(runId);
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    // An answer that refuses a form is no mistake of the page; everything else that a browser says is.
    expect(complaints.filter((text) => !/status of 4(00|09)/.test(text))).toEqual([]);
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

  it.each([true, false])('filters the history, in the address too (JavaScript: %s)', async (hasScript) => {
    const page = await open('/projects/demo', hasScript);
    await page.getByLabel('Search').fill('BAD');
    await page.getByLabel('What ran').selectOption({ label: 'Full pipeline' });
    if (!hasScript) await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.waitForURL((url) => url.searchParams.get('search') === 'BAD');
    expect(new URL(page.url()).searchParams.get('scope')).toBe('full');
    await page.getByTestId('run-history').getByText('“BAD”').waitFor();
    expect(await rows(page).count()).toBe(1);
    await page.getByRole('link', { name: 'Failed 1' }).waitFor();

    await page.reload();
    expect(await rows(page).count()).toBe(1);
    expect(await page.getByLabel('Search').inputValue()).toBe('BAD');
    await rows(page).getByRole('link', { name: 'Show below' }).click();
    const footer = page.getByTestId('detail-footer');
    await footer
      .filter({ hasText: 'Chosen run' })
      .filter({ hasText: 'at step fetch, exit code 3' })
      .waitFor();
    await page.waitForURL((url) => url.searchParams.get('run') === failed.runId);
    await page.goBack();
    await footer.filter({ hasText: 'Latest run' }).waitFor();
    expect(await rows(page).count()).toBe(1);

    await page.getByLabel('Search').fill('nowhere to be found');
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByText('No run of scope full with “nowhere to be found”.').waitFor();
    await page.locator('#clear-filters').click();
    await page.waitForURL((url) => url.search === '');
    await rows(page).nth(1).waitFor();
  });

  it('says what a run of the chosen scope will do', async () => {
    const page = await open('/projects/demo', true);
    const plan = page.locator('#run-plan');
    await plan.filter({ hasText: 'Runs 3 steps: fetch, parse and report.' }).waitFor();
    await page.getByLabel('Scope', { exact: true }).selectOption('only:report');
    await plan
      .filter({ hasText: 'Runs the step report.' })
      .filter({ hasText: 'Reuses what fetch left' })
      .waitFor();
    await plan.filter({ hasText: 'parse has never completed' }).waitFor();

    const plain = await open('/projects/demo', false);
    await plain.getByText('What each scope does').click();
    await plain.getByText('Leaves parse and report as they are.').waitFor();
  });

  it('shows what has the focus above its foot, in a low window too', async () => {
    const page = await open('/projects/demo', true);
    await page.setViewportSize({ width: 1280, height: 620 });
    const covered: string[] = [];
    for (let stop = 0; stop < 40; stop++) {
      await page.keyboard.press('Tab');
      const hidden = await page.evaluate(`(() => {
        const focused = document.activeElement;
        const foot = document.getElementById('detail-footer');
        if (focused === document.body || foot.contains(focused)) return '';
        return focused.getBoundingClientRect().bottom > foot.getBoundingClientRect().top + 1 ? focused.outerHTML : '';
      })()`);
      if (hidden !== '') covered.push(String(hidden));
    }
    expect(covered).toEqual([]);
  });

  it.each([true, false])(
    'runs steps again as the run that they are of was run, whatever is typed (JavaScript: %s)',
    async (hasScript) => {
      const { runId } = await jobato.trigger('demo', { params: { label: 'latest' } });
      await jobato.untilEnded(runId);
      const page = await open('/projects/demo', hasScript);
      await page.getByLabel('Scope', { exact: true }).selectOption('from:parse');
      await page.getByText('Parameters').click();
      await page.getByLabel('Label').fill('typed');
      await page.getByRole('button', { name: 'Re-run only fetch' }).click();
      const again = { rerunOf: runId, scope: 'only:fetch', params: { label: 'latest' } };
      expect(await startedRun(page)).toMatchObject(again);

      await page.goto('/projects/demo');
      await page.getByRole('button', { name: 'Re-run from here (report)' }).press('Enter');
      expect(await startedRun(page)).toMatchObject({ scope: 'from:report', params: { label: 'latest' } });

      await page.goto(`/projects/demo?run=${failed.runId}`);
      await page.getByRole('button', { name: 'Re-run from fetch' }).click();
      const like = { rerunOf: failed.runId, scope: 'from:fetch', params: { label: 'bad' }, status: 'failed' };
      expect(await startedRun(page)).toMatchObject(like);
    },
  );

  it('shows what is in the way as soon as something was refused', async () => {
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
});
