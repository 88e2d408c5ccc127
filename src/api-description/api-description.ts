import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { isOpenToAll } from '../access/access-rules';
import { ProblemView, withCommonProblems } from '../http/problem-responses';
import { NAMED_LOG_SCHEMAS } from '../workers/http/log-body';
import { describeRunOperations } from './run-operations';
import { WORKER_KEY } from '../workers/http/worker-key';

/** Serves the OpenAPI document, and Swagger UI that shows it. */
export function serveApiDescription(app: INestApplication, basePath: string): void {
  SwaggerModule.setup('api/docs', app, () => describeApi(app, basePath), {
    jsonDocumentUrl: 'api/openapi.json',
    customSiteTitle: 'Jobato API',
  });
}

/** Returns the OpenAPI document of all routes: plain JSON, because programs and Swagger UI receive it as text. */
export function describeApi(app: INestApplication, basePath: string): OpenAPIObject {
  const api = SwaggerModule.createDocument(app, general(basePath), { extraModels: [ProblemView] });
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(operations))
      if (isOpenToAll({ method: method.toUpperCase(), path })) operation.security = [];
  }
  describeRunOperations(api);
  return withCommonProblems(api);
}

function general(basePath: string): Omit<OpenAPIObject, 'paths'> {
  const { components, ...document } = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('Jobato')
    .setDescription(
      'Start pipelines, follow their progress and stop them. To write your own worker, see ' +
        `[the event contract](${basePath}/events/contract) and [AsyncAPI](${basePath}/api/asyncapi.json).`,
    )
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(basePath || '/')
    .addTag('runs', 'Start, list, follow and stop runs')
    .addTag('projects', 'List projects and their state')
    .addTag('inputs', 'Queries and allowed domains of runs')
    .addTag('results', 'Live results of projects')
    .addTag('schedules', 'Runs that start by the clock, and pauses')
    .addTag('events', 'Rejected events and the event contract')
    .addTag('notifications', 'Deliveries and channels of notifications')
    .addTag('retention', 'What is deleted, and what takes room')
    .addTag('workers', 'Workers and stream consumers')
    .addTag('for workers', 'Internal calls for workers that do not use Redis')
    .addTag('health', 'Health and metrics')
    .addSecurity('bearer', {
      type: 'http',
      scheme: 'bearer',
      description:
        'The value of JOBATO_ADMIN_TOKEN, if the server has one. Not required in a browser that is signed in',
    })
    .addSecurity(WORKER_KEY, {
      type: 'apiKey',
      in: 'header',
      name: 'X-Jobato-Api-Key',
      description: 'A key from JOBATO_API_KEY, for workers that do not use Redis',
    })
    .addSecurityRequirements('bearer')
    .build();
  return { ...document, components: { ...components, schemas: NAMED_LOG_SCHEMAS } };
}
