import type { NotifyRules } from './notify-rules';

/** A project as defined in its file, with every default filled in. Each run stores a copy and the hash of it. */
export interface ProjectDefinition {
  projectId: string;
  name: string;
  description: string | null;
  tags: string[];
  /** False: no run starts. */
  isEnabled: boolean;
  isDefault: boolean;
  executor: 'steps' | 'external';
  params: Record<string, ParamSpec>;
  steps: StepDefinition[];
  /** How many steps may run side by side. */
  parallel: number;
  /** Named scopes, in addition to the built-in full, from:<step> and only:<step>. */
  scopes: Record<string, string[]>;
  /** The limit for the whole run; null = no limit. */
  timeoutSeconds: number | null;
  /** The metrics shown in the summary bar. */
  metrics: string[];
  quota: boolean;
  inputs: 'queries-x-allowlists' | null;
  /** Patterns of the files whose changes make the latest result outdated. */
  watch: string[];
  /** Patterns of files that every step may make; see artifact-collection.ts. */
  artifacts: string[];
  /** Not part of what a run stores: see stored-definition.ts. */
  schedules: ScheduleEntry[];
  /** How long runs are kept. Not part of what a run stores either. */
  keep: KeepSetting | null;
  /** Which file of a run is a result, and when; null if the file says nothing. */
  result: ResultRule | null;
  /** What is done with the live result. Not part of what a run stores. */
  liveResult: LiveResultSetting;
  maxAttempts: number;
  stopGraceSeconds: number;
  /** The longest time that a run waits for a worker; 0 = no limit. */
  claimTimeoutSeconds: number;
  /** Who is notified of what. Not part of the hash. */
  notifications: NotifyRules;
}

/** Limits for the runs of a project; what is not set is absent. `days: 0` means no limit by age. */
export interface KeepSetting {
  /** Days since the start of a run. */
  days?: number;
  /** How many runs stay, counted from the newest. */
  runs?: number;
  /** Days after which the log is removed, and the run stays. */
  logsDays?: number;
  /** Days after which the files are removed, and the run stays. */
  artifactsDays?: number;
}

export interface ResultRule {
  /** The artifact that is the result of each run that offers no other file; null without any. */
  artifact: string | null;
  /** Whether the result of a partial run goes live too. */
  partial: boolean;
}

export interface LiveResultSetting {
  /** A further file with the path of the live result, relative to DATA_DIR. */
  pointer: string | null;
  /** How many results stay beside the newest one. */
  keep: number;
  /** Set if the result is an SQLite database with a table for readers. */
  table: ResultTable | null;
}

export interface ResultTable {
  name: string;
  /** The columns that are shown, in this order; null for all. */
  columns: string[] | null;
  /** The column with the id of the run that added the row. */
  newBy: string | null;
  /** The column that is shown first, as the name of the row. */
  title: string | null;
  /** The column with a web address, to which the title leads. */
  link: string | null;
  /** The order at first: a column, with "desc" for the largest first. */
  sort: { column: string; descending: boolean } | null;
}

export const DEFAULT_LIVE_RESULT: LiveResultSetting = { pointer: null, keep: 5, table: null };

/** How many steps run side by side unless the file says otherwise. */
export const DEFAULT_PARALLEL = 4;

/** When runs start, and how. */
export interface ScheduleEntry {
  /** Unique in the project. */
  name: string;
  /** As in the file; see cron-expression.ts. */
  cron: string;
  /** IANA name, such as Europe/Berlin. */
  timeZone: string;
  scope: string;
  /** Those of the file. The project's defaults are not filled in. */
  params: Record<string, ParamValue>;
  /** After an outage, the newest missed start is made up for. */
  catchUp: boolean;
  /** False: the entry starts nothing and records nothing. */
  isEnabled: boolean;
}

export interface StepDefinition {
  name: string;
  /** argv, without a shell; empty if the step is a script. */
  command: string[];
  script: Script | null;
  /** null = only the limit of the run. */
  timeoutSeconds: number | null;
  env: Record<string, string>;
  /** Variables passed through from the server. Their values are masked: see masking.ts. */
  passEnv: string[];
  /** Variables passed through from the server, whose values are not masked. */
  passPlainEnv: string[];
  /** Relative to the server's working directory; `~` is the home of its user. */
  workingDir: string;
  /** The steps that must end before this one starts; null if the file does not say. See step-graph.ts. */
  needs: string[] | null;
  when: StepWhen;
  /** A failure of the step makes the run partial, and satisfies the steps that need it. */
  continueOnError: boolean;
  /** stdout and stderr are one pipe, so that the log has all lines in the order written. */
  mergeOutput: boolean;
  /** Null = one attempt. */
  retry: StepRetry | null;
  /** Patterns of files that this step makes. */
  artifacts: string[];
}

/** `success`: only while no step has failed. `failure`: only after a failure. `always`: also after a stop. */
export const STEP_WHENS = ['success', 'failure', 'always'] as const;
export type StepWhen = (typeof STEP_WHENS)[number];

/** Further attempts of a failed step. The delay grows by the factor `backoff` with each attempt. */
export interface StepRetry {
  maxAttempts: number;
  delaySeconds: number;
  backoff: number;
  maxDelaySeconds: number;
}

/** Text that a shell or another interpreter executes. */
export interface Script {
  text: string;
  /** The interpreter and its arguments; null for Bash, or sh where there is no Bash. */
  shell: string[] | null;
}

export const PARAM_TYPES = [
  'string',
  'integer',
  'number',
  'boolean',
  'enum',
  'date',
  'array',
  'secret',
] as const;
export type ParamType = (typeof PARAM_TYPES)[number];
/** A date is text, `YYYY-MM-DD`. An array has texts. A secret is text that is never among the params of a run. */
export type ParamValue = string | number | boolean | string[];

export interface ParamSpec {
  type: ParamType;
  /** What readers see as the rule of the value. */
  description: string | null;
  /** A valid value for readers. */
  example: ParamValue | null;
  required: boolean;
  default: ParamValue | null;
  /** True for a string that is edited in several lines. Every string may have line breaks. */
  multiline: boolean;
  /** The smallest number, the earliest date, the smallest length of a text in characters, or the fewest items. */
  min: number | string | null;
  /** The largest number, the latest date, the largest length of a text in characters, or the most items. */
  max: number | string | null;
  /** A regular expression (RE2) that must match the whole text, or each item. Pages never show it. */
  pattern: string | null;
  /** The allowed values of an enum. For an array: of each item; empty if there is no such rule. */
  values: string[];
}
