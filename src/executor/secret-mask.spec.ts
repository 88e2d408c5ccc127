import { SecretMask } from './secret-mask';

describe('SecretMask', () => {
  it.each<[string, string[], string, string]>([
    ['a secret', ['hunter2'], 'password=hunter2;', 'password=***;'],
    ['it wherever it stands', ['hunter2'], 'hunter2hunter2 hunter2', '****** ***'],
    ['several secrets', ['one-key', 'two-key'], 'two-key, one-key', '***, ***'],
    ['the longer of two that begin alike', ['key', 'key-long'], 'key-long key', '*** ***'],
    ['one that is full of signs', ['a.b*c+(d)[e]{f}^$|\\/'], 'x a.b*c+(d)[e]{f}^$|\\/ y', 'x *** y'],
    ['one that is a pattern only as itself', ['a.c'], 'abc a.c', 'abc ***'],
    ['one of one letter', ['q'], 'quit', '***uit'],
    ['one with a dollar, which is no group', ["$&$1$'"], "<$&$1$'>", '<***>'],
    ['emoji', ['🔑🔑'], 'x🔑🔑y', 'x***y'],
    ['nothing else', ['hunter2'], 'Hunter2 hunter 2', 'Hunter2 hunter 2'],
    ['nothing where there are no secrets', [], 'hunter2', 'hunter2'],
    ['nothing for an empty secret', [''], 'hunter2', 'hunter2'],
  ])('hides %s', (_what, secrets, text, expected) =>
    expect(new SecretMask(secrets).apply(text)).toBe(expected),
  );

  it('hides a secret of several lines, line by line, since lines are what it sees', () => {
    const key = '-----BEGIN KEY-----\nAAAABBBB\r\nCC\n-----END KEY-----';
    const mask = new SecretMask([key]);
    expect(mask.apply(key)).toBe('***');
    expect(mask.apply('got AAAABBBB')).toBe('got ***');
    expect(mask.apply('-----END KEY-----')).toBe('***');
    expect(mask.apply('ACCURATE')).toBe('ACCURATE');
  });

  it('says how much it must see at once', () => {
    expect(new SecretMask(['four', 'sixsix']).longest).toBe(6);
    expect(new SecretMask([]).longest).toBe(0);
  });

  it('works the same the second time', () => {
    const mask = new SecretMask(['hunter2']);
    expect([mask.apply('a hunter2'), mask.apply('hunter2')]).toEqual(['a ***', '***']);
  });

  it('hides a secret that a program prints in the spelling of JSON', () => {
    const mask = new SecretMask(['pass"word\\1']);
    expect(mask.apply(JSON.stringify({ key: 'pass"word\\1' }))).toBe('{"key":"***"}');
  });

  it.each([
    ['half a secret at the end', 'key=hunt', 'key=***'],
    ['the first letter of a secret at the end', 'oh', 'o***'],
    ['a whole secret', 'key=hunter2', 'key=***'],
    ['a whole one, and half a one', 'hunter2 hunter', '*** ***'],
    ['nothing where no secret begins', 'key=none', 'key=none'],
  ])('hides at the start of a longer text %s', (_what, text, expected) =>
    expect(new SecretMask(['hunter2']).applyToStart(text)).toBe(expected),
  );

  it('hides secrets at any depth, in names too, and leaves the rest as it is', () => {
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
