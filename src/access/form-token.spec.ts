import {
  type FormRequest,
  formTag,
  isFormCookie,
  isTokenOf,
  maskedToken,
  needsFormToken,
  newFormCookie,
} from './form-token';

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

describe('form token', () => {
  const cookie = newFormCookie();
  const tag = formTag('secret', cookie, 'session');
  const token = maskedToken(tag);

  it('is bound to its secret, cookie and session', () => {
    expect(isTokenOf(formTag('secret', cookie, 'session'), token)).toBe(true);
    expect(isTokenOf(formTag('another', cookie, 'session'), token)).toBe(false);
    expect(isTokenOf(formTag('secret', newFormCookie(), 'session'), token)).toBe(false);
    expect(isTokenOf(formTag('secret', cookie, 'another'), token)).toBe(false);
    expect(isTokenOf(formTag('secret', cookie, null), token)).toBe(false);
    expect(isTokenOf(formTag('secret', cookie, ''), maskedToken(formTag('secret', cookie, null)))).toBe(
      false,
    );
  });

  it('has a random mask in every part, and each masked form is valid', () => {
    const tokens = Array.from({ length: 50 }, () => maskedToken(tag));
    for (let start = 0; start < 80; start += 4) {
      expect(new Set(tokens.map((each) => each.slice(start, start + 4))).size).toBeGreaterThan(45);
    }
    expect(tokens.every((each) => isTokenOf(tag, each))).toBe(true);
  });

  it('contains only characters that are safe in a form', () => expect(token).toMatch(/^[\w-]+$/));

  it.each<[string, unknown]>([
    ['no token', undefined],
    ['an empty token', ''],
    ['a truncated token', token.slice(0, -1)],
    ['a longer token', `${token}A`],
    ['a token with one character changed', `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`],
    ['a token sent twice', [token, token]],
    ['all zeros', 'A'.repeat(86)],
    ['the tag without its pad', tag.toString('base64url')],
    ['an object', { token }],
    ['a token with a line break', `${token}\n`],
  ])('rejects %s', (_what, given) => expect(isTokenOf(tag, given)).toBe(false));
});

it('isFormCookie accepts generated cookies and rejects malformed values', () => {
  expect(newFormCookie()).not.toBe(newFormCookie());
  expect(isFormCookie(newFormCookie())).toBe(true);
  for (const value of [undefined, '', 'short', 'x'.repeat(23), `${'x'.repeat(21)};`, `${'x'.repeat(22)}\n`]) {
    expect(isFormCookie(value)).toBe(false);
  }
});
