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

describe('the page behind a form', () => {
  it.each<[string, Record<string, string>, string]>([
    ['the page before', { referer: 'http://localhost:3000/runs/1?to=9' }, '/runs/1?to=9'],
    ['by another scheme', { referer: 'https://localhost:3000/' }, '/'],
    [
      'what htmx says',
      { 'hx-current-url': 'http://localhost:3000/runs/2#L3', referer: 'http://localhost:3000/' },
      '/runs/2',
    ],
    ['below the base path', { referer: 'http://localhost:3000/jobato/runs/1' }, '/runs/1'],
    [
      'of this site, as the browser says',
      { referer: 'https://jobato.example/runs/1', 'sec-fetch-site': 'same-origin' },
      '/runs/1',
    ],
    ['by a name that the proxy changed', { referer: 'https://tools.example.com/jobato?a=b' }, '/?a=b'],
  ])('is %s', (_what, headers, path) => expect(asked(headers)).toBe(path));

  it('is of the host that a trusted proxy was called by', () =>
    expect(asked({ referer: 'https://tools:8443/runs/1' }, 'tools:8443')).toBe('/runs/1'));

  it.each<[string, Record<string, string>]>([
    ['nobody says', {}],
    ['it is of another site', { referer: 'http://evil.example/runs/1' }],
    ['it is of another port', { referer: 'http://localhost:8080/' }],
    ['it would lead elsewhere', { referer: 'http://localhost:3000//evil.example' }],
    [
      'it would lead elsewhere below the base path',
      { referer: 'http://localhost:3000/jobato//evil.example' },
    ],
    ['it is no address', { referer: 'nonsense' }],
    ['it is a script', { referer: 'javascript:alert(1)' }],
  ])('is not known where %s', (_what, headers) => expect(asked(headers)).toBeNull());
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
])('of %j the way on is %j', (path, way) => expect(localPath(path, '/jobato')).toBe(way));
