import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamicModule, LoggerService } from '@nestjs/common';
import { Logger, LoggerModule, type Params, PinoLogger } from 'nestjs-pino';
import pino from 'pino';
import type { LogLevel } from '../config/config';
import { LogOutput } from './log-output';
import { standardOutput } from './log-sink';

const RUN_ID = /\/runs\/([0-9a-f-]{36})(?:\/|$|\?)/i;
const REQUEST_ID = /^[\w.-]{1,100}$/;
/** Contexts of Nest's start-up messages, which are useful only for debugging Nest itself. */
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Shared by all loggers of this process, because there is only one standard output. */
export const logOutput = new LogOutput(
  standardOutput,
  (lines, trouble) =>
    `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), context: 'Log', msg: `Dropped ${lines} log lines: ${trouble}` })}\n`,
);

/** Opens a log of JSON lines on stdout. */
export function openLog(level: LogLevel): pino.Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { logMethod: quietFramework },
    },
    logOutput,
  );
}

/** Demotes messages of Nest's start-up to debug. */
function quietFramework(
  this: pino.Logger,
  args: Parameters<pino.LogFn>,
  write: pino.LogFn,
  level: number,
): void {
  const [members] = args as [unknown];
  const context = (members as { context?: string } | null)?.context;
  const isQuiet =
    level === pino.levels.values.info && context !== undefined && FRAMEWORK_CONTEXTS.has(context);
  if (isQuiet) this.debug(...args);
  else write.apply(this, args);
}

/**
 * Returns the logger for Nest's own messages and all `Logger` instances. An object as the message becomes members of
 * the line, so that `runId` can be searched for.
 */
export function serviceLogger(log: pino.Logger): LoggerService {
  const params = nestParams(log);
  return new Logger(new PinoLogger(params), params);
}

/**
 * Whether Node keeps the context of a request at little cost. Before version 24, it slows down every promise of the
 * process; see docs/decisions.md.
 */
export const HAS_REQUEST_CONTEXT = Number.parseInt(process.versions.node, 10) >= 24;

/** Gives every line that a controller or service writes for a request that request's id, method and URL. */
export function requestContext(log: pino.Logger): DynamicModule {
  // A text, because Nest registers the default, an object with a method, as a route for each method.
  return LoggerModule.forRoot({ ...nestParams(log), forRoutes: HAS_REQUEST_CONTEXT ? ['{*path}'] : [] });
}

/** `requestLogging` sets the logger of a request, which `useExisting` takes. */
function nestParams(logger: pino.Logger): Params {
  return { pinoHttp: { logger }, useExisting: true };
}

/**
 * Logs requests with an id, which the response contains too. Requests about a run also have its id. Runs before the
 * access rules, so that rejected requests are logged. Not pino-http, which costs more; see docs/decisions.md.
 */
export function requestLogging(log: pino.Logger) {
  return (
    request: IncomingMessage & { id?: string; log?: pino.Logger },
    response: ServerResponse,
    next: () => void,
  ): void => {
    const given = request.headers['x-request-id'];
    const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    // Omit headers, because they contain tokens and cookies.
    const req = { id, method: request.method, url: request.url };
    request.id = id;
    if (HAS_REQUEST_CONTEXT) request.log = log.child({ req });
    response.setHeader('X-Request-Id', id);
    const startedAtMs = performance.now();
    response.once('close', () => {
      const level = levelOf(request, response);
      if (!log.isLevelEnabled(level)) return;
      log[level](
        {
          req,
          res: { statusCode: response.statusCode },
          responseTime: Math.round(performance.now() - startedAtMs),
          ...aboutRun(request, response),
        },
        response.writableFinished ? 'request completed' : 'request aborted',
      );
    });
    next();
  };
}

/**
 * Returns the level of a request. Successful reads are debug, because pages poll. Changes and failures are more
 * important.
 */
function levelOf({ method }: IncomingMessage, { statusCode }: ServerResponse): 'error' | 'info' | 'debug' {
  if (statusCode >= 500) return 'error';
  return statusCode < 400 && (method === 'GET' || method === 'HEAD') ? 'debug' : 'info';
}

/** Returns the run of a request. For a new run, it is in the Location header. */
function aboutRun(request: IncomingMessage, response: ServerResponse): { runId?: string } {
  const runId =
    RUN_ID.exec(request.url ?? '')?.[1] ?? RUN_ID.exec(String(response.getHeader('location') ?? ''))?.[1];
  return runId === undefined ? {} : { runId };
}
