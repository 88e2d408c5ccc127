import { ApiHeader } from '@nestjs/swagger';

export const LEASE_HEADER = 'X-Jobato-Lease';

/** Documents the header that proves a lease, on every call about a run that was claimed. */
export const ApiLeaseHeader = (): MethodDecorator =>
  ApiHeader({
    name: LEASE_HEADER,
    required: false,
    description:
      'leaseToken from the claim response. Required, except for an external run that was never claimed.',
  });
