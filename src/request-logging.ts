import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import type { LogLevel } from './config/config';

const RUN_ID = /\/runs\/([0-9a-f-]{36})(?:\/|$|\?)/i;

/** JSON lines on stdout. Each request has an id, which the answer carries too; a run's requests carry its id. */
export function httpLogging(level: LogLevel): Params {
  return {
    pinoHttp: {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
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
      customProps: (request) => {
        const runId = RUN_ID.exec(request.url ?? '')?.[1];
        return runId === undefined ? {} : { runId };
      },
      // Headers would put tokens and cookies into the log.
      serializers: {
        req: (request: IncomingMessage & { id: unknown }) => ({
          id: request.id,
          method: request.method,
          url: request.url,
        }),
        res: (response: ServerResponse) => ({ statusCode: response.statusCode }),
      },
    },
  };
}
