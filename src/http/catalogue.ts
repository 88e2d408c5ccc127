/** Every error that Jobato returns, with its code, HTTP status and title. Add new errors only here. */
export const PROBLEMS = {
  VALIDATION: { status: 400, title: 'The request is not valid' },
  NO_ENABLED_INPUTS: { status: 400, title: 'No input is enabled' },
  UNAUTHORIZED: { status: 401, title: 'Authentication is required' },
  FORBIDDEN: { status: 403, title: 'The request is not allowed' },
  NOT_FOUND: { status: 404, title: 'There is nothing at this address' },
  RUN_NOT_FOUND: { status: 404, title: 'The run does not exist' },
  PROJECT_NOT_FOUND: { status: 404, title: 'The project does not exist' },
  ARTIFACT_NOT_FOUND: { status: 404, title: 'The artifact does not exist' },
  REJECTED_EVENT_NOT_FOUND: { status: 404, title: 'The rejected event does not exist' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  RUN_IN_PROGRESS: { status: 409, title: 'A run of this project is in progress' },
  RUN_ALREADY_CLAIMED: { status: 409, title: 'A worker has the run' },
  RUN_ALREADY_ENDED: { status: 409, title: 'The run has already ended' },
  LEASE_LOST: { status: 409, title: 'The run is not held by this worker' },
  REJECTED_EVENT_CUT: { status: 409, title: 'The rejected event was too large to be kept whole' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The request is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not supported' },
  RANGE_NOT_SATISFIABLE: { status: 416, title: 'The file has no such part' },
  MISDIRECTED_REQUEST: { status: 421, title: 'This server does not go by that name' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key was used for another request' },
  QUOTA_REACHED: { status: 429, title: 'The quota is used up' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many attempts' },
  INTERNAL: { status: 500, title: 'Something went wrong here' },
  QUOTA_UNKNOWN: { status: 503, title: 'The quota is not known' },
  SERVER_BUSY: { status: 503, title: 'The server is busy' },
  SHUTTING_DOWN: { status: 503, title: 'The server is stopping' },
  STORAGE_UNAVAILABLE: { status: 503, title: 'The storage cannot be used' },
  STORAGE_FULL: { status: 507, title: 'The disk is full' },
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
  resetsAt?: string;
}

export function toProblem(error: JobatoError, instance: string): Problem {
  const { status, title } = PROBLEMS[error.code];
  const { errors, activeRunId, resetsAt } = error.extras;
  return {
    type: `urn:jobato:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: error.detail,
    instance,
    errorCode: error.code,
    ...(errors && { errors }),
    ...(activeRunId !== undefined && { activeRunId }),
    ...(resetsAt !== undefined && { resetsAt }),
  };
}
