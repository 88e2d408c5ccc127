import { localPath, pageBehind } from './page-behind';

const POLICY = {
  host: '127.0.0.1',
  allowedHosts: ['tools.example.com'],
  publicUrl: null,
  basePath: '/jobato',
  corsOrigins: [],
  adminToken: null,
  apiKeys: [],
};
const asked = (headers: Record<string, string>, host = 'localhost:3000') =>
  pageBehind({ headers: { host: 'localhost:3000', ...headers }, host }, POLICY);

describe('pageBehind', () => {
  it.each<[string, Record<string, string>, string]>([
    ['from Referer', { referer: 'http://localhost:3000/runs/1?to=9' }, '/runs/1?to=9'],
    ['with another scheme', { referer: 'https://localhost:3000/' }, '/'],
    [
      'from HX-Current-URL',
      { 'hx-current-url': 'http://localhost:3000/runs/2#L3', referer: 'http://localhost:3000/' },
      '/runs/2',
    ],
    ['below the base path', { referer: 'http://localhost:3000/jobato/runs/1' }, '/runs/1'],
    [
      'same-origin according to Sec-Fetch-Site',
      { referer: 'https://jobato.example/runs/1', 'sec-fetch-site': 'same-origin' },
      '/runs/1',
    ],
    ['under an allowed host name', { referer: 'https://tools.example.com/jobato?a=b' }, '/?a=b'],
  ])('returns the path: %s', (_what, headers, path) => expect(asked(headers)).toBe(path));

  it('accepts the host forwarded by a trusted proxy', () =>
    expect(asked({ referer: 'https://tools:8443/runs/1' }, 'tools:8443')).toBe('/runs/1'));

  it.each<[string, Record<string, string>]>([
    ['without a header', {}],
    ['another site', { referer: 'http://evil.example/runs/1' }],
    ['another port', { referer: 'http://localhost:8080/' }],
    ['a path that leads to another site', { referer: 'http://localhost:3000//evil.example' }],
    [
      'a path that leads to another site below the base path',
      { referer: 'http://localhost:3000/jobato//evil.example' },
    ],
    ['not a URL', { referer: 'nonsense' }],
    ['a script URL', { referer: 'javascript:alert(1)' }],
  ])('returns null: %s', (_what, headers) => expect(asked(headers)).toBeNull());
});

it.each<[unknown, string | null]>([
  ['/runs/1?a=b', '/runs/1?a=b'],
  ['/jobato/runs/1', '/runs/1'],
  ['/jobato', '/'],
  ['/jobato//evil.example', null],
  ['//evil.example', null],
  ['/\\evil.example', null],
  ['/\t/evil.example', null],
  ['/a\r\nSet-Cookie: x=y', null],
  ['https://evil.example/', null],
  ['runs', null],
  [['/'], null],
  [undefined, null],
])('localPath turns %j into %j', (path, way) => expect(localPath(path, '/jobato')).toBe(way));
