import { SecretMask } from './secret-mask';

const SECRET = 'Pä"s/w+o r\\d&<é🔑>?';
/** Ends with each of the lengths that base64 pads differently. */
const TOKENS = ['swordfish', 'swordfish1', 'swordfish12'];
const PEM =
  '-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAq7BFUpkGp3+LQmlQ\nYx2eqzDV+xeG8kx/sQFV18S5JhzGeIJNA72wSeukEPojtqUyX2J0CciPBh7eqclQ\n-----END KEY-----\n';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const toHex = (text: string, write: (code: string) => string) =>
  Array.from(text, (character) => write(character.codePointAt(0)!.toString(16))).join('');
const jsonEscaped = (text: string) =>
  Array.from({ length: text.length }, (_, at) => {
    const code = text.charCodeAt(at).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  }).join('');

describe('SecretMask', () => {
  it.each<[string, string[], string, string]>([
    ['a secret', ['swordfish'], 'password=swordfish;', 'password=***;'],
    ['a secret within a word', ['swordfish'], 'xswordfishes', 'x***es'],
    ['every occurrence of a secret', ['swordfish'], 'swordfishswordfish swordfish', '****** ***'],
    ['several secrets', ['first-key', 'second-key'], 'second-key, first-key', '***, ***'],
    ['the longer of two secrets with the same start', ['key-number', 'key-number-1'], 'key-number-1', '***'],
    ['a secret within another', ['key-number', 'my-key-number-1'], 'my-key-number-1 key-number', '*** ***'],
    ['secrets that overlap', ['abcdefgh', 'efghijkl'], '<abcdefghijkl>', '<***>'],
    ['a secret with special characters', ['a.b*c+(d)[e]{f}^$|\\/'], 'x a.b*c+(d)[e]{f}^$|\\/ y', 'x *** y'],
    ['a secret that looks like a pattern, literally', ['a.c.e.g.'], 'abcdefgh a.c.e.g.', 'abcdefgh ***'],
    ['a secret with dollar signs', ["$&$1$'$$"], "<$&$1$'$$>", '<***>'],
    ['emoji', ['🔑🔑🔑🔑🔑🔑🔑🔑'], 'x🔑🔑🔑🔑🔑🔑🔑🔑y', 'x***y'],
    ['a secret without the blanks around it', [' swordfish\n'], 'a swordfish b', 'a *** b'],
    ['nothing else', ['swordfish'], 'Swordfish sword fish', 'Swordfish sword fish'],
    ['nothing without secrets', [], 'swordfish', 'swordfish'],
    ['nothing for an empty secret', [''], 'swordfish', 'swordfish'],
  ])('masks %s', (_what, secrets, text, expected) =>
    expect(new SecretMask(secrets).apply(text)).toBe(expected),
  );

  it.each<[string, string[], string, string]>([
    ['a short secret as a word', ['pass1'], 'pass1 (pass1) x=pass1', '*** (***) x=***'],
    ['no part of a word', ['pass1'], 'pass12 xpass1 pass1_ épass1', 'pass12 xpass1 pass1_ épass1'],
    ['a short secret after a colour', ['pass1'], '\u001b[32mpass1\u001b[0m', '\u001b[32m***\u001b[0m'],
    ['a short secret after an escape of JSON', ['pass1'], '"a\\npass1\\u0020"', '"a\\n***\\u0020"'],
    ['a short secret after an escape of a URL', ['pass1'], 'user%3Apass1%40host', 'user%3A***%40host'],
    ['a number as a word', ['12345678'], '12345678 1123456789 n=12345678', '*** 1123456789 n=***'],
    ['nothing that is shorter', ['1', 'ab', 'x-y'], '1 ab x-y', '1 ab x-y'],
    ['no boolean', ['true', 'False'], 'true false False', 'true false False'],
  ])('masks %s', (_what, secrets, text, expected) =>
    expect(new SecretMask(secrets).apply(text)).toBe(expected),
  );

  describe('in an encoding', () => {
    const hexBytes = (text: string) => Buffer.from(text).toString('hex').match(/../g)!;
    it.each([
      ['JSON', JSON.stringify(SECRET).slice(1, -1)],
      ['JSON with escaped slashes', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
      ['JSON without letters outside of ASCII', jsonEscaped(SECRET)],
      ['JSON with large hexadecimal digits', jsonEscaped(SECRET).toUpperCase().replaceAll('U', 'u')],
      ['a URL', encodeURIComponent(SECRET)],
      [
        'a URL with small hexadecimal digits',
        encodeURIComponent(SECRET).replace(/%../g, (hex) => hex.toLowerCase()),
      ],
      ['a URL with plain slashes', encodeURI(SECRET)],
      ['a form', new URLSearchParams({ '': SECRET }).toString().slice(1)],
      [
        'a URL with every byte encoded',
        hexBytes(SECRET)
          .map((hex) => `%${hex}`)
          .join(''),
      ],
      [
        'HTML',
        SECRET.replaceAll('&', '&amp;')
          .replaceAll('<', '&lt;')
          .replaceAll('>', '&gt;')
          .replaceAll('"', '&quot;'),
      ],
      [
        'HTML with letters by name',
        SECRET.replace('&', '&amp;').replace('<', '&LT;').replace('ä', '&auml;').replace('é', '&eacute;'),
      ],
      ['HTML with hexadecimal numbers', toHex(SECRET, (code) => `&#x${code};`)],
      ['HTML with large hexadecimal numbers', toHex(SECRET, (code) => `&#X${code.toUpperCase()};`)],
      ['HTML with decimal numbers', toHex(SECRET, (code) => `&#${parseInt(code, 16)};`)],
    ])('masks %s', (_name, encoded) => {
      const mask = new SecretMask([SECRET]);
      expect(mask.apply(encoded)).toBe('***');
      expect(mask.apply(`%20\\"&amp;<${encoded}>${encoded}€%20\\"&amp;`)).toBe(
        '%20\\"&amp;<***>***€%20\\"&amp;',
      );
      expect(encoded.length).toBeLessThanOrEqual(mask.longest);
    });

    it('keeps invalid escapes', () => {
      const text = '%zz %ff%fe %c0%80 \\u12 \\x &nope; &#x110000; &';
      expect(new SecretMask(['swordfish', 'with blank']).apply(text)).toBe(text);
    });
  });

  describe('in base64', () => {
    it.each(TOKENS.flatMap((token) => ['', 'u', 'us', 'user:'].map((before) => [token, before])))(
      'masks %s after "%s", with or without more text',
      (token, before) => {
        const mask = new SecretMask([token]);
        for (const after of ['', '!', '!!', ' and more']) {
          const encoded = base64(`${before}${token}${after}`);
          const masked = mask.apply(`Basic ${encoded}.`);
          expect(masked).toMatch(/^Basic [\w+/]*\*{3}[\w+/]*=*\.$/);
          // The characters that are left contain no byte of the secret.
          const [left, right] = masked.slice('Basic '.length, -1).split('***') as [string, string];
          expect(before.startsWith(Buffer.from(left, 'base64').toString())).toBe(true);
          expect(encoded.endsWith(right)).toBe(true);
          expect(right.replace(/=+$/, '').length).toBeLessThanOrEqual(Math.ceil((after.length * 4) / 3));
        }
      },
    );

    it('masks the padding, and a secret without padding', () => {
      const mask = new SecretMask(['swordfish1']);
      expect(mask.apply('c3dvcmRmaXNoMQ==')).toBe('***');
      expect(mask.apply('c3dvcmRmaXNoMQ,')).toBe('***,');
      expect(mask.apply('c3dvcmRmaXNoMQ%3D%3D')).toBe('***');
    });

    it('masks the URL alphabet', () => {
      const secret = '~~~???>>>>~~~';
      const mask = new SecretMask([secret]);
      expect(Buffer.from(secret).toString('base64url')).toMatch(/-.*_|_.*-/);
      expect(mask.apply(Buffer.from(secret).toString('base64url'))).toBe('***');
      expect(mask.apply(base64(secret))).toBe('***');
      expect(mask.apply(base64(secret).replaceAll('/', '\\/'))).toBe('***');
    });

    it('masks a short secret only where it is a word of the encoded text', () => {
      const mask = new SecretMask(['pass1']);
      for (const before of ['', 'u:', 'us:', 'user:']) {
        for (const after of ['', ' ', '; a', ' more']) {
          expect(mask.apply(base64(`${before}pass1${after}`))).toContain('***');
        }
      }
      for (const longer of [
        'pass12',
        'xpass1',
        'pass1_',
        'xxpass1',
        'épass1',
        'pass1é',
        'xxxpass1',
        'pass1xx',
      ]) {
        expect(mask.apply(base64(longer))).toBe(base64(longer));
      }
    });

    it('masks the lines of a long text', () => {
      const mask = new SecretMask([PEM]);
      for (const width of [64, 76]) {
        for (const text of [PEM, `key: ${PEM}`, `my key: ${PEM}`]) {
          const lines = base64(text).match(new RegExp(`.{1,${width}}`, 'g'))!;
          expect(mask.apply(lines.join('\n'))).toMatch(/^[\w+/]{0,11}\*{3}(\n\*{3})+(\n.{1,15})?$/);
        }
      }
    });

    it('keeps other base64', () => {
      const text = base64('The quick brown fox jumps over the lazy dog');
      expect(new SecretMask([...TOKENS, 'pass1', PEM]).apply(text)).toBe(text);
    });
  });

  it('masks each line of a multi-line secret', () => {
    const key = '-----BEGIN KEY-----\nAAAABBBB\r\n  "a": "12345",\nCC\n-----END KEY-----';
    const mask = new SecretMask([key]);
    expect(mask.apply(key)).toBe('***');
    expect(mask.apply('got AAAABBBB')).toBe('got ***');
    expect(mask.apply('"a": "12345",')).toBe('***');
    expect(mask.apply('-----END KEY-----')).toBe('***');
    expect(mask.apply('ACCURATE')).toBe('ACCURATE');
    expect(mask.apply(JSON.stringify({ key }))).toBe('{"key":"***"}');
  });

  it('states how many characters to read at once', () => {
    expect(new SecretMask(['twelve chars', 'password']).longest).toBe(9 * 12);
    expect(new SecretMask([]).longest).toBe(0);
  });

  it('returns the same result on the second call', () => {
    const mask = new SecretMask(['swordfish']);
    expect([mask.apply('a swordfish'), mask.apply('swordfish')]).toEqual(['a ***', '***']);
  });

  it.each([
    ['half a secret', 'key=swor', 'key=***'],
    ['the first letter of a secret', 'oops', 'oop***'],
    ['a whole secret', 'key=swordfish', 'key=***'],
    ['a whole secret and half a secret', 'swordfish sword', '*** ***'],
    ['half a secret in JSON', 'key=\\u0073wo\\u0072', 'key=***'],
    ['an escape in two', 'key=swor%6', 'key=***'],
    ['half a secret in base64', 'Basic c3dvcmRma', 'Basic ***'],
    ['nothing', 'key=none', 'key=none'],
    ['a percent sign', 'building 72%', 'building 72%'],
    ['half a secret before a percent sign', 'key=swordf%', 'key=***'],
  ])('masks at the end of a truncated text: %s', (_what, text, expected) =>
    expect(new SecretMask(['swordfish']).applyToStart(text)).toBe(expected),
  );

  it('masks a secret in a URL that is truncated at any position', () => {
    const encoded = encodeURIComponent(SECRET);
    for (let length = 1; length < encoded.length; length++) {
      const text = `key ${encoded.slice(0, length)}`;
      expect(new SecretMask([SECRET]).applyToStart(text)).toMatch(/^key (\*{3})?$/);
    }
  });

  it('masks values and keys at any depth, but no numbers and booleans', () => {
    const mask = new SecretMask(['swordfish', '8675309']);
    const value = {
      a: ['x swordfish', 8675309, null, true],
      swordfish: { b: 'swordfish' },
      __proto: undefined,
    };
    expect(mask.applyWithin(value)).toEqual({
      a: ['x ***', 8675309, null, true],
      '***': { b: '***' },
      __proto: undefined,
    });
    expect(value.swordfish.b).toBe('swordfish');
  });

  it('finds a thousand secrets in a long line', () => {
    const secrets = Array.from({ length: 1000 }, (_, n) => `token_${'x'.repeat(20)}_${n}_${'y'.repeat(20)}`);
    const mask = new SecretMask(secrets);
    expect(mask.apply(secrets.join(' '))).toBe(secrets.map(() => '***').join(' '));
    const near = `token_${'x'.repeat(20)}_`.repeat(2000);
    expect(mask.apply(near)).toBe(near);
  });
});
