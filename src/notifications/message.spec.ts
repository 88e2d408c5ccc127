import type { DeliveryFacts, DeliveryKind, RunFacts } from './delivery';
import { mailOf } from './mail-message';
import { messageOf } from './message';
import { slackBody } from './slack-message';
import { webhookBody, webhookHeaders, webhookType } from './webhook-message';

const START = '2026-11-28T21:00:00.000Z';
const END = '2026-11-28T21:02:10.000Z';
const RUN: RunFacts = {
  number: 14,
  scope: 'full',
  status: 'failed',
  statusReason: 'step-failed',
  triggeredBy: 'schedule',
  triggeredByName: 'nightly',
  startedAt: START,
  endedAt: END,
  step: { name: 'upload', exitCode: 1 },
  error: null,
};
const facts = (run: Partial<RunFacts> | null = {}, more: Partial<DeliveryFacts> = {}): DeliveryFacts => ({
  at: END,
  projectName: 'Nightly backup',
  run: run && { ...RUN, ...run },
  condition: null,
  ...more,
});
const lasting = (limitSeconds: number | null, detail: string | null = null) => ({
  condition: { since: START, limitSeconds, detail },
});
const delivery = (kind: DeliveryKind, of: DeliveryFacts = facts(), errorLines: string[] | null = null) => ({
  id: 'id-1',
  kind,
  projectId: 'backup',
  runId: of.run === null ? null : 'run-1',
  facts: of,
  errorLines,
});
const headline = (kind: DeliveryKind, of?: DeliveryFacts) => messageOf(delivery(kind, of), null).headline;

it.each<[string, DeliveryKind, DeliveryFacts]>([
  ['Nightly backup #14 failed at upload (exit 1) after 2 min 10 s', 'failed', facts()],
  [
    'Nightly backup #14 failed at upload (timed out) after 2 min 10 s',
    'failed',
    facts({ statusReason: 'timed-out', step: { name: 'upload', exitCode: null } }),
  ],
  [
    'Nightly backup #14 failed (worker lost) after 2 min 10 s',
    'failed',
    facts({ statusReason: 'worker-lost', step: null }),
  ],
  [
    'Nightly backup #14 ended partial (quota used up) after 2 min 10 s',
    'partial',
    facts({ statusReason: 'quota-reached', step: null }),
  ],
  [
    'Nightly backup #14 was cancelled (stopped manually) after 2 min 10 s',
    'cancelled',
    facts({ statusReason: 'cancelled-by-user', step: null }),
  ],
  ['Nightly backup #14 completed after 2 min 10 s', 'completed', facts()],
  ['Nightly backup recovered: #14 completed after 2 min 10 s', 'recovered', facts()],
  ['Nightly backup #14 started', 'started', facts({ endedAt: null })],
  [
    'Nightly backup #14 has been running for 2 min 10 s (longer than 1 min 0 s)',
    'long',
    facts({ endedAt: null }, lasting(60)),
  ],
  [
    'Nightly backup #14 is stuck: it has been stopping for 2 min 10 s',
    'stuck',
    facts({}, lasting(60, 'stopping')),
  ],
  [
    'Nightly backup has not completed for 2 min 10 s, since 2026-11-28 21:00:00 UTC',
    'stale',
    facts(null, lasting(60)),
  ],
  ['Nightly backup has never completed, for 2 min 10 s', 'stale', facts(null, lasting(60, 'never'))],
  ['Test notification from Jobato', 'test', facts(null, { projectName: null })],
])('%s', (text, kind, of) => expect(headline(kind, of)).toBe(text));

it('links to the run below PUBLIC_URL, and has no link without it', () => {
  expect(messageOf(delivery('failed'), 'https://ci.example.com/jobato').url).toBe(
    'https://ci.example.com/jobato/runs/run-1',
  );
  expect(messageOf(delivery('stale', facts(null)), 'https://ci.example.com').url).toBe(
    'https://ci.example.com/projects/backup',
  );
  expect(messageOf(delivery('failed'), null).url).toBeNull();
});

