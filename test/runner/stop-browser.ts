import type { BrowserServer } from 'playwright-core';

export default async function stopBrowser(): Promise<void> {
  await (globalThis as { jobatoTestBrowser?: BrowserServer }).jobatoTestBrowser?.close();
}
