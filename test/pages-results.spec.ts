import { readFileSync, rmSync } from 'node:fs';
import type BetterSqlite3 from 'better-sqlite3';
import type { Browser, Page } from 'playwright-core';
import { LiveResults } from '../src/results/live-results';
import { launchBrowser, openPage } from './support/browser';
import { RunningApp } from './support/jobato';
import { publishTable, tableProject } from './support/table-results';
import { externalProject, HttpWorker, KEY } from './support/worker-api';

/** As text: code evaluated by the test is not subject to the policy of the page. */
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const OFFERS = {
  title: 'title',
  link: 'url',
  newBy: 'run_id',
  columns: ['company', 'salary', 'note'],
  sort: 'title',
};
const ATTACK =
  '"><img src=x onerror="document.title=\'attacked\'"><script>document.title="attacked"</script>';
const LONG = `${'A long note. '.repeat(60)}THE END`;
const rows = (page: Page) => page.getByTestId('result-rows').locator('tbody tr');
const link = (page: Page, name: string | RegExp) => page.getByRole('link', { name });

describe('the results of a project in a browser', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let worker: HttpWorker;
  let browser: Browser;

  beforeAll(async () => {
    [jobato, browser] = await Promise.all([
      RunningApp.start(
        {
          offers: tableProject('offers', OFFERS),
          attack: tableProject('attack', { title: 'title', link: 'url' }),
          new: tableProject('new', { newBy: 'run_id' }),
          empty: tableProject('empty'),
          plain: externalProject('plain'),
          lost: tableProject('lost'),
        },
        { JOBATO_API_KEY: KEY },
      ),
      launchBrowser(),
    ]);
    worker = new HttpWorker(jobato);
    await publish('offers', addOffers);
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    expect(complaints.filter((text) => !/status of (404|409)/.test(text))).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), jobato?.stop()]);
  });

  const publish = (projectId: string, fill: (database: BetterSqlite3.Database, runId: string) => void) =>
    publishTable(jobato, worker, projectId, fill);
  function addOffers(database: BetterSqlite3.Database, runId: string): void {
    database.exec(
      'CREATE TABLE jobs (title TEXT, company TEXT, salary INTEGER, note TEXT, url TEXT, run_id TEXT)',
    );
    const add = database.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)');
    for (let index = 100; index < 220; index++) {
      const isNew = index < 160;
      const url = `https://example.com/${index}`;
      add.run(`Offer ${index}`, `Company ${index % 7}`, index * 10, null, url, isNew ? runId : 'earlier');
    }
    add.run('Zookeeper', 'Zoo', null, LONG, 'javascript:alert(1)', runId);
  }
  async function open(path: string, options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
    const each = await openPage(browser, jobato.url, options);
    opened.push(each);
    await each.page.goto(path);
    return each.page;
  }
  const firstTitle = (page: Page, name: string) =>
    rows(page).first().getByRole('rowheader').filter({ hasText: name }).waitFor();

  it.each([true, false])(
    'are read, searched, sorted and paged, with JavaScript: %s',
    async (javaScriptEnabled) => {
      const page = await open('/projects/offers', { javaScriptEnabled });
      await link(page, 'View results').click();
      await page.getByRole('heading', { name: 'Results', level: 1 }).waitFor();
      await page.getByText(/Result of run #\d+,/).waitFor();
      await firstTitle(page, 'Offer 100');
      expect(await link(page, /^Today/).getAttribute('aria-current')).toBe('true');
      expect(await link(page, /^Today/).textContent()).toMatch(/61/);
      expect(await rows(page).count()).toBe(50);

      await link(page, 'Next page').click();
      await firstTitle(page, 'Offer 150');
      expect(await rows(page).count()).toBe(11);
      await link(page, 'First page').click();
      await firstTitle(page, 'Offer 100');

      await link(page, /^All/).click();
      await page.waitForURL('**/projects/offers/results?view=all');
      await link(page, 'salary').click();
      await page.locator('[aria-sort=ascending]').filter({ hasText: 'salary' }).waitFor();
      await link(page, 'salary').click();
      await page.locator('[aria-sort=descending]').filter({ hasText: 'salary' }).waitFor();
      await firstTitle(page, 'Offer 219');

      await page.getByLabel('Search', { exact: true }).fill('company 3');
      await page.keyboard.press('Enter');
      await firstTitle(page, 'Offer 213');
      await page.waitForURL(/search=company(\+|%20)3/);
      expect(await page.locator('[aria-sort=descending]').textContent()).toContain('salary');
      expect(await rows(page).count()).toBe(17);
      await page.getByLabel('Search', { exact: true }).fill('nowhere');
      await page.keyboard.press('Enter');
      await page.getByText('No row contains “nowhere”.').waitFor();
      await link(page, 'Clear the search').click();
      await firstTitle(page, 'Offer 219');

      const download = page.waitForEvent('download');
      await link(page, 'Download CSV').click();
      expect((await download).suggestedFilename()).toMatch(/^offers-\d+\.csv$/);
      await page.goBack();
      await page.getByRole('heading', { name: 'Results', level: 1 }).waitFor();
    },
  );

  it('are searched while the reader types, and keep the focus', async () => {
    const page = await open('/projects/offers/results');
    const search = page.getByLabel('Search', { exact: true });
    await search.pressSequentially('zoo');
    await firstTitle(page, 'Zookeeper');
    expect(await rows(page).count()).toBe(1);
    expect(await search.evaluate('document.activeElement.id')).toBe('results-text');
    expect(await search.inputValue()).toBe('zoo');
  });

  it('link titles to web addresses only, and show long text on demand', async () => {
    const page = await open('/projects/offers/results?view=all');
    const first = link(page, 'Offer 100');
    expect(await first.getAttribute('href')).toBe('https://example.com/100');
    expect(await first.getAttribute('rel')).toBe('noopener noreferrer nofollow');
    await page.goto('/projects/offers/results?search=zoo');
    await page.getByRole('rowheader', { name: 'Zookeeper' }).waitFor();
    expect(await link(page, 'Zookeeper').count()).toBe(0);
    expect(await page.getByText('THE END').isVisible()).toBe(false);
    await rows(page).first().locator('summary').press('Enter');
    await page.getByText('THE END').waitFor();
  });

  it.each([true, false])('are text, not code, with JavaScript: %s', async (javaScriptEnabled) => {
    await publish('attack', (database) => {
      const names = ['title', 'url', ATTACK, '{{constructor}}', 'x" onclick="document.title=1'];
      database.exec(
        `CREATE TABLE jobs (${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')})`,
      );
      const add = database.prepare(`INSERT INTO jobs VALUES (?, ?, ?, '{{this}}', ?)`);
      for (const url of [
        'javascript:alert(1)',
        'data:text/html,<script>1</script>',
        ATTACK,
        `https://example.com/${ATTACK}`,
      ])
        add.run(ATTACK, url, ATTACK, ' href="/logout" hx-get="/logout"');
      add.run('', 'https://example.com/untitled', null, null);
    });
    const page = await open('/projects/attack/results', { javaScriptEnabled });
    await page.getByText('{{this}}').first().waitFor();
    expect(await rows(page).count()).toBe(5);
    expect(await page.title()).toBe('Results, attack · Jobato');
    expect(
      await page.locator('main img, main script, main [onerror], main [onclick], td [hx-get]').count(),
    ).toBe(0);
    const leading = page.locator('tbody a');
    expect(await leading.evaluateAll((links) => links.map((each) => String(each)))).toEqual([
      'https://example.com/untitled',
    ]);
    await page.goto(
      `/projects/attack/results?${new URLSearchParams({ sort: ATTACK, search: ATTACK }).toString()}`,
    );
    await page.locator('[aria-sort=ascending]').filter({ hasText: 'onerror' }).waitFor();
    expect(await page.getByLabel('Search', { exact: true }).inputValue()).toBe(ATTACK);
    expect(await page.title()).toBe('Results, attack · Jobato');
  });

  it('say what to do where there are none', async () => {
    const page = await open('/projects/empty/results');
    await page.getByRole('heading', { name: 'No result yet' }).waitFor();
    await link(page, 'Run empty').click();
    await page.waitForURL('**/projects/empty');
    await page.goto('/projects/plain');
    expect(await link(page, 'View results').count()).toBe(0);
    expect((await page.goto('/projects/plain/results'))!.status()).toBe(404);
    await page.getByRole('heading', { name: 'No table' }).waitFor();

    const { number } = await publish('new', (database) =>
      database.exec("CREATE TABLE jobs (a, run_id); INSERT INTO jobs VALUES ('x', 'earlier')"),
    );
    await page.goto('/projects/new/results?view=today');
    await page.getByText(`Run #${number} added no rows.`).waitFor();
    await link(page, 'Show all rows').click();
    await page.getByRole('cell', { name: 'x', exact: true }).waitFor();
    await page.goto('/projects/new/results?view=today&search=x');
    await link(page, 'Search all rows').click();
    await page.getByRole('cell', { name: 'x', exact: true }).waitFor();
  });

  it('show why a file cannot be read, and the other pages stay as they are', async () => {
    await publish('lost', (database) => database.exec('CREATE TABLE jobs (a)'));
    const results = jobato.app.get(LiveResults, { strict: false });
    rmSync(results.pathOf(await results.get('lost')));
    const page = await open('/');
    expect((await page.goto('/projects/lost/results'))!.status()).toBe(409);
    await page.getByTestId('notice').getByText('is missing from the server').waitFor();
    await link(page, 'Open lost').click();
    await page.waitForURL('**/projects/lost');
  });

  it('start again where a page belongs to an earlier result or was never valid', async () => {
    const page = await open('/projects/offers/results?view=all');
    const next = (await link(page, 'Next page').getAttribute('href'))!;
    const { number } = await publish('offers', addOffers);
    await page.goto(next);
    await page.getByTestId('notice').getByText('This is the first page of the new result.').waitFor();
    await page.getByText(`Result of run #${number},`).waitFor();
    await firstTitle(page, 'Offer 100');
    await page.goto('/projects/offers/results?sort=unknown&cursor=x');
    await page.getByTestId('notice').getByText('This is the first page.').waitFor();
    await firstTitle(page, 'Offer 100');
  });

  it('are accessible in light and dark mode', async () => {
    const page = await open('/');
    for (const path of [
      'offers/results',
      'offers/results?search=nowhere',
      'empty/results',
      'plain/results',
    ]) {
      await page.goto(`/projects/${path}`);
      await page.evaluate(AXE);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const found = await page.evaluate(
          'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, String(nodes[0].target)]))',
        );
        expect([path, colorScheme, found]).toEqual([path, colorScheme, []]);
      }
    }
  });

  it.each(['light', 'dark'] as const)('fit a phone in %s mode', async (colorScheme) => {
    const page = await open('/projects/offers/results', {
      viewport: { width: 390, height: 844 },
      colorScheme,
    });
    await firstTitle(page, 'Offer 100');
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect(Number(overflow)).toBeLessThanOrEqual(0);
    await link(page, 'company').click();
    await page.locator('[aria-sort=ascending]').filter({ hasText: 'company' }).waitFor();
  });
});

it('addresses of a search have the base path', async () => {
  const jobato = await RunningApp.start(
    { offers: tableProject('offers') },
    { JOBATO_API_KEY: KEY, BASE_PATH: '/jobato' },
  );
  const browser = await launchBrowser();
  try {
    await publishTable(jobato, new HttpWorker(jobato), 'offers', (database) =>
      database.exec(
        "CREATE TABLE jobs (title, url); INSERT INTO jobs VALUES ('Baker', 'https://example.com/a')",
      ),
    );
    const { page, complaints } = await openPage(browser, jobato.url);
    await page.goto('/jobato/projects/offers/results');
    await page.getByLabel('Search', { exact: true }).fill('baker');
    await page.waitForURL('**/jobato/projects/offers/results?search=baker');
    await page.getByRole('link', { name: 'title' }).click();
    await page.waitForURL('**/jobato/projects/offers/results?search=baker&sort=title');
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await jobato.stop();
  }
});
