import { cookieOf, newSession, readSession, SESSION_SECONDS } from './session';

const TOKEN = 'a-long-admin-token';
const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const session = newSession(TOKEN, NOW);
const [expires, id, signature] = session.split('.') as [string, string, string];

describe('session', () => {
  it('is valid until it expires', () => {
    const read = { id, expiresMs: NOW + SESSION_SECONDS * 1000 };
    expect(readSession(session, TOKEN, NOW)).toEqual(read);
    expect(readSession(session, TOKEN, read.expiresMs - 1)).toEqual(read);
    expect(readSession(session, TOKEN, read.expiresMs)).toBeNull();
  });

  it('becomes invalid when the admin token changes', () =>
    expect(readSession(session, `${TOKEN}2`, NOW)).toBeNull());

  it('is unique', () => expect(newSession(TOKEN, NOW)).not.toBe(session));

  it('does not contain the token', () => expect(session).not.toContain(TOKEN));

  it('needs no encoding in a cookie', () => expect(encodeURIComponent(session)).toBe(session));

  it.each<[string, string | undefined]>([
    ['no session', undefined],
    ['an empty session', ''],
    ['a session without a signature', `${expires}.${id}`],
    ['a session without an ID', `${expires}.${signature}`],
    ['a session with an empty signature', `${expires}.${id}.`],
    ['a session with a later expiry', `${Number(expires) + 1}.${id}.${signature}`],
    ['a session with another ID', `${expires}.${newSession(TOKEN, NOW).split('.')[1]}.${signature}`],
    ['a session with its expiry in another spelling', `0${expires}.${id}.${signature}`],
    ['a session that never expires', `9999999999999999.${id}.${signature}`],
    ['a session with a non-numeric expiry', `Infinity.${id}.${signature}`],
    [
      'a session with another signature',
      `${expires}.${id}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    ],
    ['a session with an upper-case signature', `${expires}.${id}.${signature.toUpperCase()}`],
    ['a session with a line break', `${session}\n`],
    ['a session with a suffix', `${session}.x`],
  ])('rejects %s', (_what, given) => expect(readSession(given, TOKEN, NOW)).toBeNull());
});

describe('cookieOf', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['the only cookie', 'a=1', '1'],
    ['one of several cookies', 'b=2; a=1; c=3', '1'],
    ['a cookie from a header without spaces', 'b=2;a=1', '1'],
    ['the first of two cookies of the same name', 'a=1; a=2', '1'],
    ['a value with an equals sign', 'a=1=2', '1=2'],
    ['an empty value', 'a=', ''],
    ['undefined without a header', undefined, undefined],
    ['undefined for an unknown cookie', 'ba=1; A=2; xa=3', undefined],
  ])('returns %s', (_what, header, value) => expect(cookieOf(header, 'a')).toBe(value));
});
