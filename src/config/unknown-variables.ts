import type { GivenEnvironment } from './environment';
import { SECRETS, fileVariableOf } from './secrets';
import { similarName } from './similar-name';

/** Every variable that Jobato reads; `.env.example` explains each. */
export const KNOWN_VARIABLES = [
  'HOST',
  'PORT',
  'ALLOWED_HOSTS',
  'PUBLIC_URL',
  'BASE_PATH',
  'CORS_ORIGINS',
  'TLS_CERT_FILE',
  'TLS_KEY_FILE',
  'TRUST_PROXY',
  'DATA_DIR',
  'CONFIG_DIR',
  'DATABASE_URL',
  'MAIL_FROM',
  'WORKER',
  'WORKER_CONCURRENCY',
  'WORKER_DRAIN_SECONDS',
  'RUN_EVENTS_STREAM',
  'RUN_EVENTS_RETENTION_HOURS',
  'RETENTION_DAYS',
  'LOG_LIMIT_MB',
  'ARTIFACT_LIMIT_MB',
  'RESULT_LIMIT_MB',
  'REQUEST_TIMEOUT_SECONDS',
  'UPLOAD_IDLE_SECONDS',
  'UPLOAD_TIMEOUT_SECONDS',
  'MIN_FREE_DISK_MB',
  'LOG_LEVEL',
  'JOBATO_URL',
  ...SECRETS,
  ...SECRETS.map(fileVariableOf),
];

const KNOWN: ReadonlySet<string> = new Set(KNOWN_VARIABLES);
const PREFIX = 'JOBATO_';
/** Variables of steps: a server started by a step inherits them. */
const OF_STEPS =
  /^JOBATO_(RUN_ID|PROJECT_ID|STEP|SCOPE|ATTEMPT|PARAMS|PARAM_\w+|OUTPUT_\w+|WORK_DIR|RUN_DIR|EVENTS_FD|INPUTS_FILE|QUOTA_\w+|HTML_DIR|CURRENT_RESULT)$/;

/**
 * Returns one sentence for each variable without effect. These are unknown names that begin with JOBATO_, and names in
 * the file .env similar to known ones. Other names in that file may be for steps. Contains no values.
 */
export function unknownVariables({ own, file }: GivenEnvironment): string[] {
  return [
    ...Object.keys(own).flatMap((name) => warningAbout(name, '')),
    ...Object.keys(file?.variables ?? {})
      .filter((name) => own[name] === undefined)
      .flatMap((name) => warningAbout(name, ` in ${file!.path}`, true)),
  ];
}

function warningAbout(name: string, place: string, isOurFile = false): string[] {
  if (KNOWN.has(name) || OF_STEPS.test(name)) return [];
  const suggestion = similarVariable(name);
  const isMeant = name.toUpperCase().startsWith(PREFIX) || (isOurFile && suggestion !== null);
  if (!isMeant) return [];
  const hint = suggestion === null ? 'See .env.example for all variables.' : `Did you mean ${suggestion}?`;
  return [`${name}${place} is unknown and has no effect. ${hint}`];
}

/** Returns the known variable most similar to a misspelt name; null if none is similar. */
function similarVariable(name: string): string | null {
  const spelling = name.toUpperCase().replaceAll('-', '_');
  const withoutPrefix = spelling.replace(PREFIX, '');
  return similarName([spelling, withoutPrefix], KNOWN_VARIABLES);
}
