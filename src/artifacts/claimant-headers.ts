import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { invalid } from '../http/problem-catalogue';
import { isReadableName } from '../schemas/readable-name';
import type { Claimant } from '../workers/claimant';
import { LEASE_HEADER } from '../workers/http/lease-header';

const WORKER_HEADER = 'X-Jobato-Worker-Id';
const ATTEMPT_HEADER = 'X-Jobato-Attempt';

/** Describes the headers by which a worker says who it is, in calls without a JSON body. */
export function ApiClaimantHeaders(): MethodDecorator {
  return applyDecorators(
    ApiHeader({ name: WORKER_HEADER, required: false, description: 'Name of the worker' }),
    ApiHeader({ name: ATTEMPT_HEADER, required: false }),
  );
}

export function claimantOf(headers: Record<string, string | undefined>): Claimant {
  const workerId = headers[WORKER_HEADER.toLowerCase()] ?? null;
  if (workerId !== null && !isReadableName(workerId)) {
    throw invalid([{ field: WORKER_HEADER, message: 'must not contain invisible characters' }]);
  }
  const attempt = headers[ATTEMPT_HEADER.toLowerCase()] ?? null;
  if (attempt !== null && !/^[1-9]\d{0,8}$/.test(attempt)) {
    throw invalid([{ field: ATTEMPT_HEADER, message: 'must be a whole number of at least 1' }]);
  }
  const leaseToken = headers[LEASE_HEADER.toLowerCase()] ?? null;
  return { workerId, attempt: attempt === null ? null : Number(attempt), leaseToken };
}
