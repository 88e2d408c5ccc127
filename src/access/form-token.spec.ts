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

describe('the token of a form', () => {
  const SIGNS: [string, Partial<FormRequest>][] = [
    ['its origin', { origin: 'http://localhost:3000' }],
    ['an origin that it will not name', { origin: 'null' }],
    ['an empty origin', { origin: '' }],
    ['where it comes from', { secFetchSite: 'same-origin' }],
    ['that it comes from the address bar', { secFetchSite: 'none' }],
    ['the page before', { referer: 'http://localhost:3000/' }],
    ['a cookie of ours', { cookie: 'jobato_form=x' }],
    ['any cookie', { cookie: 'other=x' }],
  ];

  it.each(SIGNS)('is asked for where a browser shows %s', (_what, sign) => {
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

  it.each(SIGNS)(
    'is not asked for, whether or not there is %s, where one brings the admin token',
    (_w, sign) => expect(needsFormToken({ ...NO_BROWSER, ...sign, hasAdminToken: true })).toBe(false),
  );

  it.each(SIGNS)(
    'is not asked for, whether or not there is %s, by the API and for reading',
    (_what, sign) => {
      for (const path of ['/api', '/api/runs', '/API/runs']) {
        expect(needsFormToken({ ...NO_BROWSER, ...sign, path })).toBe(false);
      }
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        expect(needsFormToken({ ...NO_BROWSER, ...sign, method })).toBe(false);
      }
    },
  );

  it('is not asked of a program, which nobody lures', () => expect(needsFormToken(NO_BROWSER)).toBe(false));
});

describe('a token', () => {
  const cookie = newFormCookie();
  const tag = formTag('secret', cookie, 'session');
  const token = maskedToken(tag);

  it('is of the secret, the cookie and the session that it was made with', () => {
    expect(isTokenOf(formTag('secret', cookie, 'session'), token)).toBe(true);
    expect(isTokenOf(formTag('another', cookie, 'session'), token)).toBe(false);
    expect(isTokenOf(formTag('secret', newFormCookie(), 'session'), token)).toBe(false);
    expect(isTokenOf(formTag('secret', cookie, 'another'), token)).toBe(false);
    expect(isTokenOf(formTag('secret', cookie, null), token)).toBe(false);
    expect(isTokenOf(formTag('secret', cookie, ''), maskedToken(formTag('secret', cookie, null)))).toBe(
      false,
    );
  });

  it('looks different each time, in all of its parts, and each one is good', () => {
    const tokens = Array.from({ length: 50 }, () => maskedToken(tag));
    for (let start = 0; start < 80; start += 4) {
      expect(new Set(tokens.map((each) => each.slice(start, start + 4))).size).toBeGreaterThan(45);
    }
    expect(tokens.every((each) => isTokenOf(tag, each))).toBe(true);
  });

  it('goes into a form as it is', () => expect(token).toMatch(/^[\w-]+$/));

  it.each<[string, unknown]>([
    ['none', undefined],
    ['an empty one', ''],
    ['one that is cut off', token.slice(0, -1)],
    ['one that is longer', `${token}A`],
    ['one of another letter', `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`],
    ['one that is twice there', [token, token]],
    ['nothing but zeros', 'A'.repeat(86)],
    ['the tag without its pad', tag.toString('base64url')],
    ['an object', { token }],
    ['one of several lines', `${token}\n`],
  ])('is not %s', (_what, given) => expect(isTokenOf(tag, given)).toBe(false));
});

it('a cookie is one that we made, or at least looks like it', () => {
  expect(newFormCookie()).not.toBe(newFormCookie());
  expect(isFormCookie(newFormCookie())).toBe(true);
  for (const value of [undefined, '', 'short', 'x'.repeat(23), `${'x'.repeat(21)};`, `${'x'.repeat(22)}\n`]) {
    expect(isFormCookie(value)).toBe(false);
  }
});
