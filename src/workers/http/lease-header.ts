import { ApiHeader } from '@nestjs/swagger';

export const LEASE_HEADER = 'X-Jobato-Lease';

/** Documents the header that proves a lease, for each call in which a worker acts for a run. */
export const ApiLeaseHeader = (): MethodDecorator =>
  ApiHeader({
    name: LEASE_HEADER,
    required: false,
    description:
      'leaseToken from the claim response. Required, except for a run of an external project that was never claimed.',
  });
