import type { NextFunction, Request, RequestHandler, Response } from 'express';
import onHeaders from 'on-headers';
import { withBasePath, withoutBasePath } from '../config/base-path';

const HEADERS_WITH_PATHS = ['Location', 'HX-Redirect', 'HX-Push-Url'];

/**
 * Lets a proxy serve everything below a base path, whether or not it strips that path. Behind this middleware, paths
 * have no prefix. Response headers with paths get the prefix when they are sent.
 */
export function basePathMiddleware(basePath: string): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    request.url = withoutBasePath(request.url, basePath);
    // Express and Nest use one of them for routing and the other for errors.
    request.originalUrl = request.url;
    onHeaders(response, () => {
      for (const name of HEADERS_WITH_PATHS) {
        const path = response.getHeader(name);
        if (typeof path === 'string') response.setHeader(name, withBasePath(path, basePath));
      }
    });
    next();
  };
}
