import type { Request } from 'express';
import { localPath, pageBehind } from './page-behind';

const asked = (headers: Record<string, string>) =>
  pageBehind({ headers: { host: 'localhost:3000', ...headers } } as unknown as Request);

describe('the page behind a form', () => {
  it.each<[string, Record<string, string>, string]>([
    ['the page before', { referer: 'http://localhost:3000/runs/1?to=9' }, '/runs/1?to=9'],
    ['by another scheme', { referer: 'https://localhost:3000/' }, '/'],
    [
      'what htmx says',
      { 'hx-current-url': 'http://localhost:3000/runs/2#L3', referer: 'http://localhost:3000/' },
      '/runs/2',
    ],
  ])('is %s', (_what, headers, path) => expect(asked(headers)).toBe(path));

  it.each<[string, Record<string, string>]>([
    ['nobody says', {}],
    ['it is of another site', { referer: 'http://evil.example/runs/1' }],
    ['it is of another port', { referer: 'http://localhost:8080/' }],
    ['it would lead elsewhere', { referer: 'http://localhost:3000//evil.example' }],
    ['it is no address', { referer: 'nonsense' }],
    ['it is a script', { referer: 'javascript:alert(1)' }],
  ])('is not known where %s', (_what, headers) => expect(asked(headers)).toBeNull());
});

it.each<[unknown, string | null]>([
  ['/runs/1?a=b', '/runs/1?a=b'],
  ['//evil.example', null],
  ['/\\evil.example', null],
  ['/\t/evil.example', null],
  ['/a\r\nSet-Cookie: x=y', null],
  ['https://evil.example/', null],
  ['runs', null],
  [['/'], null],
  [undefined, null],
])('of %j the way on is %j', (path, way) => expect(localPath(path)).toBe(way));
