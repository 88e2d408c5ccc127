/** A project as its file says, with every default filled in. What a run keeps is a copy of it, named by its hash. */
export interface ProjectDefinition {
  projectId: string;
  name: string;
  isDefault: boolean;
  executor: 'steps' | 'external';
  params: Record<string, ParamSpec>;
  steps: StepDefinition[];
  /** Named scopes, beside the built-in full, from:<step> and only:<step>. */
  scopes: Record<string, string[]>;
  /** Of the whole run; null = no limit. */
  timeoutSeconds: number | null;
  /** Which metrics the summary bar shows. */
  metrics: string[];
  quota: boolean;
  inputs: 'queries-x-allowlists' | null;
  schedule: { cron: string; timeZone: string; catchUp: boolean } | null;
  maxAttempts: number;
  stopGraceSeconds: number;
  /** How long a run may wait for a worker; 0 = for as long as it takes. */
  claimTimeoutSeconds: number;
}

export interface StepDefinition {
  name: string;
  /** argv; never goes through a shell. */
  command: string[];
  /** null = no limit but the run's. */
  timeoutSeconds: number | null;
  env: Record<string, string>;
  /** Variables handed through from the server; their values are masked wherever they would show. */
  passEnv: string[];
  /** Relative to the server's working directory. */
  workingDir: string;
}

export const PARAM_TYPES = ['string', 'integer', 'number', 'boolean', 'enum'] as const;
export type ParamType = (typeof PARAM_TYPES)[number];
export type ParamValue = string | number | boolean;

export interface ParamSpec {
  type: ParamType;
  description: string | null;
  required: boolean;
  default: ParamValue | null;
  /** Smallest number, or shortest text in characters. */
  min: number | null;
  /** Largest number, or longest text in characters. */
  max: number | null;
  /** Regular expression (RE2) that the whole text must match. */
  pattern: string | null;
  /** What an enum may be. */
  values: string[];
}
