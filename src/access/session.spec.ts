import { cookieOf, isValidSession, newSession, SESSION_SECONDS } from './session';

const TOKEN = 'a-long-admin-token';
const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const session = newSession(TOKEN, NOW);
const [expires, signature] = session.split('.') as [string, string];

describe('a session', () => {
  it('is valid from its first to its last moment', () => {
    expect(isValidSession(session, TOKEN, NOW)).toBe(true);
    expect(isValidSession(session, TOKEN, NOW + SESSION_SECONDS * 1000 - 1)).toBe(true);
    expect(isValidSession(session, TOKEN, NOW + SESSION_SECONDS * 1000)).toBe(false);
  });

  it('ends when the token is changed', () => expect(isValidSession(session, `${TOKEN}2`, NOW)).toBe(false));

  it('does not contain the token', () => expect(session).not.toContain(TOKEN));

  it('fits into a cookie as it is', () => expect(encodeURIComponent(session)).toBe(session));

  it.each<[string, string | undefined]>([
    ['none', undefined],
    ['an empty one', ''],
    ['one without a signature', expires],
    ['one with an empty signature', `${expires}.`],
    ['one with a later end', `${Number(expires) + 1}.${signature}`],
    ['one with its end written otherwise', `0${expires}.${signature.slice(0, -1)}A`],
    ['one that never ends', `9999999999999999.${signature}`],
    ['one with an end that is no number', `Infinity.${signature}`],
    ['one with another signature', `${expires}.${signature.slice(0, -2)}AA`],
    ['one with a signature in capitals', `${expires}.${signature.toUpperCase()}`],
    ['one of several lines', `${session}\n`],
    ['one with something behind it', `${session}.x`],
  ])('is not %s', (_what, given) => expect(isValidSession(given, TOKEN, NOW)).toBe(false));
});

describe('cookieOf', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['the only one', 'a=1', '1'],
    ['one among others', 'b=2; a=1; c=3', '1'],
    ['one without spaces', 'b=2;a=1', '1'],
    ['the first of two', 'a=1; a=2', '1'],
    ['one with an equals sign', 'a=1=2', '1=2'],
    ['an empty one', 'a=', ''],
    ['none where there is no header', undefined, undefined],
    ['none where there is no such cookie', 'ba=1; A=2; xa=3', undefined],
  ])('finds %s', (_what, header, value) => expect(cookieOf(header, 'a')).toBe(value));
});
