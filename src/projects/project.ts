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
  schedule: { cron: string; timeZone: string; catchUp: boolean } | null;
  maxAttempts: number;
  stopGraceSeconds: number;
  /** The longest time that a run waits for a worker; 0 = no limit. */
  claimTimeoutSeconds: number;
}

export interface StepDefinition {
  name: string;
  /** argv, without a shell; empty if the step is a script. */
  command: string[];
  script: Script | null;
  /** null = only the limit of the run. */
  timeoutSeconds: number | null;
  env: Record<string, string>;
  /** Variables passed through from the server. Their values are masked wherever they would appear. */
  passEnv: string[];
  /** Variables passed through from the server, whose values are not masked. */
  passPlainEnv: string[];
  /** Relative to the server's working directory; `~` is the home of its user. */
  workingDir: string;
}

/** Text that a shell or another interpreter executes. */
export interface Script {
  text: string;
  /** The interpreter and its arguments; null for Bash, or sh where there is no Bash. */
  shell: string[] | null;
}

export const PARAM_TYPES = ['string', 'integer', 'number', 'boolean', 'enum'] as const;
export type ParamType = (typeof PARAM_TYPES)[number];
export type ParamValue = string | number | boolean;

export interface ParamSpec {
  type: ParamType;
  description: string | null;
  required: boolean;
  default: ParamValue | null;
  /** The smallest number, or the smallest length of a text in characters. */
  min: number | null;
  /** The largest number, or the largest length of a text in characters. */
  max: number | null;
  /** A regular expression (RE2) that must match the whole text. */
  pattern: string | null;
  /** The allowed values of an enum. */
  values: string[];
}
