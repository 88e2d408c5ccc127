import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { nodeStep, RunningApp } from './support/jobato';

/** Pictures of one pixel. */
const PICTURES = {
  'dot.png':
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'dot.gif': 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
  'dot.webp': 'UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=',
};
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="alert(1)"><script>alert(2)</script></svg>';
const GUIDE = `<!-- marker -->
# <a id="top"></a>Guide

[to the end](#the-end) [numbers](../numbers.csv) [lost](lost.md#L3) ![dot](../dot.png) ![far](https://example.invalid/x.png)

<script>alert(3)</script> [run](javascript:alert(4))

## One
${'\nText\n'.repeat(100)}
## Two

## The \`end\`

[to the top](#top)
`;
const FILES: Record<string, string | Buffer> = {
  ...Object.fromEntries(
    Object.entries(PICTURES).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]),
  ),
  'drawing.svg': SVG,
  'reports/guide.md': GUIDE,
  'numbers.csv': 'name,count\n"a, b",1\n',
  'many.tsv': `name\tcount\n${'x\t1\n'.repeat(501)}`,
  'data.json': JSON.stringify({ format: 'x', terms: [{ term: 'lease', text: 'long '.repeat(30) }] }),
  'broken.json': '{"a":',
  'long.txt': 'line\n'.repeat(300_000),
  'note.txt': '<b>plain</b>',
  'empty.txt': '',
  'jobs.db': Buffer.from('SQLite format 3\0'),
};
const MAKES = `
  const fs = require('node:fs'); const dir = process.env.JOBATO_RUN_DIR + '/';
  fs.mkdirSync(dir + 'reports');
  for (const [path, base64] of Object.entries(JSON.parse(process.env.FILES))) {
    fs.writeFileSync(dir + path, Buffer.from(base64, 'base64').toString('latin1').replace('LINES', () => 'line\\n'.repeat(300000)), 'latin1');
    fs.writeSync(3, JSON.stringify({ artifact: { path } }) + '\\n');
  }`;
const encoded = Object.fromEntries(
  Object.entries(FILES).map(([path, content]) => [
    path,
    path === 'long.txt'
      ? Buffer.from('LINES').toString('base64')
      : Buffer.from(content as string).toString('base64'),
  ]),
);

