import { cookieOf, newSession, readSession, SESSION_SECONDS } from './session';

const TOKEN = 'a-long-admin-token';
const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const session = newSession(TOKEN, NOW);
const [expires, id, signature] = session.split('.') as [string, string, string];

describe('a session', () => {
  it('is valid from its first to its last moment', () => {
    const read = { id, expiresMs: NOW + SESSION_SECONDS * 1000 };
    expect(readSession(session, TOKEN, NOW)).toEqual(read);
    expect(readSession(session, TOKEN, read.expiresMs - 1)).toEqual(read);
    expect(readSession(session, TOKEN, read.expiresMs)).toBeNull();
  });

  it('ends when the token is changed', () => expect(readSession(session, `${TOKEN}2`, NOW)).toBeNull());

  it('is another one each time', () => expect(newSession(TOKEN, NOW)).not.toBe(session));

  it('does not contain the token', () => expect(session).not.toContain(TOKEN));

  it('fits into a cookie as it is', () => expect(encodeURIComponent(session)).toBe(session));

  it.each<[string, string | undefined]>([
    ['none', undefined],
    ['an empty one', ''],
    ['one without a signature', `${expires}.${id}`],
    ['one without a name', `${expires}.${signature}`],
    ['one with an empty signature', `${expires}.${id}.`],
    ['one with a later end', `${Number(expires) + 1}.${id}.${signature}`],
    ['one with another name', `${expires}.${newSession(TOKEN, NOW).split('.')[1]}.${signature}`],
    ['one with its end written otherwise', `0${expires}.${id}.${signature.slice(0, -1)}A`],
    ['one that never ends', `9999999999999999.${id}.${signature}`],
    ['one with an end that is no number', `Infinity.${id}.${signature}`],
    ['one with another signature', `${expires}.${id}.${signature.slice(0, -2)}AA`],
    ['one with a signature in capitals', `${expires}.${id}.${signature.toUpperCase()}`],
    ['one of several lines', `${session}\n`],
    ['one with something behind it', `${session}.x`],
  ])('is not %s', (_what, given) => expect(readSession(given, TOKEN, NOW)).toBeNull());
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
