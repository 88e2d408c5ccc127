import { isReadableName } from './readable-name';

describe('a name that people read', () => {
  it.each(['', 'worker-1', 'with space', 'ärger-中文-🙂', 'שלום', 'a/b\\c', 'e\u0301'])('may be %j', (name) =>
    expect(isReadableName(name)).toBe(true),
  );

  it.each([
    ['an override of the direction', 'n\u202ecod.exe'],
    ['an isolate', 'a\u2066b'],
    ['a mark of the direction', 'a\u200fb'],
    ['a space without width', 'a\u200bb'],
    ['a byte order mark', '\ufeffa'],
    ['a soft hyphen', 'a\u00adb'],
    ['a tag', 'a\u{e0041}b'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a line feed', 'a\nb'],
    ['an escape', 'a\x1b[31mb'],
    ['half of a character', 'a\ud800'],
  ])('may not have %s', (_what, name) => expect(isReadableName(name)).toBe(false));
});
