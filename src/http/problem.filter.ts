import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { withBasePath } from '../config/base-path';
import { JobatoError, type Problem, PROBLEMS, toProblem } from './problem-catalogue';
import { fileSystemProblem } from './file-system-problem';
import { setRetryAfter } from './retry-after';

/** Converts every exception to one response: problem+json for programs, a page for browsers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  /** @param frameOf returns the frame of a page with this title */
  constructor(
    private readonly frameOf: (title: string) => Promise<object>,
    private readonly basePath: string,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(thrown, http.getRequest<Request>(), http.getResponse<Response>());
  }

  send(thrown: unknown, request: Request, response: Response): void {
    const error = asJobatoError(thrown, request, this.basePath);
    if (error.code === 'INTERNAL') {
      const msg = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      this.logger.error({ requestId: (request as { id?: string }).id, msg });
    }
    if (response.headersSent) {
      response.destroy(); // headers are already sent, so only a closed connection can signal the error
      return;
    }
    // Not `request.path`: inside a middleware for /api, it lacks that prefix.
    const path = request.originalUrl.split('?', 1)[0]!;
    const problem = toProblem(error, withBasePath(path, this.basePath));
    response.status(problem.status);
    response.removeHeader('Content-Length'); // the length belongs to the abandoned response
    setRetryAfter(response, error);
    // Otherwise the rest of the body would be read as the next request.
    if (error.code === 'REQUEST_TIMEOUT') response.setHeader('Connection', 'close');
    if (error.code === 'UNAUTHORIZED') response.setHeader('WWW-Authenticate', 'Bearer realm="jobato"');
    if (!path.startsWith('/api') && request.accepts(['html', 'json']) === 'html') {
      void this.sendPage(problem, request, response);
    } else {
      this.sendJson(problem, response);
    }
  }

  private async sendPage(problem: Problem, request: Request, response: Response): Promise<void> {
    const [view, model] = await this.viewOf(problem, request, response);
    response.render(view, model, (failure: Error | null, html?: string) => {
      if (failure) this.sendJson(problem, response);
      else response.type('html').send(html);
    });
  }

  /** A failed htmx form shows the error next to its button. A failed refresh of a part changes nothing; see live.js. */
  private async viewOf(
    problem: Problem,
    { headers, method }: Request,
    response: Response,
  ): Promise<[string, object]> {
    if (headers['hx-request'] === 'true' && method === 'POST')
      return ['shared/notice-part', { notice: problem }];
    return ['error/page', { problem, ...(await this.layoutData(problem.title, response)) }];
  }

  /** Returns what the layout of an error page needs. `frame` is null for clients without access, or if it fails too. */
  async layoutData(
    title: string,
    { locals }: Response,
  ): Promise<{ frame: object | null; isOutside: boolean }> {
    const isOutside = locals.isInside !== true;
    const frame = isOutside ? null : await this.frameOf(title).catch(() => null);
    return { frame, isOutside };
  }

  private sendJson(problem: Problem, response: Response): void {
    response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
    response.end(JSON.stringify(problem));
  }
}

function nothingAt({ method, path }: Request, basePath: string): string {
  return method === 'GET' && !path.startsWith('/api')
    ? `Page not found: ${path}`
    : `The API has no ${method} ${path}. See ${basePath}/api/docs for all calls.`;
}

function asJobatoError(thrown: unknown, request: Request, basePath: string): JobatoError {
  if (thrown instanceof JobatoError) return thrown;
  if (thrown instanceof URIError || thrown instanceof BadRequestException) {
    return new JobatoError('VALIDATION', 'The URL is malformed. Percent-encode special characters.', {
      errors: [{ field: '', message: 'must be a correctly percent-encoded URL' }],
    });
  }
  if (thrown instanceof NotFoundException) {
    return new JobatoError('NOT_FOUND', nothingAt(request, basePath));
  }
  if (thrown instanceof HttpException) {
    const code = (Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[]).find(
      (candidate) => PROBLEMS[candidate].status === thrown.getStatus(),
    );
    if (code) return new JobatoError(code, thrown.message);
  }
  const storageError = fileSystemProblem(thrown);
  if (storageError) return storageError;
  // Hide the stack and the message, because both may contain paths and secrets of this machine.
  return new JobatoError(
    'INTERNAL',
    'The request failed because of an error in the server. The server log has the details.',
  );
}
