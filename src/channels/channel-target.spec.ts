import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelTarget } from './channel-target';
import type { Channel } from './notifications-file';

const CHANNEL: Channel = {
  id: 'ops',
  type: 'webhook',
  urlFrom: 'URL',
  secretFrom: 'SECRET',
  to: [],
  allowPrivate: false,
};
const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER_KEY = `whsec_${Buffer.alloc(24, 2).toString('base64')}`;
const target = (environment: Record<string, string>, channel: Partial<Channel> = {}) =>
  channelTarget({ ...CHANNEL, ...channel }, { environment, smtpUrl: null, mailFrom: null });

it('reads the URL and several secrets from variables', () => {
  const found = target({ URL: ' https://example.com/hook ', SECRET: `${KEY}, ${OTHER_KEY}` });
  expect(found).toEqual({
    kind: 'http',
    url: new URL('https://example.com/hook'),
    secrets: [KEY, OTHER_KEY],
  });
  expect(target({ URL: 'https://example.com' }, { secretFrom: null })).toMatchObject({ secrets: [] });
});

it('reads them from files, each time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobato-target-'));
  const file = join(folder, 'url');
  const environment = { URL_FILE: file, SECRET: KEY };
  writeFileSync(file, 'https://one.example\n');
  expect(target(environment)).toMatchObject({ url: new URL('https://one.example') });
  writeFileSync(file, 'https://two.example\n');
  expect(target(environment)).toMatchObject({ url: new URL('https://two.example') });
  rmSync(folder, { recursive: true });
  expect(target(environment)).toMatchObject({ flaw: { code: 'unreadable' } });
});

it.each([
  [{ SECRET: KEY }, { code: 'not-set', variable: 'URL' }],
  [{ URL: 'https://example.com' }, { code: 'not-set', variable: 'SECRET' }],
  [
    { URL: 'ftp://example.com', SECRET: KEY },
    { code: 'invalid-url', variable: 'URL' },
  ],
  [
    { URL: 'hooks.example.com', SECRET: KEY },
    { code: 'invalid-url', variable: 'URL' },
  ],
  [
    { URL: 'https://example.com', SECRET: 'a secret' },
    { code: 'invalid-secret', variable: 'SECRET' },
  ],
  [
    { URL: 'https://example.com', SECRET: 'whsec_c2hvcnQ=' },
    { code: 'invalid-secret', variable: 'SECRET' },
  ],
])('explains what is wrong with %j', (environment, flaw) => {
  expect(target(environment as Record<string, string>)).toEqual({ flaw });
});

it('needs a server and a sender for mail', () => {
  const mail = { ...CHANNEL, type: 'email' as const };
  const settings = { environment: {}, smtpUrl: 'smtp://localhost', mailFrom: 'jobato@example.com' };
  expect(channelTarget(mail, settings)).toMatchObject({ kind: 'mail' });
  expect(channelTarget(mail, { ...settings, smtpUrl: null })).toEqual({
    flaw: { code: 'not-set', variable: 'SMTP_URL' },
  });
  expect(channelTarget(mail, { ...settings, mailFrom: null })).toEqual({
    flaw: { code: 'not-set', variable: 'MAIL_FROM' },
  });
});
