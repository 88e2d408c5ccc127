import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

/** Features that pages with output of runs must not use. */
const PERMISSIONS = ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'display-capture']
  .map((feature) => `${feature}=()`)
  .join(', ');

/**
 * Prevents caching: output of runs may be confidential, and the Back button must show current data. Chromium still
 * restores a page from its back/forward cache, and drops it when the session cookie is removed, as required for
 * sign-out.
 */
const CACHING = 'private, no-store';

/** Sets strict headers on every response; assets and downloads override some of them. */
export function securityHeaders() {
  const strict = byScheme({ 'script-src': ["'self'"], 'style-src': ["'self'"] });
  // Swagger UI uses inline styles and an inline script.
  const documentation = byScheme({
    'script-src': ["'self'", "'unsafe-inline'"],
    'style-src': ["'self'", "'unsafe-inline'"],
  });
  return (request: Request, response: Response, next: NextFunction): void => {
    const sets = request.path.startsWith('/api/docs') ? documentation : strict;
    response.setHeader('Cache-Control', CACHING);
    for (const [name, value] of setFor(request, sets)) response.setHeader(name, value);
    next();
  };
}

interface HeaderSets {
  plain: [string, string][];
  https: [string, string][];
  part: [string, string][];
}

/**
 * Returns the headers for a request. Content for htmx becomes part of a page that already has its policy. A browser
 * never sends this header for a navigation, so headers for pages can be omitted. They would be most of the size of an
 * unchanged part.
 */
function setFor({ headers, secure }: Request, { plain, https, part }: HeaderSets): [string, string][] {
  if (headers['hx-request'] === 'true') return part;
  return secure ? https : plain;
}

function byScheme(directives: Record<string, string[]>): HeaderSets {
  const plain = headers(directives, false);
  const needed = ['X-Content-Type-Options', 'Cross-Origin-Resource-Policy'];
  return {
    plain,
    https: headers(directives, true),
    part: plain.filter(([name]) => needed.includes(name)),
  };
}

/** Returns the headers that helmet sets. They are the same for every request, so they are computed once. */
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
    // For this name only: subdomains may be other services.
    strictTransportSecurity: isHttps && { maxAge: 365 * 24 * 3600, includeSubDomains: false },
  })({} as IncomingMessage, listening, () => undefined);
  set.set('Permissions-Policy', PERMISSIONS);
  return [...set];
}
