/**
 * The first segments of Jobato's own paths. A base path must not begin with one of them. If the proxy strips the
 * prefix, `/runs/7` would be ambiguous: either a page or another page below the prefix.
 */
const OWN_SEGMENTS = new Set([
  'api',
  'assets',
  'events',
  'login',
  'logout',
  'notifications',
  'projects',
  'queries',
  'quota',
  'running',
  'runs',
  'schedules',
  'state',
  'status',
  'workers',
]);

/** Returns the path without a trailing slash; `''` for the root. */
export function normalBasePath(path: string): string {
  return path.replace(/\/+$/, '');
}

/** Returns what is wrong with a base path in the form of `normalBasePath`, or null. */
export function flawOfBasePath(basePath: string): string | null {
  if (basePath === '') return null;
  const [, ...segments] = basePath.split('/');
  const isPath = basePath.startsWith('/') && segments.every((name) => /^(?!\.\.?$)[\w.~-]+$/.test(name));
  if (!isPath)
    return 'must be a path such as /jobato, with only letters, digits, "-", "_", "." and "~" between slashes';
  const first = segments[0]!.toLowerCase();
  return OWN_SEGMENTS.has(first)
    ? `must not begin with /${first}, because Jobato serves its own pages there. Choose another path, such as /jobato`
    : null;
}

/**
 * Adds the base path to a path of this server, unless it has it already. Returns addresses of other servers unchanged.
 */
export function withBasePath(path: string, basePath: string): string {
  const isOwn = path.startsWith('/') && !path.startsWith('//');
  return isOwn && !isBelow(path, basePath) ? `${basePath}${path}` : path;
}

/** Removes the base path, if the proxy kept it. */
export function withoutBasePath(path: string, basePath: string): string {
  if (basePath === '' || !isBelow(path, basePath)) return path;
  const rest = path.slice(basePath.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function isBelow(path: string, basePath: string): boolean {
  return path.startsWith(basePath) && ['', '/', '?', '#'].includes(path.charAt(basePath.length));
}
