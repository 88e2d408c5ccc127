import { applyDecorators } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../http/problem-responses';

/** Name of the security scheme in the API description. The key itself is checked in src/access. */
export const WORKER_KEY = 'workerKey';

/** Documents what all worker operations share: the worker key in place of the access token. */
export function ApiForWorkers(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiTags('for workers'),
    ApiSecurity(WORKER_KEY),
    ApiProblems('UNAUTHORIZED', 'TOO_MANY_REQUESTS'),
  );
}
