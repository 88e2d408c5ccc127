import { chromium } from 'playwright-core';
import { CHROMIUM_ARGUMENTS, chromiumPath } from '../support/browser';

/** Starts one Chromium for all specs of a run. Each test opens separate contexts, which share nothing. */
export default async function startBrowser(): Promise<void> {
  const server = await chromium.launchServer({ executablePath: chromiumPath(), args: CHROMIUM_ARGUMENTS });
  process.env.JOBATO_TEST_BROWSER = server.wsEndpoint();
  (globalThis as { jobatoTestBrowser?: unknown }).jobatoTestBrowser = server;
}
