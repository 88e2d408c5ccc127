import { isReadableName } from './readable-name';

describe('isReadableName', () => {
  it.each(['', 'worker-1', 'with space', 'ärger-中文-🙂', 'שלום', 'a/b\\c', 'e\u0301'])(
    'accepts %j',
    (name) => expect(isReadableName(name)).toBe(true),
  );

  it.each([
    ['a direction override', 'n\u202ecod.exe'],
    ['a direction isolate', 'a\u2066b'],
    ['a direction mark', 'a\u200fb'],
    ['a zero-width space', 'a\u200bb'],
    ['a byte order mark', '\ufeffa'],
    ['a soft hyphen', 'a\u00adb'],
    ['a tag', 'a\u{e0041}b'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a line feed', 'a\nb'],
    ['an escape', 'a\x1b[31mb'],
    ['a lone surrogate', 'a\ud800'],
  ])('rejects a name with %s', (_what, name) => expect(isReadableName(name)).toBe(false));
});
