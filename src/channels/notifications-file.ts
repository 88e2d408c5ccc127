import { type Complaint, type ParsedYaml, parseYaml } from '../config-files/parse-yaml';
import { MAIL_ADDRESS } from '../config/mail-settings';
import { isSecretVariable } from '../config/secrets';
import {
  CHANNEL_ID,
  NOTIFY_ROUTES_SCHEMA,
  type NotifyRoute,
  repeatedChannels,
} from '../projects/notify-rules';
import type { SchemaNotes } from '../schemas/annotated-schema';
import { Schema } from '../schemas/schema';

export const CHANNEL_TYPES = ['webhook', 'slack', 'email'] as const;
export type ChannelType = (typeof CHANNEL_TYPES)[number];

/** A channel as its file defines it. URLs and secrets are in variables, never in the file. */
export interface Channel {
  id: string;
  type: ChannelType;
  /** The variable with the URL; null for mail. */
  urlFrom: string | null;
  /** The variable with the secrets for the signature; null without a signature. */
  secretFrom: string | null;
  /** Addresses; empty unless the type is email. */
  to: string[];
  /** Whether the URL may lead to a private address. */
  allowPrivate: boolean;
}

/** The content of notifications.yaml. */
export interface NotificationSettings {
  channels: Channel[];
  /** For projects without `notify`. */
  defaults: NotifyRoute[];
}

interface ChannelEntry {
  id: string;
  type: ChannelType;
  urlFrom?: string;
  secretFrom?: string;
  to?: string[];
  allowPrivate?: boolean;
}

interface NotificationsFile {
  channels?: ChannelEntry[];
  defaults?: NotifyRoute[];
}

const MAX_CHANNELS = 50;
const variable = { type: 'string', maxLength: 200 };

export const NOTIFICATIONS_FILE_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    channels: {
      description: 'Where notifications are sent.',
      type: 'array',
      maxItems: MAX_CHANNELS,
      items: {
        description: 'A receiver of notifications.',
        type: 'object',
        required: ['id', 'type'],
        additionalProperties: false,
        properties: {
          id: {
            description: 'The name of the channel in "defaults" and in "notify" of project files.',
            ...CHANNEL_ID,
            examples: ['ops'],
          },
          type: {
            description:
              '"webhook": JSON, signed as Standard Webhooks. "slack": Slack, Mattermost, Discord /slack. "email": mail ' +
              'through SMTP_URL.',
            enum: CHANNEL_TYPES,
          },
          urlFrom: {
            description:
              "The variable of the server's environment that has the URL. Its name with _FILE may name a file instead.",
            ...variable,
            examples: ['OPS_WEBHOOK_URL'],
          },
          secretFrom: {
            description:
              'The variable with the secret for the signature: whsec_ and base64. During a change, several secrets ' +
              'separated by commas.',
            ...variable,
            examples: ['OPS_WEBHOOK_SECRET'],
          },
          to: {
            description: 'The addresses of an email channel.',
            type: 'array',
            items: { type: 'string', maxLength: 320 },
            minItems: 1,
            maxItems: 50,
            examples: [['team@example.com']],
          },
          allowPrivate: {
            description: 'Whether the URL may lead to a private, loopback or link-local address.',
            type: 'boolean',
            default: false,
          },
        },
      },
    },
    defaults: {
      description: 'The notifications of projects without "notify".',
      ...NOTIFY_ROUTES_SCHEMA,
      examples: [[{ channel: 'ops', on: ['failed', 'recovered', 'late', 'stuck'] }]],
    },
  },
};

const VARIABLE = '^[A-Za-z_][A-Za-z0-9_]*$';
/** The rules in code as a JSON Schema, for editors. */
export const NOTIFICATIONS_FILE_CONDITIONS: SchemaNotes = {
  'channels.*': {
    if: { properties: { type: { const: 'email' } }, required: ['type'] },
    then: {
      required: ['to'],
      properties: { to: {}, urlFrom: false, secretFrom: false, allowPrivate: false },
    },
    else: { required: ['urlFrom'], properties: { urlFrom: {}, to: false } },
  },
  'channels.*.urlFrom': { pattern: VARIABLE },
  'channels.*.secretFrom': { pattern: VARIABLE },
  'channels.*.to.*': { pattern: `^${MAIL_ADDRESS}$` },
  'defaults.*': { description: 'A channel and its conditions.' },
  'defaults.*.channel': { description: 'The id of a channel of this file.' },
  'defaults.*.on': { description: 'What the channel is notified of.' },
};

