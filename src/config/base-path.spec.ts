import { flawOfBasePath, normalBasePath, withBasePath, withoutBasePath } from './base-path';

it.each([
  ['/', ''],
  ['', ''],
  ['/jobato', '/jobato'],
  ['/jobato/', '/jobato'],
  ['/tools/jobato//', '/tools/jobato'],
])('normalizes %j to %j', (path, normal) => expect(normalBasePath(path)).toBe(normal));

it.each(['', '/jobato', '/tools/jobato', '/a.b/c~d/e_f-9', '/my/runs', '/...'])('accepts %j', (path) =>
  expect(flawOfBasePath(path)).toBeNull(),
);

it.each([
  'jobato',
  '//jobato',
  '/a//b',
  '/a/../b',
  '/.',
  '/a b',
  '/ä',
  '/a%2fb',
  '/a?b',
  '/a#b',
  '/a"b',
  'https://x/y',
])('rejects %j as malformed', (path) => expect(flawOfBasePath(path)).toContain('such as /jobato'));

it.each(['/runs', '/api/jobato', '/Projects/x', '/assets'])(
  'rejects %j, which conflicts with a path of Jobato',
  (path) => expect(flawOfBasePath(path)).toContain('serves its own pages'),
);

it.each([
  ['/', '/jobato/'],
  ['/runs/7?a=b#L3', '/jobato/runs/7?a=b#L3'],
  ['/jobatos', '/jobato/jobatos'],
  ['/jobato/runs/7', '/jobato/runs/7'],
  ['/jobato', '/jobato'],
  ['//elsewhere/x', '//elsewhere/x'],
  ['https://elsewhere/x', 'https://elsewhere/x'],
  ['?page=2', '?page=2'],
  ['#log', '#log'],
])('links to %j as %j', (path, link) => {
  expect(withBasePath(path, '/jobato')).toBe(link);
  expect(withBasePath(path, '')).toBe(path);
});

it.each([
  ['/jobato', '/'],
  ['/jobato/', '/'],
  ['/jobato?a=b', '/?a=b'],
  ['/jobato/runs/7?a=b', '/runs/7?a=b'],
  ['/jobato//elsewhere', '//elsewhere'],
  ['/runs/7', '/runs/7'],
  ['/jobatos/runs', '/jobatos/runs'],
  ['/Jobato/runs', '/Jobato/runs'],
  ['/', '/'],
])('routes %j as %j', (path, route) => {
  expect(withoutBasePath(path, '/jobato')).toBe(route);
  expect(withoutBasePath(path, '')).toBe(path);
});
