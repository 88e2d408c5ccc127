import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type LoggerService } from '@nestjs/common';
import pino, { type Logger } from 'pino';
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
export function openLog(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    logOutput,
  );
}

/**
 * Receives the messages of Nest's loggers. An object as the message becomes members of the line, so that `runId` can
 * be searched for. Not nestjs-pino: it tracks each request through AsyncLocalStorage, which slows down every promise
 * on Node 20.
 */
@Injectable()
export class JsonLogger implements LoggerService {
  constructor(private readonly output: Logger) {}

  log(message: unknown, context?: string): void {
    this.write(context !== undefined && FRAMEWORK_CONTEXTS.has(context) ? 'debug' : 'info', message, context);
  }

  error(message: unknown, ...rest: (string | undefined)[]): void {
    this.write('error', message, rest.at(-1));
  }

  warn(message: unknown, context?: string): void {
    this.write('warn', message, context);
  }

  debug(message: unknown, context?: string): void {
    this.write('debug', message, context);
  }

  verbose(message: unknown, context?: string): void {
    this.write('trace', message, context);
  }

  fatal(message: unknown, context?: string): void {
    this.write('fatal', message, context);
  }

  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    context?: string,
  ): void {
    const members = typeof message === 'object' && message !== null ? message : { msg: String(message) };
    this.output[level]({ context, ...members });
  }
}

/**
 * Logs requests with an id, which the response contains too. Requests about a run also have its id. Not pino-http: it
 * creates a logger for each request and formats the request before it checks the level. That took a sixth of the time
 * of a trigger.
 */
export function requestLogging(output: Logger) {
  return (request: IncomingMessage & { id?: string }, response: ServerResponse, next: () => void): void => {
    const given = request.headers['x-request-id'];
    const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    request.id = id;
    response.setHeader('X-Request-Id', id);
    const startedAtMs = performance.now();
    response.once('close', () => {
      const level = levelOf(request, response);
      if (!output.isLevelEnabled(level)) return;
      // Omit headers, because they contain tokens and cookies.
      const { method, url } = request;
      output[level](
        {
          req: { id, method, url },
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
