import { ApiHeader } from '@nestjs/swagger';

export const LEASE_HEADER = 'X-Jobato-Lease';

/** Documents the header that proves a lease, on every call about a run that was claimed. */
export const ApiLeaseHeader = (): MethodDecorator =>
  ApiHeader({
    name: LEASE_HEADER,
    required: false,
    description: 'The leaseToken of the claim. Needed unless an external run was taken without a claim.',
  });
