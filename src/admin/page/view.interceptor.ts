import {
  type CallHandler,
  type ExecutionContext,
  HttpStatus,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { mergeMap, type Observable } from 'rxjs';
import { PartView, SeeOther, View } from './view';

/**
 * Sends the page that a handler returns. The answer to a request for a part is 204 if the page already shows this
 * version of it.
 */
@Injectable()
export class ViewInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    return next.handle().pipe(mergeMap((result: unknown) => answerOf(result, request, response)));
  }
}

/** Returns the body. */
async function answerOf(result: unknown, request: Request, response: Response): Promise<unknown> {
  if (result instanceof SeeOther) {
    response.status(HttpStatus.SEE_OTHER).location(result.href);
    return undefined;
  }
  if (!(result instanceof View)) return result;
  if (result instanceof PartView && result.live.version === request.query.version) {
    response.status(HttpStatus.NO_CONTENT);
    return undefined;
  }
  const { name, model, extras } = result;
  if (extras.status !== undefined) response.status(extras.status);
  response.set(extras.headers ?? {});
  return rendered(response, name, model);
}

function rendered(response: Response, name: string, model: object): Promise<string> {
  return new Promise((resolve, reject) => {
    response.render(name, model, (error: Error | null, html) => (error ? reject(error) : resolve(html)));
  });
}