const SCHEMA = new Schema<NotificationsFile>(NOTIFICATIONS_FILE_SCHEMA, { allErrors: true, verbose: true });
const ADDRESS = new RegExp(`^${MAIL_ADDRESS}$`);

/** Parses notifications.yaml. Never throws. */
export function parseNotificationsFile(source: string): ParsedYaml<NotificationSettings> {
  const { content, flaws } = parseYaml(source, SCHEMA, 'channels: []', [
    { reads: ['channels'], check: ({ channels = [] }) => channels.flatMap(aboutChannel) },
    { reads: ['channels'], check: ({ channels = [] }) => aboutSameIds(channels) },
    { reads: ['channels', 'defaults'], check: aboutDefaults },
  ]);
  if (content === undefined) return { flaws };
  const { channels = [], defaults = [] } = content;
  return {
    content: {
      channels: channels.map(({ id, type, urlFrom, secretFrom, to, allowPrivate }) => ({
        id,
        type,
        urlFrom: urlFrom ?? null,
        secretFrom: secretFrom ?? null,
        to: [...new Set(to ?? [])],
        allowPrivate: allowPrivate ?? false,
      })),
      defaults,
    },
  };
}

function aboutChannel(channel: ChannelEntry, index: number): Complaint[] {
  const path = ['channels', index];
  const { id, type, to = [] } = channel;
  const isMail = type === 'email';
  const needed = isMail ? 'to' : 'urlFrom';
  const foreign = isMail ? (['urlFrom', 'secretFrom', 'allowPrivate'] as const) : (['to'] as const);
  const unsigned = type === 'slack' ? (['secretFrom'] as const) : [];
  return [
    ...(channel[needed] === undefined
      ? [{ path, reason: `channel "${id}" of type ${type} must have "${needed}"` }]
      : []),
    ...[...foreign, ...unsigned]
      .filter((key) => channel[key] !== undefined)
      .map((key) => ({
        path: [...path, key],
        reason: `"${key}" is not for channels of type ${type}`,
        atKey: true,
      })),
    ...(['urlFrom', 'secretFrom'] as const).flatMap((key) => aboutVariable(channel[key], [...path, key])),
    ...to.flatMap((address, at) =>
      ADDRESS.test(address)
        ? []
        : [
            {
              path: [...path, 'to', at],
              reason: `"to" has an entry that is not an address such as team@example.com`,
            },
          ],
    ),
  ];
}

/** Never repeats the value, which may be a URL with a secret. */
function aboutVariable(name: string | undefined, path: Complaint['path']): Complaint[] {
  if (name === undefined) return [];
  const key = String(path.at(-1));
  if (!new RegExp(VARIABLE).test(name)) {
    const example = key === 'urlFrom' ? 'OPS_WEBHOOK_URL' : 'OPS_WEBHOOK_SECRET';
    const reason = `"${key}" must be the name of an environment variable such as ${example}, not the value itself`;
    return [{ path, reason }];
  }
  return isSecretVariable(name)
    ? [{ path, reason: `"${key}" names ${name}, which is one of Jobato's own secrets. Use another variable` }]
    : [];
}

function aboutSameIds(channels: ChannelEntry[]): Complaint[] {
  const ids = channels.map(({ id }) => id);
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index
      ? []
      : [{ path: ['channels', index, 'id'], reason: `two channels have the id "${id}"` }],
  );
}

function aboutDefaults({ channels = [], defaults = [] }: NotificationsFile): Complaint[] {
  const known = new Set(channels.map(({ id }) => id));
  const unknown = defaults.flatMap(({ channel }, at) =>
    known.has(channel)
      ? []
      : [{ path: ['defaults', at, 'channel'], reason: `channel "${channel}" is not in "channels"` }],
  );
  const twice = repeatedChannels(defaults).map((at) => ({
    path: ['defaults', at, 'channel'],
    reason: `"defaults" lists channel "${defaults[at]!.channel}" twice. Write all its conditions in one entry`,
  }));
  return [...unknown, ...twice];
}
