import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type LoggerService } from '@nestjs/common';
import pino, { type Logger } from 'pino';
import pinoHttp from 'pino-http';
import type { LogLevel } from '../config/config';

const RUN_ID = /\/runs\/([0-9a-f-]{36})(?:\/|$|\?)/i;
/** What Nest says while it puts itself together: of use only to one who debugs just that. */
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** JSON lines on stdout. */
export function openLog(level: LogLevel): Logger {
  return pino({
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
}

/**
 * Nest's loggers write here. An object as the message becomes members of the line, so that `runId` can be searched for.
 * Not nestjs-pino: it follows each request through AsyncLocalStorage, which costs every promise on Node 20.
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

/** Each request has an id, which the answer carries too; those about a run carry its id. */
export function requestLogging(output: Logger) {
  return pinoHttp<IncomingMessage, ServerResponse>({
    logger: output,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    // Looking is not news: pages poll. What changes something, or fails, is.
    customLogLevel: (request, response, error) => {
      if (error || response.statusCode >= 500) return 'error';
      if (response.statusCode >= 400) return 'info';
      return request.method === 'GET' || request.method === 'HEAD' ? 'debug' : 'info';
    },
    // A run that was just made is known by where the answer points.
    customSuccessObject: (request, response, value: object) => ({ ...value, ...aboutRun(request, response) }),
    customErrorObject: (request, response, _error, value: object) => ({
      ...value,
      ...aboutRun(request, response),
    }),
    // Headers would put tokens and cookies into the log.
    serializers: {
      req: (request: { id: unknown; method: string; url: string }) => ({
        id: request.id,
        method: request.method,
        url: request.url,
      }),
      res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
    },
  });
}

function aboutRun(request: IncomingMessage, response: ServerResponse): { runId?: string } {
  const runId =
    RUN_ID.exec(request.url ?? '')?.[1] ?? RUN_ID.exec(String(response.getHeader('location') ?? ''))?.[1];
  return runId === undefined ? {} : { runId };
}
