import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

/** The first is Chromium without the parts that a test does not see: a page costs it a quarter of the processor time. */
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

/** A real browser: the one that all specs share, or one of its own where there is none, as in a script. */
export async function launchBrowser(): Promise<Browser> {
  const shared = process.env.JOBATO_TEST_BROWSER;
  if (shared !== undefined) return chromium.connect(shared);
  return chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_ARGUMENTS });
}

/** Where none is installed, the test says what to do about it rather than passing without one. */
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

/** A page of its own in a fresh context, and everything that the browser complains about on it. */
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
 * Presses a button that can be pressed only as long as its page has not heard of what is in the way. All in one go,
 * since what the page reads next takes it back.
 */
export async function pressAsOfBefore(button: Locator): Promise<void> {
  await button.evaluate((element) => {
    const pressed = element as unknown as { disabled: boolean; click: () => void };
    pressed.disabled = false;
    pressed.click();
  });
}

/** From here on its pages ask for nothing by themselves, as if nobody looked at them: what they show comes of what is done. */
export async function hidePages(page: Page): Promise<void> {
  await page.addInitScript("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })");
}
