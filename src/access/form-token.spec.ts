import { type FormRequest, FormTokens, isFormCookie, needsFormToken } from './form-token';

const NO_BROWSER: FormRequest = {
  method: 'POST',
  path: '/runs/1/stop',
  origin: undefined,
  secFetchSite: undefined,
  referer: undefined,
  cookie: undefined,
  hasAdminToken: false,
};

describe('needsFormToken', () => {
  const SIGNS: [string, Partial<FormRequest>][] = [
    ['Origin', { origin: 'http://localhost:3000' }],
    ['opaque Origin', { origin: 'null' }],
    ['empty Origin', { origin: '' }],
    ['Sec-Fetch-Site: same-origin', { secFetchSite: 'same-origin' }],
    ['Sec-Fetch-Site: none', { secFetchSite: 'none' }],
    ['Referer', { referer: 'http://localhost:3000/' }],
    ['form cookie', { cookie: 'jobato_form=x' }],
    ['other cookie', { cookie: 'other=x' }],
  ];

  it.each(SIGNS)('returns true when the request has a browser sign: %s', (_what, sign) => {
    for (const path of [
      '/runs/1/stop',
      '/projects/a/runs',
      '/login',
      '/logout',
      '/',
      '/apix',
      '//api/runs',
    ]) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'post']) {
        expect(needsFormToken({ ...NO_BROWSER, ...sign, path, method })).toBe(true);
      }
    }
  });

  it.each(SIGNS)('returns false despite a browser sign if the request has the admin token: %s', (_w, sign) =>
    expect(needsFormToken({ ...NO_BROWSER, ...sign, hasAdminToken: true })).toBe(false),
  );

  it.each(SIGNS)('returns false despite a browser sign for API calls and reads: %s', (_what, sign) => {
    for (const path of ['/api', '/api/runs', '/API/runs']) {
      expect(needsFormToken({ ...NO_BROWSER, ...sign, path })).toBe(false);
    }
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(needsFormToken({ ...NO_BROWSER, ...sign, method })).toBe(false);
    }
  });

  it('returns false for a client that is not a browser', () =>
    expect(needsFormToken(NO_BROWSER)).toBe(false));
});

describe('FormTokens', () => {
  const tokens = new FormTokens('secret');
  const cookie = tokens.newCookie();
  const token = tokens.create(cookie, 'session');
  const isValid = (given: unknown) => tokens.isValid(cookie, 'session', given);

  it('binds a token to the secret, the cookie and the session', () => {
    expect(new FormTokens('secret').isValid(cookie, 'session', token)).toBe(true);
    expect(new FormTokens('another').isValid(cookie, 'session', token)).toBe(false);
    expect(tokens.isValid(tokens.newCookie(), 'session', token)).toBe(false);
    expect(tokens.isValid(cookie, 'another', token)).toBe(false);
    expect(tokens.isValid(cookie, null, token)).toBe(false);
    expect(tokens.isValid(cookie, '', tokens.create(cookie, null))).toBe(false);
  });

  it('creates tokens without a common part, so that compression reveals nothing', () => {
    const many = Array.from({ length: 50 }, () => tokens.create(cookie, 'session'));
    for (let start = 0; start <= token.length - 4; start += 4) {
      expect(new Set(many.map((each) => each.slice(start, start + 4))).size).toBeGreaterThan(45);
    }
    expect(many.every(isValid)).toBe(true);
  });

  it('creates tokens of characters that are safe in a form', () => expect(token).toMatch(/^[\w-]{50,}$/));

  it.each<[string, unknown]>([
    ['no token', undefined],
    ['an empty token', ''],
    ['a truncated token', token.slice(0, -1)],
    ['a longer token', `${token}A`],
    ['a token with one character changed', `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`],
    [
      'a token with the salt of another',
      `${tokens.create(cookie, 'session').slice(0, 16)}${token.slice(16)}`,
    ],
    ['a token sent twice', [token, token]],
    ['all zeros', 'A'.repeat(token.length)],
    ['a token without its salt', token.slice(16)],
    ['only a salt', token.slice(0, 17)],
    ['an object', { token }],
    ['a token with a line break', `${token}\n`],
    ['a token with a character outside of ASCII', `${token.slice(0, -1)}é`],
  ])('rejects %s', (_what, given) => expect(isValid(given)).toBe(false));
});

it('isFormCookie accepts generated cookies and rejects malformed values', () => {
  const tokens = new FormTokens('secret');
  expect(tokens.newCookie()).not.toBe(tokens.newCookie());
  expect(isFormCookie(tokens.newCookie())).toBe(true);
  for (const value of [undefined, '', 'short', 'x'.repeat(23), `${'x'.repeat(21)};`, `${'x'.repeat(22)}\n`]) {
    expect(isFormCookie(value)).toBe(false);
  }
});
