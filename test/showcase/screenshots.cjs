/**
 * Makes a picture of every page in each of its states: light, dark, and as wide as a phone.
 *
 *   npm run screenshots                          into screenshots/
 *   npm run screenshots -- --out elsewhere --only run-failed
 *   npm run screenshots -- --readme              those in docs/images
 */
const { mkdirSync } = require('node:fs');
const { join } = require('node:path');
const { parseArgs } = require('node:util');

require('../support/typescript.cjs');
const { launchBrowser, openPage } = require('../support/browser.ts');
const { JobSearch } = require('./job-search.ts');
const { NightlyJob } = require('./nightly.ts');
const { Showcase } = require('./showcase.ts');
const { viewsOf } = require('./views.ts');

const LOOKS = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 720 }, colorScheme: 'light', hasTouch: true, isMobile: true },
};

const ROOT = join(__dirname, '..', '..');
const NIGHTLY_JOB = {
  schedules: '/schedules',
  notifications: '/notifications',
  nightly: '/projects/nightly',
};
const README = {
  project: '/projects/job-search',
  run: '/projects/job-search/runs/2',
  results: '/projects/job-search/results',
};

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'screenshots' },
    only: { type: 'string', multiple: true },
    readme: { type: 'boolean' },
  },
});

async function main() {
  if (!values.readme) mkdirSync(values.out, { recursive: true });
  const showcase = await Showcase.open();
  const browser = await launchBrowser();
  const views = viewsOf(showcase).filter(({ name }) => values.only?.includes(name) ?? true);
  try {
    if (values.readme) {
      await picturesOfReadme(browser);
      await picturesOfNightlyJob(browser);
      return;
    }
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page, complaints } = await openPage(browser, showcase.jobato.url, options);
      for (const view of views) {
        await page.goto(view.path);
        await view.prepare?.(page);
        // As high as the page: what lies outside of a window is not always drawn (content-visibility).
        const height = await page.evaluate('document.documentElement.scrollHeight');
        await page.setViewportSize({
          ...options.viewport,
          height: Math.max(height, options.viewport.height),
        });
        // Drawn once in this size, and then again with what has come into view by that.
        await page.evaluate(
          'new Promise((drawn) => setTimeout(() => requestAnimationFrame(() => setTimeout(drawn))))',
        );
        await page.screenshot({ path: join(values.out, `${view.name}-${look}.png`), fullPage: true });
        await page.setViewportSize(options.viewport);
      }
      const said = complaints.filter((text) => !/status of 4(00|01|03|04|09|29)/.test(text));
      if (said.length > 0) throw new Error(`The browser complains:\n${said.join('\n')}`);
      await page.context().close();
    }
    process.stdout.write(`${views.length * Object.keys(LOOKS).length} pictures in ${values.out}/\n`);
  } finally {
    await browser.close();
    await showcase.close();
  }
}

/** Of the job search that comes with Jobato, as they are seen without scrolling. */
async function picturesOfReadme(browser) {
  const jobSearch = await JobSearch.open();
  try {
    const { page } = await openPage(browser, jobSearch.jobato.url, {
      viewport: { width: 1280, height: 1000 },
      colorScheme: 'light',
    });
    for (const [name, path] of Object.entries(README)) {
      await page.goto(path);
      await page.screenshot({ path: join(ROOT, 'docs', 'images', `${name}.png`) });
    }
  } finally {
    await jobSearch.close();
  }
}

/** For the guide to a nightly job: the upper part of each page. */
async function picturesOfNightlyJob(browser) {
  const nightly = await NightlyJob.open();
  try {
    const { page } = await openPage(browser, nightly.jobato.url, {
      viewport: { width: 1280, height: 700 },
      colorScheme: 'light',
    });
    for (const [name, path] of Object.entries(NIGHTLY_JOB)) {
      await page.goto(path);
      await page.screenshot({ path: join(ROOT, 'docs', 'images', `${name}.png`) });
    }
  } finally {
    await nightly.close();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