it('names days and zones', () => {
  expect(messageOf(delivery('failed'), null).facts).toEqual([
    { label: 'Started', value: '2026-11-28 21:00:00 UTC' },
    { label: 'Ended', value: '2026-11-28 21:02:10 UTC' },
    { label: 'Trigger', value: 'schedule (nightly)' },
  ]);
});

it.each<[DeliveryKind, string]>([
  ['failed', 'run.failed'],
  ['recovered', 'run.recovered'],
  ['long', 'run.long'],
  ['stuck-cleared', 'run.stuck.cleared'],
  ['stale', 'project.stale'],
  ['late-cleared', 'project.late.cleared'],
  ['test', 'test'],
])('the event of %s is %s', (kind, type) => expect(webhookType(kind)).toBe(type));

it('a webhook has stable members', () => {
  expect(JSON.parse(webhookBody(delivery('failed', facts(), ['no space left']), null))).toEqual({
    type: 'run.failed',
    timestamp: END,
    data: {
      text: 'Nightly backup #14 failed at upload (exit 1) after 2 min 10 s',
      url: null,
      projectId: 'backup',
      projectName: 'Nightly backup',
      run: {
        runId: 'run-1',
        number: 14,
        scope: 'full',
        status: 'failed',
        statusReason: 'step-failed',
        triggeredBy: 'schedule',
        triggeredByName: 'nightly',
        startedAt: START,
        endedAt: END,
        durationMs: 130_000,
        step: 'upload',
        exitCode: 1,
        error: null,
        errorLines: ['no space left'],
      },
      condition: null,
    },
  });
  expect(webhookHeaders({ id: 'id-1', body: '{}', secrets: [] }, 1_700_000_000_999)).toEqual({
    'content-type': 'application/json',
    'webhook-id': 'id-1',
    'webhook-timestamp': '1700000000',
  });
});

it('a chat message has no markup of its own, and alerts no reader', () => {
  const hostile = facts({}, { projectName: 'A|<!channel> & @here' });
  const body = slackBody(
    delivery('failed', hostile, ['@channel <!everyone> ``` <https://evil.example|click>']),
    'https://ci.example.com',
  );
  const { text, attachments } = JSON.parse(body) as {
    text: string;
    attachments: { text: string; color: string }[];
  };
  expect(text).toMatch(
    /^<https:\/\/ci.example.com\/runs\/run-1\|A¦&lt;!channel&gt; &amp; @\u200bhere #14 failed at upload \(exit 1\) after 2 min 10 s>$/,
  );
  const [attachment] = attachments;
  expect(attachment!.text).not.toMatch(/@(here|channel|everyone)|<|>/);
  expect(attachment!.text.match(/```/g)).toHaveLength(2);
});

it('a long log is cut at its beginning', () => {
  const { attachments } = JSON.parse(
    slackBody(delivery('failed', facts(), ['x'.repeat(5000), 'the end']), null),
  ) as { attachments: { text: string }[] };
  expect(attachments[0]!.text.length).toBeLessThan(1800);
  expect(attachments[0]!.text).toContain('the end');
});

it('bodies have no halves of characters, which strict parsers reject', () => {
  const cut = delivery('failed', facts(), [`${'x'.repeat(9)}\ud83d`]);
  for (const body of [webhookBody(cut, null), slackBody(cut, null)]) {
    expect(body).toContain('xxxxxxxxx\ufffd');
    expect(body).not.toContain('\\ud83d');
  }
});

it('a mail has one line as its subject', () => {
  const hostile = facts({}, { projectName: `A\r\nBcc: x@example.com\u2028${'b'.repeat(500)}` });
  const { subject, html, references } = mailOf(
    delivery('failed', hostile, ['<img src=x>']),
    null,
    'Jobato <a@example.com>',
  );
  expect(subject).not.toMatch(/[\r\n\u2028]/);
  expect(subject.length).toBeLessThanOrEqual(201);
  expect(html).not.toContain('<img');
  expect(references).toBe('<project.backup@example.com>');
});