describe('previews of artifacts', () => {
  const opened: Awaited<ReturnType<typeof openPage>>[] = [];
  let jobato: RunningApp;
  let browser: Browser;
  let runId: string;
  beforeAll(async () => {
    browser = await launchBrowser();
    jobato = await RunningApp.start({
      makes: `${nodeStep('makes', MAKES)}    env: { FILES: ${JSON.stringify(JSON.stringify(encoded))} }\n`,
      glossary: readFileSync(join(__dirname, '..', 'config', 'projects', 'glossary.yaml'), 'utf8'),
    });
    ({ runId } = await jobato.trigger('makes'));
    expect((await jobato.untilEnded(runId)).artifacts).toHaveLength(Object.keys(FILES).length);
  });
  afterAll(async () => {
    await jobato.stop();
    await browser.close();
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.splice(0).map(({ page }) => page.context().close()));
    expect(complaints).toEqual([]);
  });

  const hrefOf = (name: string) => `/runs/${runId}/artifacts/${encodeURIComponent(name)}`;
  async function open(href: string): Promise<Page> {
    const each = await openPage(browser, jobato.url, { viewport: { width: 1000, height: 400 } });
    opened.push(each);
    await each.page.goto(href);
    return each.page;
  }
  const isInView = (page: Page, selector: string) =>
    page.waitForFunction(
      `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`,
    );

  it('show the real glossary with working index links and no markup', async () => {
    const glossary = await jobato.trigger('glossary', { params: { docs: 'README.md' } });
    expect((await jobato.untilEnded(glossary.runId)).status).toBe('completed');
    const page = await open(`/runs/${glossary.runId}/artifacts/glossary.md`);
    await page.getByRole('heading', { name: 'Project glossary' }).waitFor();
    const text = await page.locator('.document').innerText();
    expect(text).not.toMatch(/<!--|<a |<\/a>/);

    const links: string[] = await page.evaluate(
      `[...document.querySelectorAll('.document a[href^="#"], .document-index a')].map((a) => a.getAttribute('href'))`,
    );
    expect(links.length).toBeGreaterThan(10);
    const dead = await page.evaluate(
      `[...document.querySelectorAll('main a[href^="#"]')].filter((a) => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.href)`,
    );
    expect(dead).toEqual([]);

    const last = page.locator('.document p a[href^="#doc-term-"]').last();
    const term = await last.innerText();
    const target = (await last.getAttribute('href'))!;
    await last.click();
    await isInView(page, target);
    expect(await page.locator(`:is(h3, h4, h5):has(${target})`).innerText()).toBe(term);

    await page.goto(`/runs/${glossary.runId}/artifacts/glossary.json`);
    const first = page.locator('.json summary', { hasText: '0: 14 members' });
    await first.click();
    await page.locator('.json-line', { hasText: '"anchor": "term-' }).first().waitFor();
    expect(await page.locator('.notes').count()).toBe(0);
  });

  it('lead to places of a document, and to other artifacts', async () => {
    const page = await open(hrefOf('reports/guide.md'));
    await page.getByText('<script>alert(3)</script> [run](javascript:alert(4))').waitFor();
    expect(await page.locator('.document').innerText()).not.toContain('marker');
    await page.getByText('lost (lost.md#L3)').waitFor();
    expect(await page.getByRole('link', { name: 'lost' }).count()).toBe(0);
    await page.getByText('[picture: far]').waitFor();
    const dot = page.getByRole('img', { name: 'dot' });
    await dot.evaluate((image) => (image as unknown as { decode(): Promise<void> }).decode());

    await page.getByRole('link', { name: 'to the end' }).click();
    await isInView(page, '#doc-the-end');
    await page.getByRole('link', { name: 'to the top' }).click();
    await isInView(page, '.document h3');
    const contents = page.locator('.document-index summary');
    await contents.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Contents' }).getByRole('link', { name: 'Two' }).click();
    await isInView(page, '#doc-two');

    await page.getByRole('link', { name: 'numbers' }).click();
    await page.getByRole('heading', { name: 'numbers.csv' }).waitFor();
  });

  it('show CSV and TSV as a table of a bounded length', async () => {
    const page = await open(hrefOf('numbers.csv'));
    await page.getByRole('columnheader', { name: 'count' }).waitFor();
    await page.getByRole('cell', { name: 'a, b' }).waitFor();
    await page.goto(hrefOf('many.tsv'));
    await page.getByText('Shown: the first 500 rows').waitFor();
    expect(await page.locator('.preview-table tbody tr').count()).toBe(500);
    const file = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download the whole file' }).click();
    expect((await file).suggestedFilename()).toBe('many.tsv');
  });

  it('show JSON as a tree that folds by keyboard', async () => {
    const page = await open(hrefOf('data.json'));
    await page.getByText('"format": "x"').waitFor();
    const item = page.locator('summary', { hasText: '0: 2 members "lease"' });
    const text = page.getByText('"term": "lease"');
    expect(await text.isVisible()).toBe(false);
    await item.focus();
    await page.keyboard.press('Enter');
    await text.waitFor();
    await page.goto(hrefOf('broken.json'));
    await page.getByText('The file is not valid JSON').waitFor();
    await page.getByText('{"a":').waitFor();
  });

  it.each([...Object.keys(PICTURES), 'drawing.svg'])(
    'show %s as a picture, and run nothing of it',
    async (name) => {
      const page = await open(hrefOf(name));
      const dialogs: string[] = [];
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message());
        void dialog.dismiss();
      });
      const picture = page.getByRole('img', { name: `Preview of ${name}` });
      await picture.evaluate((image) => (image as unknown as { decode(): Promise<void> }).decode());
      const { headers } = await jobato.fetch(`${hrefOf(name)}/picture`);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-disposition')).toContain('attachment');
      expect(headers.get('content-type')).toMatch(/^image\//);
      expect(dialogs).toEqual([]);
    },
  );

  it('serve nothing but pictures as pictures', async () => {
    for (const name of ['note.txt', 'jobs.db', 'reports/guide.md', 'empty.txt'])
      expect((await jobato.fetch(`${hrefOf(name)}/picture`)).status).toBe(404);
  });

  it('show text, how much of it, and the type of a file without a preview', async () => {
    const page = await open(hrefOf('note.txt'));
    await page.getByText('<b>plain</b>').waitFor();
    await page.goto(hrefOf('long.txt'));
    await page.getByText('Shown: the first 1 MB of 1.5 MB').waitFor();
    expect(await page.locator('pre').evaluate((pre) => pre.textContent?.length)).toBe(1_000_000);
    await page.goto(hrefOf('empty.txt'));
    await page.getByText('This file is empty').waitFor();
    await page.goto(hrefOf('jobs.db'));
    await page.getByText('SQLite database, 16 B').waitFor();
    const file = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download the file' }).click();
    expect((await file).suggestedFilename()).toBe('jobs.db');
  });
});
