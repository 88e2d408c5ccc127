import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { accessMiddleware } from './access/access.middleware';
import { basePathMiddleware } from './access/base-path.middleware';
import { compressed } from './access/compressed';
import { allowOrigins, endPreflight } from './access/cross-origin';
import { formTokenMiddleware } from './access/form-token.middleware';
import { LoginBrake } from './access/login-brake';
import { limitPipelining } from './access/pipelining';
import { securityHeaders } from './access/security-headers';
import { Sessions } from './access/sessions';
import { Assets } from './admin/page/assets';
import { PageFrames } from './admin/page/page-frame';
import { themeMiddleware } from './admin/page/theme';
import { viewEngine } from './admin/page/view-engine';
import { serveApiDescription } from './api-description/api-description';
import { AppModule } from './app.module';
import type { Config } from './config/config';
import { packageVersion } from './config/package-version';
import { openLog, requestContext, requestLogging, serviceLogger } from './logging/logging';
import { type FieldError, invalid } from './http/problem-catalogue';
import { ProblemFilter } from './http/problem.filter';
import { bodyDeadline } from './http/body-deadline';
import { apiBody, formBody } from './http/request-body';

const ROOT = join(__dirname, '..');

/**
 * Creates the whole server, ready to listen. Used by `main.ts` and by tests.
 * @param config its folders exist
 * @throws StartUpError
 */
export async function createApp(config: Config): Promise<NestExpressApplication> {
  const log = openLog(config.logLevel);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(config, requestContext(log)), {
    bodyParser: false,
    logger: serviceLogger(log),
    abortOnError: false,
    ...(config.tls && {
      httpsOptions: { cert: readFileSync(config.tls.certFile), key: readFileSync(config.tls.keyFile) },
    }),
  });
  const { basePath } = config;
  const problems = new ProblemFilter((title) => app.get(PageFrames).frame(title, ''), basePath);
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

  app.use(limitPipelining());
  if (basePath !== '') app.use(basePathMiddleware(basePath));
  app.use(requestLogging(log));
  // Before all code that may reject a request, so that pages of other origins can read the error.
  if (config.corsOrigins.length > 0) allowOrigins(app, config.corsOrigins);
  app.use(
    bodyDeadline(config.requestTimeoutMs, (error, request, response) =>
      problems.send(error, request, response),
    ),
  );
  app.use(compressed());
  app.use(securityHeaders());
  const sessions = app.get(Sessions);
  const brakes = { ofTokens: app.get(LoginBrake), ofKeys: new LoginBrake() };
  app.use(accessMiddleware(config, brakes, sessions, problems));
  if (config.corsOrigins.length > 0) app.use(endPreflight);
  const assets = new Assets(join(ROOT, 'public'));
  assets.serve(app);
  parseBodies(app);
  app.use(themeMiddleware);
  app.use(formTokenMiddleware(config, sessions, problems));
  viewEngine(app, join(ROOT, 'views'), assets, basePath);
  app.setLocal('configDir', config.configDirLabel);
  app.setLocal('version', packageVersion());
  serveApiDescription(app, basePath);
  return app;
}

function parseBodies(app: NestExpressApplication): void {
  app.use('/api', apiBody);
  app.use(formBody);
}

function fieldErrors({ property, constraints, children }: ValidationError, prefix = ''): FieldError[] {
  const field = `${prefix}${property}`;
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => ({
    field,
    message: rule === 'whitelistValidation' ? 'is not a known field' : message.replace(`${property} `, ''),
  }));
  return [...own, ...(children ?? []).flatMap((child) => fieldErrors(child, `${field}.`))];
}
