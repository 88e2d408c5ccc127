import type { Config } from '../config/config';
import { readNamedSecret } from '../config/secrets';
import type { Channel } from './notifications-file';

/** Where a channel sends to. Contains secrets, so it is never stored, logged or shown. */
export type ChannelTarget =
  { kind: 'http'; url: URL; secrets: string[] } | { kind: 'mail'; smtpUrl: string; from: string };

/** What is missing or wrong outside of notifications.yaml. Contains no secret. */
export type ChannelFlaw =
  | { code: 'not-set'; variable: string }
  | { code: 'unreadable'; text: string }
  | { code: 'invalid-url'; variable: string }
  | { code: 'invalid-secret'; variable: string };

type Settings = Pick<Config, 'environment' | 'smtpUrl' | 'mailFrom'>;

/** The specification wants 24 to 64 bytes. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;
const MAX_SECRETS = 10;

/** Reads the variables of a channel now, so that a changed file of a secret takes effect without a restart. */
export function channelTarget(channel: Channel, settings: Settings): ChannelTarget | { flaw: ChannelFlaw } {
  return channel.type === 'email' ? mailTarget(settings) : httpTarget(channel, settings);
}

function mailTarget({ smtpUrl, mailFrom }: Settings): ChannelTarget | { flaw: ChannelFlaw } {
  if (smtpUrl === null) return { flaw: { code: 'not-set', variable: 'SMTP_URL' } };
  if (mailFrom === null) return { flaw: { code: 'not-set', variable: 'MAIL_FROM' } };
  return { kind: 'mail', smtpUrl, from: mailFrom };
}

function httpTarget(
  { urlFrom, secretFrom }: Channel,
  { environment }: Settings,
): ChannelTarget | { flaw: ChannelFlaw } {
  const variable = urlFrom ?? '';
  const given = readNamedSecret(variable, environment);
  if (given === null) return { flaw: { code: 'not-set', variable } };
  if ('flaw' in given) return { flaw: { code: 'unreadable', text: given.flaw } };
  const url = httpUrl(given.secret);
  if (url === null) return { flaw: { code: 'invalid-url', variable } };
  if (secretFrom === null) return { kind: 'http', url, secrets: [] };
  const secret = readNamedSecret(secretFrom, environment);
  if (secret === null) return { flaw: { code: 'not-set', variable: secretFrom } };
  if ('flaw' in secret) return { flaw: { code: 'unreadable', text: secret.flaw } };
  const secrets = secret.secret.split(/[\s,]+/).filter((part) => part !== '');
  const isUsable = secrets.length > 0 && secrets.length <= MAX_SECRETS && secrets.every(isWebhookSecret);
  return isUsable
    ? { kind: 'http', url, secrets }
    : { flaw: { code: 'invalid-secret', variable: secretFrom } };
}

function httpUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return ['http:', 'https:'].includes(url.protocol) ? url : null;
}

function isWebhookSecret(text: string): boolean {
  const bytes = Buffer.from(text.replace('whsec_', ''), 'base64').length;
  return SECRET.test(text) && bytes >= 24 && bytes <= 64;
}
