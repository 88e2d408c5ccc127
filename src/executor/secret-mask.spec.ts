import { SecretMask } from './secret-mask';

describe('SecretMask', () => {
  it.each<[string, string[], string, string]>([
    ['a secret', ['hunter2'], 'password=hunter2;', 'password=***;'],
    ['every occurrence of a secret', ['hunter2'], 'hunter2hunter2 hunter2', '****** ***'],
    ['several secrets', ['one-key', 'two-key'], 'two-key, one-key', '***, ***'],
    ['the longer of two secrets with the same start', ['key', 'key-long'], 'key-long key', '*** ***'],
    ['a secret with special characters', ['a.b*c+(d)[e]{f}^$|\\/'], 'x a.b*c+(d)[e]{f}^$|\\/ y', 'x *** y'],
    ['a secret that looks like a pattern, literally', ['a.c'], 'abc a.c', 'abc ***'],
    ['a secret of one letter', ['q'], 'quit', '***uit'],
    ['a secret with dollar signs', ["$&$1$'"], "<$&$1$'>", '<***>'],
    ['emoji', ['🔑🔑'], 'x🔑🔑y', 'x***y'],
    ['nothing else', ['hunter2'], 'Hunter2 hunter 2', 'Hunter2 hunter 2'],
    ['nothing without secrets', [], 'hunter2', 'hunter2'],
    ['nothing for an empty secret', [''], 'hunter2', 'hunter2'],
  ])('masks %s', (_what, secrets, text, expected) =>
    expect(new SecretMask(secrets).apply(text)).toBe(expected),
  );

  it('masks each line of a multi-line secret', () => {
    const key = '-----BEGIN KEY-----\nAAAABBBB\r\nCC\n-----END KEY-----';
    const mask = new SecretMask([key]);
    expect(mask.apply(key)).toBe('***');
    expect(mask.apply('got AAAABBBB')).toBe('got ***');
    expect(mask.apply('-----END KEY-----')).toBe('***');
    expect(mask.apply('ACCURATE')).toBe('ACCURATE');
  });

  it('returns the length of the longest secret', () => {
    expect(new SecretMask(['four', 'sixsix']).longest).toBe(6);
    expect(new SecretMask([]).longest).toBe(0);
  });

  it('returns the same result on the second call', () => {
    const mask = new SecretMask(['hunter2']);
    expect([mask.apply('a hunter2'), mask.apply('hunter2')]).toEqual(['a ***', '***']);
  });

  it('masks a secret in its JSON spelling', () => {
    const mask = new SecretMask(['pass"word\\1']);
    expect(mask.apply(JSON.stringify({ key: 'pass"word\\1' }))).toBe('{"key":"***"}');
  });

  it.each([
    ['half a secret', 'key=hunt', 'key=***'],
    ['the first letter of a secret', 'oh', 'o***'],
    ['a whole secret', 'key=hunter2', 'key=***'],
    ['a whole secret and half a secret', 'hunter2 hunter', '*** ***'],
    ['nothing', 'key=none', 'key=none'],
  ])('masks at the end of a truncated text: %s', (_what, text, expected) =>
    expect(new SecretMask(['hunter2']).applyToStart(text)).toBe(expected),
  );

  it('masks values and keys at any depth, and does not modify its input', () => {
    const mask = new SecretMask(['hunter2']);
    const value = { a: ['x hunter2', 7, null, true], hunter2: { b: 'hunter2' }, __proto: undefined };
    expect(mask.applyWithin(value)).toEqual({
      a: ['x ***', 7, null, true],
      '***': { b: '***' },
      __proto: undefined,
    });
    expect(value.hunter2.b).toBe('hunter2');
  });
});
