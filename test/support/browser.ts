import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

/** The first is Chromium without a user interface: a page takes a quarter of the CPU time. */
const PLACES = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Returns the browser shared by all specs. Without one, for example in a script, launches a browser. */
export async function launchBrowser(): Promise<Browser> {
  const shared = process.env.JOBATO_TEST_BROWSER;
  if (shared !== undefined) return chromium.connect(shared);
  return chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_ARGUMENTS });
}

/** Throws with installation help if no browser is found, so that a test never passes without one. */
export function chromiumPath(): string {
  const given = process.env.CHROMIUM;
  const executablePath = given ?? PLACES.find((place) => existsSync(place));
  if (executablePath === undefined || !existsSync(executablePath)) {
    throw new Error(
      `No Chromium at ${given ?? PLACES.join(', ')}. Install one (Debian: apt-get install chromium-headless-shell), ` +
        'or set CHROMIUM to the path of its program.',
    );
  }
  return executablePath;
}

/** Opens a page in a fresh context, and collects all console errors, warnings and exceptions. */
export async function openPage(
  browser: Browser,
  baseURL: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({
    baseURL,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, complaints };
}

/**
 * Presses a disabled button, as a user does whose page is outdated. One evaluation, because the next update of the
 * page disables the button again.
 */
export async function pressAsOfBefore(button: Locator): Promise<void> {
  await button.evaluate((element) => {
    const pressed = element as unknown as { disabled: boolean; click: () => void };
    pressed.disabled = false;
    pressed.click();
  });
}

/**
 * Makes the pages report that they are hidden, so that they do not poll: they show only the results of the test's
 * actions.
 */
export async function hidePages(page: Page): Promise<void> {
  await page.addInitScript("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })");
}
