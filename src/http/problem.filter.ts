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
import { JobatoError, type Problem, PROBLEMS, toProblem } from './catalogue';
import { fileSystemProblem } from './file-system-problem';
import { setRetryAfter } from './retry-after';

/** Turns whatever was thrown into one answer: problem+json for programs, a page for people. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  /** @param frameOf what surrounds a page with this title */
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
      this.logger.error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    }
    if (response.headersSent) {
      response.destroy(); // halfway through a stream, breaking off is the only honest sign
      return;
    }
    // Not `path`: while a middleware below /api works on the request, it lacks that part.
    const path = request.originalUrl.split('?', 1)[0]!;
    const problem = toProblem(error, withBasePath(path, this.basePath));
    response.status(problem.status);
    response.removeHeader('Content-Length'); // that of the answer that was begun
    setRetryAfter(response, error);
    // The rest of the body would be read as the next request.
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

  /** A form that htmx sent has its answer beside the button. What it reads by itself keeps what it shows. */
  private async viewOf(
    problem: Problem,
    { headers, method }: Request,
    response: Response,
  ): Promise<[string, object]> {
    if (headers['hx-request'] === 'true' && method === 'POST') return ['part-notice', { notice: problem }];
    return ['error', { problem, ...(await this.surroundings(problem.title, response)) }];
  }

  /** Of a page that says what is wrong, which may be in the way of them too; nothing of them goes to who is not let in. */
  async surroundings(
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
    ? `There is no page at ${path}.`
    : `There is no ${method} ${path} here. See ${basePath}/api/docs.`;
}

function asJobatoError(thrown: unknown, request: Request, basePath: string): JobatoError {
  if (thrown instanceof JobatoError) return thrown;
  if (thrown instanceof URIError || thrown instanceof BadRequestException) {
    return new JobatoError('VALIDATION', 'The request cannot be read: its address is malformed.', {
      errors: [{ field: '', message: 'has an address that is not properly encoded' }],
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
  const storageProblem = fileSystemProblem(thrown);
  if (storageProblem) return storageProblem;
  // Neither the stack nor the message goes out: both may name paths and secrets of this machine.
  return new JobatoError('INTERNAL', 'Something failed on our side. The log of the server has the details.');
}
