import { readFileSync } from 'node:fs';
import { HtmlValidate } from 'html-validate';
import type { Browser } from 'playwright-core';
import { Showcase } from '../showcase/showcase';
import { viewsOf } from '../showcase/views';
import { launchBrowser, openPage } from '../support/browser';

/** As text: code evaluated by the test is not subject to the page's policy, but a script element would be. */
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const validator = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:a11y'],
  rules: {
    'long-title': 'off',
    // Browsers and readers do not see how Prettier and Handlebars leave the whitespace between elements.
    'no-trailing-whitespace': 'off',
    'attribute-boolean-style': 'off',
    'void-style': 'off',
    'doctype-style': 'off',
    'aria-label-misuse': ['error', { allowAnyNamable: true }],
    // hx-* of htmx.
    'attribute-misuse': 'off',
  },
});

interface Finding {
  id: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

describe('every page in every state', () => {
  let showcase: Showcase;
  let browser: Browser;
  beforeAll(async () => {
    [showcase, browser] = await Promise.all([Showcase.open(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await showcase?.close();
  });

  it('has no axe violations in light and dark mode, and no console errors', async () => {
    const { page, complaints } = await openPage(browser, showcase.jobato.url);
    const found: string[] = [];
    for (const { name, path, prepare } of viewsOf(showcase)) {
      await page.goto(path);
      await prepare?.(page);
      await page.evaluate(AXE);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const findings: Finding[] = await page.evaluate('axe.run().then(({ violations }) => violations)');
        for (const { id, nodes } of findings) {
          found.push(
            `${name}, ${colorScheme}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join('; ')}`,
          );
        }
      }
    }
    expect(found).toEqual([]);
    expect(complaints.filter((text) => !/status of 4(00|01|03|04|09|29)/.test(text))).toEqual([]);
  });

  it('does not overflow its window or leave empty space below', async () => {
    const { page } = await openPage(browser, showcase.jobato.url);
    const found: string[] = [];
    for (const { name, path } of viewsOf(showcase)) {
      await page.goto(path);
      for (const width of [320, 360, 700, 830, 940, 950, 1130, 1210]) {
        await page.setViewportSize({ width, height: 700 });
        const [wide, high]: [number, number] = await page.evaluate(`[
          document.documentElement.scrollWidth - innerWidth,
          document.documentElement.scrollHeight - Math.max(innerHeight, document.body.getBoundingClientRect().height),
        ]`);
        if (wide > 0 || high > 1) found.push(`${name} at ${width}: ${wide} too wide, ${high} too high`);
      }
    }
    expect(found).toEqual([]);
  });

  it('is valid HTML', async () => {
    const found: string[] = [];
    for (const { name, path } of viewsOf(showcase)) {
      const address = new URL(path, showcase.jobato.url);
      const html = await (await fetch(address, { headers: { accept: 'text/html' } })).text();
      const { results } = await validator.validateString(html);
      for (const { ruleId, line, message } of results.flatMap(({ messages }) => messages)) {
        found.push(`${name}:${line} ${ruleId} ${message}`);
      }
    }
    expect(found).toEqual([]);
  });
});
