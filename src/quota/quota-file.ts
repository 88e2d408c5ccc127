import { type Complaint, type ParsedYaml, parseYaml } from '../config-files/parse-yaml';
import { Schema } from '../schemas/schema';
import { isTimeZone, type ResetPolicy } from './quota-day';

interface QuotaFile {
  quota: {
    dailyLimit: number;
    concurrencyLimit?: number;
    resetPolicy?: { timeZone?: string; resetHour?: number };
  };
}

/** Limits for each project with `quota: true`. */
export interface QuotaRules {
  /** Calls in a quota day. */
  dailyLimit: number;
  /** Maximum number of concurrent calls. */
  concurrencyLimit: number;
  resetPolicy: ResetPolicy;
}

/** Default reset policy. */
export const MIDNIGHT_UTC: ResetPolicy = { timeZone: 'UTC', resetHour: 0 };

export const QUOTA_FILE_SCHEMA = {
  type: 'object',
  required: ['quota'],
  additionalProperties: false,
  properties: {
    quota: {
      description: 'The limits for each project with "quota: true".',
      type: 'object',
      required: ['dailyLimit'],
      additionalProperties: false,
      properties: {
        dailyLimit: {
          description: 'Number of calls in a quota day, for each project.',
          type: 'integer',
          minimum: 0,
          maximum: 1_000_000_000,
          examples: [100],
        },
        concurrencyLimit: {
          description: 'Number of calls under way at once.',
          type: 'integer',
          minimum: 1,
          maximum: 1_000_000,
          default: 1,
        },
        resetPolicy: {
          description: 'When a quota day begins.',
          type: 'object',
          additionalProperties: false,
          properties: {
            timeZone: {
              description: 'The IANA time zone of the quota day.',
              type: 'string',
              maxLength: 100,
              default: MIDNIGHT_UTC.timeZone,
              examples: ['Europe/Berlin'],
            },
            resetHour: {
              description: 'The hour at which a quota day begins.',
              type: 'integer',
              minimum: 0,
              maximum: 23,
              default: MIDNIGHT_UTC.resetHour,
            },
          },
        },
      },
    },
  },
};
const SCHEMA = new Schema<QuotaFile>(QUOTA_FILE_SCHEMA, { allErrors: true });

/** Parses quota.yaml. Never throws. */
export function parseQuotaFile(source: string): ParsedYaml<QuotaRules> {
  const { content, flaws } = parseYaml(source, SCHEMA, 'quota: { dailyLimit: 100 }', [
    { reads: ['quota'], check: aboutTimeZone },
  ]);
  if (content === undefined) return { flaws };
  const { dailyLimit, concurrencyLimit = 1, resetPolicy } = content.quota;
  return { content: { dailyLimit, concurrencyLimit, resetPolicy: { ...MIDNIGHT_UTC, ...resetPolicy } } };
}

function aboutTimeZone({ quota }: QuotaFile): Complaint[] {
  const { timeZone } = quota.resetPolicy ?? {};
  if (timeZone === undefined || isTimeZone(timeZone)) return [];
  return [
    {
      path: ['quota', 'resetPolicy', 'timeZone'],
      reason: `"${timeZone}" is not a time zone such as Europe/Berlin or UTC`,
    },
  ];
}
