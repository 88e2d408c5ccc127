/** What a project can report. The first group is about starts and ends of runs, the second about states that last. */
export const RUN_CONDITIONS = [
  'started',
  'completed',
  'partial',
  'failed',
  'cancelled',
  'recovered',
] as const;
export const LASTING_CONDITIONS = ['late', 'long', 'stale', 'stuck'] as const;
export const NOTIFY_CONDITIONS = [...RUN_CONDITIONS, ...LASTING_CONDITIONS] as const;

export type LastingCondition = (typeof LASTING_CONDITIONS)[number];
export type NotifyCondition = (typeof NOTIFY_CONDITIONS)[number];

/** Which conditions a channel receives. */
export interface NotifyRoute {
  channel: string;
  on: NotifyCondition[];
}

/** The keys of a project file about notifications. They change no run, so they are not part of its hash. */
export interface NotifyRules {
  /** Null: the defaults of notifications.yaml. Empty: none. */
  notify: NotifyRoute[] | null;
  lateAfterSeconds: number;
  /** Null: three times the typical duration. */
  longAfterSeconds: number | null;
  /** Null: the condition `stale` does not exist. */
  expectSuccessEverySeconds: number | null;
}

export const NO_NOTIFY_RULES: NotifyRules = {
  notify: null,
  lateAfterSeconds: 300,
  longAfterSeconds: null,
  expectSuccessEverySeconds: null,
};

/** The names of channels, in notifications.yaml and in project files. */
export const CHANNEL_ID = { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]*$', maxLength: 50 };

/** The schema of `notify` and of the defaults in notifications.yaml. */
export const NOTIFY_ROUTES_SCHEMA = {
  type: 'array',
  maxItems: 50,
  items: {
    type: 'object',
    required: ['channel', 'on'],
    additionalProperties: false,
    properties: {
      channel: CHANNEL_ID,
      on: {
        type: 'array',
        items: { enum: NOTIFY_CONDITIONS },
        minItems: 1,
        maxItems: NOTIFY_CONDITIONS.length,
        uniqueItems: true,
      },
    },
  },
};

/** Returns the positions of routes whose channel an earlier route has. */
export function repeatedChannels(routes: readonly NotifyRoute[]): number[] {
  const names = routes.map(({ channel }) => channel);
  return names.flatMap((name, index) => (names.indexOf(name) === index ? [] : [index]));
}
