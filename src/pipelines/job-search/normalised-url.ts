import { createHash } from 'node:crypto';

/** Parameters that say where a visitor comes from. They never select the page. */
const TRACKING =
  /^(utm_\w+|gclid|dclid|fbclid|msclkid|yclid|mc_cid|mc_eid|igshid|trk|_hsenc|_hsmi|gh_src|lever-source(\[\])?|lever-origin)$/i;

/**
 * Returns the address without differences that do not select another page: scheme, case of the host, default port,
 * tracking parameters, order of parameters, fragment, and slash at the end. A fragment that is a route of a
 * single-page application (`#/jobs/5`) stays.
 */
export function normalisedUrl(text: string): string {
  const url = new URL(text);
  const isDefaultPort = url.port === '' || url.port === '80' || url.port === '443';
  const host = url.hostname.replace(/\.$/, '') + (isDefaultPort ? '' : `:${url.port}`);
  const path = url.pathname.replace(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase()).replace(/\/+$/, '');
  const parameters = [...url.searchParams].filter(([name]) => !TRACKING.test(name));
  parameters.sort(([a, x], [b, y]) => compare(a, b) || compare(x, y));
  const query = new URLSearchParams(parameters).toString();
  const route = /^#(\/|!)/.test(url.hash) ? url.hash : '';
  return `https://${host}${path}${query === '' ? '' : `?${query}`}${route}`;
}

/** The same posting has the same id in all runs. */
export function jobIdOf(url: string): string {
  return createHash('sha256').update(normalisedUrl(url)).digest('hex').slice(0, 16);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
