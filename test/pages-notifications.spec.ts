import { rmSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, openPage } from './support/browser';
import { type Folders, makeFolders, nodeStep, RunningApp, writeConfig } from './support/jobato';
import { answering, accepts, Receiver } from './support/receiver';
import { until } from './support/until';

const CHANNELS = `channels:
  - { id: ops, type: webhook, urlFrom: OPS_URL, allowPrivate: true }
  - { id: chat, type: slack, urlFrom: CHAT_URL }
defaults: [{ channel: ops, on: [failed] }]
`;

let browser: Browser;
let receiver: Receiver;
let folders: Folders;
let jobato: RunningApp;
let opened: { page: Page; complaints: string[] }[] = [];
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
const start = async (file: string | null) => {
  receiver = await Receiver.start();
  folders = makeFolders({ backup: nodeStep('backup', 'process.exit(3)', 'name: Nightly backup\n') });
  if (file !== null) writeConfig(folders, 'notifications.yaml', file);
  jobato = await RunningApp.start(folders, { OPS_URL: receiver.url });
};
const open = async (path: string, options: BrowserContextOptions = {}) => {
  const one = await openPage(browser, jobato.url, options);
  opened.push(one);
  await one.page.goto(path);
  return one.page;
};
afterEach(async () => {
  for (const { page, complaints } of opened) {
    // A refused form post is reported by the browser itself.
    expect(complaints.filter((text) => !/status of 409/.test(text))).toEqual([]);
    await page.context().close();
  }
  opened = [];
  await jobato.stop();
  await receiver.stop();
  rmSync(folders.root, { recursive: true, force: true });
});

it('explains what to do without a file, and warns of nothing', async () => {
  await start(null);
  const page = await open('/notifications');
  await page.getByRole('heading', { name: 'No channels' }).waitFor();
  expect(await page.getByRole('main').innerText()).toContain('notifications.yaml');
  expect(await page.locator('#channel-failing').count()).toBe(0);
  expect(await page.getByTestId('deliveries').count()).toBe(0);
});

it('shows channels and deliveries, tests and resends without JavaScript', async () => {
  await start(CHANNELS);
  receiver.otherwise = answering(302);
  const { runId } = await jobato.trigger('backup');
  await jobato.untilEnded(runId);
  await receiver.until(1);
  await until(async () =>
    JSON.stringify((await jobato.api.get('/api/notifications')).body).includes('"failed","attempts":1'),
  );
  const page = await open('/notifications', { javaScriptEnabled: false });
  const delivery = page.getByTestId('deliveries').getByRole('row').nth(1);
  expect(await delivery.innerText()).toMatch(
    /Nightly backup #1 failed at work \(exit 3\) after .*ops[^]*Failed[^]*does not follow/,
  );
  expect(await page.locator('#channel-chat').innerText()).toMatch(/Not ready[^]*CHAT_URL is not set/);
  expect(await page.locator('#channel-failing').innerText()).toContain('failing');
  expect(await page.getByText('PUBLIC_URL').count()).toBe(1);

  await page.locator('#test-chat').click();
  await page.getByRole('alert').filter({ hasText: 'CHAT_URL is not set' }).waitFor();
  await page.goto('/notifications/channels/chat/test'); // what a reload of the refused form opens
  await page.waitForURL('**/notifications');

  receiver.otherwise = accepts;
  await page.locator('#test-ops').click();
  await page.getByText('Test notification delivered.').waitFor();
  await page.getByRole('button', { name: /Resend.*Nightly backup #1/ }).click();
  await page.getByText('The notification is being sent.').waitFor();
  await receiver.until(3);
  await page
    .getByTestId('deliveries')
    .getByRole('link', { name: /Nightly backup #1/ })
    .click();
  await page.waitForURL(`**/runs/${runId}`);
});

it('refreshes itself, and fits a wide and a narrow screen', async () => {
  await start(CHANNELS);
  const page = await open('/notifications', { viewport: { width: 1366, height: 768 } });
  await jobato.untilEnded((await jobato.trigger('backup')).runId);
  await page.getByTestId('deliveries').getByText('Delivered').waitFor();
  for (const width of [1366, 390]) {
    await page.setViewportSize({ width, height: 768 });
    const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    expect({ width, overflow: Math.max(0, Number(overflow)) }).toEqual({ width, overflow: 0 });
  }
});
