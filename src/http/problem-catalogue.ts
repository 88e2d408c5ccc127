/** Every error that Jobato returns, with its code, HTTP status and title. Add new errors only here. */
export const PROBLEMS = {
  VALIDATION: { status: 400, title: 'Invalid request' },
  NO_ENABLED_INPUTS: { status: 400, title: 'No enabled inputs' },
  UNAUTHORIZED: { status: 401, title: 'Authentication required' },
  FORBIDDEN: { status: 403, title: 'Request not allowed' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  RUN_NOT_FOUND: { status: 404, title: 'Run not found' },
  PROJECT_NOT_FOUND: { status: 404, title: 'Project not found' },
  ARTIFACT_NOT_FOUND: { status: 404, title: 'Artifact not found' },
  RESULT_NOT_FOUND: { status: 404, title: 'Result not found' },
  RESULT_TABLE_NOT_SET: { status: 404, title: 'No table of results' },
  NOTIFICATION_NOT_FOUND: { status: 404, title: 'Notification not found' },
  CHANNEL_NOT_FOUND: { status: 404, title: 'Channel not found' },
  QUERY_NOT_FOUND: { status: 404, title: 'Query not found' },
  DOMAIN_NOT_FOUND: { status: 404, title: 'Domain not found' },
  REJECTED_EVENT_NOT_FOUND: { status: 404, title: 'Rejected event not found' },
  REQUEST_TIMEOUT: { status: 408, title: 'Request timed out' },
  RUN_IN_PROGRESS: { status: 409, title: 'Run already in progress' },
  PROJECT_DISABLED: { status: 409, title: 'Project disabled' },
  RUN_ALREADY_CLAIMED: { status: 409, title: 'Run already claimed' },
  RUN_ALREADY_ENDED: { status: 409, title: 'Run already ended' },
  CHANNEL_NOT_READY: { status: 409, title: 'Channel not ready' },
  RUN_NOT_ENDED: { status: 409, title: 'Run has not ended' },
  RUN_HAS_RESULT: { status: 409, title: 'Result of the run is kept' },
  RESULT_CHANGED: { status: 409, title: 'Another result is live' },
  RESULT_UNREADABLE: { status: 409, title: 'Result cannot be read' },
  RUN_PINNED: { status: 409, title: 'Run is pinned' },
  INPUT_FILE_INVALID: { status: 409, title: 'File needs fixing' },
  INPUT_FILE_NOT_WRITABLE: { status: 409, title: 'File cannot be changed' },
  INPUT_SHARED: { status: 409, title: 'Item shares its values' },
  LEASE_LOST: { status: 409, title: 'Lease lost' },
  REJECTED_EVENT_CUT: { status: 409, title: 'Rejected event is incomplete' },
  LOG_REMOVED: { status: 410, title: 'Log removed' },
  ARTIFACT_REMOVED: { status: 410, title: 'Artifact removed' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'Request too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'Unsupported content type' },
  RANGE_NOT_SATISFIABLE: { status: 416, title: 'Range not satisfiable' },
  MISDIRECTED_REQUEST: { status: 421, title: 'Host name not allowed' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'Idempotency key already used' },
  QUOTA_REACHED: { status: 429, title: 'Quota reached' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many attempts' },
  INTERNAL: { status: 500, title: 'Internal server error' },
  QUOTA_UNKNOWN: { status: 503, title: 'Quota unknown' },
  RESULT_TOO_SLOW: { status: 503, title: 'Result takes too long to read' },
  SERVER_BUSY: { status: 503, title: 'Server is busy' },
  SHUTTING_DOWN: { status: 503, title: 'Server is stopping' },
  STORAGE_UNAVAILABLE: { status: 503, title: 'Storage unavailable' },
  STORAGE_FULL: { status: 507, title: 'Disk full' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** Dotted path in the body, or the name of a query parameter or header. */
  field: string;
  message: string;
}

export interface ProblemExtras {
  errors?: FieldError[];
  activeRunId?: string;
  activeRunNumber?: number;
  retryAfterSeconds?: number;
  /** When a new quota day begins, in UTC. */
  resetsAt?: string;
}

/** An error thrown by services. It has a code and no HTTP status; the filter converts it to a response. */
export class JobatoError extends Error {
  constructor(
    readonly code: ErrorCode,
    /** A sentence for the caller: what happened, and how to fix it. */
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(detail);
    this.name = 'JobatoError';
  }
}

/** Limits of a response: a body of 1 MiB can have 100,000 errors, and quote itself in each. */
const MAX_ERRORS = 50;
const MAX_FIELD_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 2000;

export function invalid(found: FieldError[]): JobatoError {
  const errors = found.slice(0, MAX_ERRORS).map(({ field, message }) => ({
    field: shortened(field, MAX_FIELD_LENGTH),
    message: shortened(message, MAX_MESSAGE_LENGTH),
  }));
  const sentences = errors.map(({ field, message }) => `${field}: ${message}`);
  if (found.length > MAX_ERRORS) sentences.push(`and ${found.length - MAX_ERRORS} more`);
  return new JobatoError('VALIDATION', sentences.join('; '), { errors });
}

function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

/** RFC 9457 (which replaces RFC 7807), with `errorCode` as the member that programs compare. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  errorCode: ErrorCode;
  errors?: FieldError[];
  activeRunId?: string;
  activeRunNumber?: number;
  resetsAt?: string;
}

export function toProblem(error: JobatoError, instance: string): Problem {
  const { status, title } = PROBLEMS[error.code];
  const { errors, activeRunId, activeRunNumber, resetsAt } = error.extras;
  return {
    type: `urn:jobato:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: error.detail,
    instance,
    errorCode: error.code,
    ...(errors && { errors }),
    ...(activeRunId !== undefined && { activeRunId }),
    ...(activeRunNumber !== undefined && { activeRunNumber }),
    ...(resetsAt !== undefined && { resetsAt }),
  };
}
