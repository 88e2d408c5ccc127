import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

/** Nothing of this is for pages that show what runs print. */
const PERMISSIONS = ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'display-capture']
  .map((feature) => `${feature}=()`)
  .join(', ');

/**
 * Nothing is kept by any cache: what a run prints may be confidential, and Back shows what is true now. Chromium still
 * brings a page back as it was left, and forgets it when the session's cookie goes, which is what signing out needs.
 */
const CACHING = 'private, no-store';

/** Strict for every answer; assets and downloads say more about themselves. */
export function securityHeaders() {
  const strict = byScheme({ 'script-src': ["'self'"], 'style-src': ["'self'"] });
  // Swagger UI brings inline styles and a script of its own.
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
 * What htmx asks for is put into a page that has its policy already. No address that a browser opens by itself comes
 * with that header, so what is for pages may be left out, which is most of what an unchanged part would weigh.
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

/** What helmet would set is the same for every request, so it is asked once: it has a function for each header. */
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
    // Of this name only: what else is served below it is not ours to decide about.
    strictTransportSecurity: isHttps && { maxAge: 365 * 24 * 3600, includeSubDomains: false },
  })({} as IncomingMessage, listening, () => undefined);
  set.set('Permissions-Policy', PERMISSIONS);
  return [...set];
}
