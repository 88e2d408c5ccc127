import { parseNotificationsFile } from './notifications-file';

const flaws = (source: string) =>
  (parseNotificationsFile(source).flaws ?? []).map(({ line, reason }) => `${line}: ${reason}`);

it('reads the three kinds of channels', () => {
  const { content } = parseNotificationsFile(`channels:
  - { id: ops, type: webhook, urlFrom: OPS_URL, secretFrom: OPS_SECRET, allowPrivate: true }
  - { id: chat, type: slack, urlFrom: SLACK_URL }
  - { id: mail, type: email, to: [team@example.com, team@example.com] }
defaults: [{ channel: ops, on: [failed, recovered] }]
`);
  expect(content!.channels).toEqual([
    { id: 'ops', type: 'webhook', urlFrom: 'OPS_URL', secretFrom: 'OPS_SECRET', to: [], allowPrivate: true },
    { id: 'chat', type: 'slack', urlFrom: 'SLACK_URL', secretFrom: null, to: [], allowPrivate: false },
    {
      id: 'mail',
      type: 'email',
      urlFrom: null,
      secretFrom: null,
      to: ['team@example.com'],
      allowPrivate: false,
    },
  ]);
  expect(content!.defaults).toEqual([{ channel: 'ops', on: ['failed', 'recovered'] }]);
  expect(parseNotificationsFile('channels: []')).toEqual({ content: { channels: [], defaults: [] } });
});

it('names the line of each error', () => {
  expect(
    flaws(`channels:
  - { id: ops, type: webhook }
  - { id: ops, type: slack, urlFrom: SLACK_URL, secretFrom: A }
  - { id: mail, type: email, to: [team], urlFrom: A }
  - { id: own, type: webhook, urlFrom: JOBATO_ADMIN_TOKEN }
defaults:
  - { channel: other, on: [failed] }
  - { channel: mail, on: [failed] }
  - { channel: mail, on: [started] }
`),
  ).toEqual([
    '2: channel "ops" of type webhook must have "urlFrom"',
    '3: "secretFrom" is not for channels of type slack',
    '3: two channels have the id "ops"',
    '4: "urlFrom" is not for channels of type email',
    '4: "to" has an entry that is not an address such as team@example.com',
    `5: "urlFrom" names JOBATO_ADMIN_TOKEN, which is one of Jobato's own secrets. Use another variable`,
    '7: channel "other" is not in "channels"',
    '9: "defaults" lists channel "mail" twice. Write all its conditions in one entry',
  ]);
  expect(
    flaws(
      'channels: [{ id: mail, type: email, to: [a@example.com] }]\ndefaults: [{ channel: mail, on: [broken] }]',
    )[0],
  ).toContain('must be one of started, completed');
});

it('does not repeat a URL that was written in place of its variable', () => {
  const [flaw] = flaws('channels: [{ id: chat, type: slack, urlFrom: https://hooks.example.com/T0/secret }]');
  expect(flaw).toContain('must be the name of an environment variable such as OPS_WEBHOOK_URL');
  expect(flaw).not.toContain('secret');
});

it.each([
  'a@b.example\\r\\nBcc: x@example.com',
  'A <a@example.com>',
  'a@example.com, b@example.com',
  '@',
  'a b@example.com',
])('refuses the address "%s"', (address) =>
  expect(flaws(`channels: [{ id: mail, type: email, to: ["${address}"] }]`)).toHaveLength(1),
);
