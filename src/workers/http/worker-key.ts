import { applyDecorators } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../http/api-problems';

/** Name of the security scheme in the description of the API; the key itself is checked by src/access. */
export const WORKER_KEY = 'workerKey';

/** What all calls for workers have in common: their own key, in place of the token. */
export function ApiForWorkers(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiTags('for workers'),
    ApiSecurity(WORKER_KEY),
    ApiProblems('UNAUTHORIZED', 'TOO_MANY_REQUESTS'),
  );
}
