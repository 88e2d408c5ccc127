import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { accessMiddleware } from './access/access.middleware';
import { viewEngine } from './admin/view-engine';
import { AppModule } from './app.module';
import type { Config } from './config/config';
import { JsonLogger, openLog, requestLogging } from './logging/logging';
import { type FieldError, invalid } from './problems/catalogue';
import { ProblemFilter } from './problems/problem.filter';
import { apiBody, formBody } from './problems/request-body';
import { WORKER_KEY } from './workers-api/worker-key';

const ROOT = join(__dirname, '..');

/** The whole server, ready to listen: `main.ts` starts it, tests start it as it is. */
export async function createApp(config: Config): Promise<NestExpressApplication> {
  const log = openLog(config.logLevel);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(config), {
    bodyParser: false,
    logger: new JsonLogger(log),
    abortOnError: false,
    ...(config.tls && {
      httpsOptions: { cert: readFileSync(config.tls.certFile), key: readFileSync(config.tls.keyFile) },
    }),
  });
  const problems = new ProblemFilter();
  app.useGlobalFilters(problems);
  app.useGlobalPipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => invalid(errors.flatMap((error) => fieldErrors(error))),
    }),
  );

  app.set('env', config.isDevelopment ? 'development' : 'production');
  app.set('etag', false);
  app.set('x-powered-by', false);
  app.set('trust proxy', config.trustProxy);
  app.set('query parser', 'simple');

  app.use(requestLogging(log));
  app.use(securityHeaders(config));
  app.use(accessMiddleware(config, problems));
  if (config.corsOrigins.length > 0) {
    app.enableCors({
      origin: config.corsOrigins,
      exposedHeaders: ['Location', 'Idempotent-Replayed', 'X-Request-Id'],
    });
  }
  serveAssets(app);
  parseBodies(app);
  viewEngine(app, join(ROOT, 'views'));
  serveApiDescription(app);
  return app;
}

function securityHeaders({ tls }: Config) {
  const strict = headers({ 'script-src': ["'self'"], 'style-src': ["'self'"] }, tls !== null);
  // Swagger UI brings inline styles and a script of its own.
  const documentation = headers(
    { 'script-src': ["'self'", "'unsafe-inline'"], 'style-src': ["'self'", "'unsafe-inline'"] },
    tls !== null,
  );
  return (request: Request, response: Response, next: NextFunction): void => {
    response.setHeader('Cache-Control', 'private, no-cache');
    for (const [name, value] of request.path.startsWith('/api/docs') ? documentation : strict) {
      response.setHeader(name, value);
    }
    next();
  };
}

/** What helmet would set is the same for every request, so it is asked once: it has a function for each header. */
function headers(directives: Record<string, string[]>, isHttps: boolean): [string, string][] {
  const set = new Map<string, string>();
  const listening = {
    setHeader: (name: string, value: string) => set.set(name, value),
    removeHeader: (name: string) => set.delete(name),
  } as unknown as ServerResponse;
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'"],
        'connect-src': ["'self'"],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
        ...directives,
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: isHttps,
  })({} as IncomingMessage, listening, () => undefined);
  return [...set];
}

function serveAssets(app: NestExpressApplication): void {
  const options = { prefix: '/assets/', index: false, redirect: false, maxAge: '1h' } as const;
  app.useStaticAssets(join(ROOT, 'public'), options);
  app.useStaticAssets(dirname(require.resolve('htmx.org/dist/htmx.min.js')), {
    ...options,
    prefix: '/assets/htmx/',
  });
}

function parseBodies(app: NestExpressApplication): void {
  app.use('/api', apiBody);
  app.use(formBody);
}

function serveApiDescription(app: NestExpressApplication): void {
  const describe = () =>
    SwaggerModule.createDocument(
      app,
      new DocumentBuilder()
        .setTitle('Jobato')
        .setDescription(
          'Starts pipelines, shows how they go, and stops them. Events, for workers of your own: ' +
            '[the event contract](/events/contract), [AsyncAPI](/api/asyncapi.json).',
        )
        .setVersion('1')
        .addBearerAuth({
          type: 'http',
          scheme: 'bearer',
          description: 'JOBATO_ADMIN_TOKEN, where one is set',
        })
        .addApiKey(
          {
            type: 'apiKey',
            in: 'header',
            name: 'X-Jobato-Api-Key',
            description: 'One of JOBATO_API_KEY; for workers that do not speak Redis',
          },
          WORKER_KEY,
        )
        .addSecurityRequirements('bearer')
        .build(),
    );
  SwaggerModule.setup('api/docs', app, describe, {
    jsonDocumentUrl: 'api/openapi.json',
    customSiteTitle: 'Jobato API',
  });
}

function fieldErrors({ property, constraints, children }: ValidationError, prefix = ''): FieldError[] {
  const field = `${prefix}${property}`;
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => ({
    field,
    message: rule === 'whitelistValidation' ? 'is not a known field' : message.replace(`${property} `, ''),
  }));
  return [...own, ...(children ?? []).flatMap((child) => fieldErrors(child, `${field}.`))];
}
