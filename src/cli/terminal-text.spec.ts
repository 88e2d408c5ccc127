import { harmless, oneLine } from './terminal-text';

const ESC = '\u001b';

describe('terminal text', () => {
  it('keeps harmless text unchanged', () => {
    for (const text of ['', 'plain', 'with\ttab', 'größer – 日本 🎉']) expect(harmless(text)).toBe(text);
  });

  it('keeps colours, and resets them at the end of the line', () => {
    expect(harmless(`${ESC}[1;31mred${ESC}[0m`)).toBe(`${ESC}[1;31mred${ESC}[0m${ESC}[0m`);
    expect(harmless(`${ESC}[32mgreen`)).toBe(`${ESC}[32mgreen${ESC}[0m`);
  });

  it('removes other control sequences', () => {
    expect(harmless(`a${ESC}[2J${ESC}[1;1Hb`)).toBe('ab');
    expect(harmless(`${ESC}]0;a title; of two parts\u0007a`)).toBe('a');
    expect(harmless(`${ESC}]52;c;cm0=${ESC}\\a`)).toBe('a');
    expect(harmless(`${ESC}[1m${ESC}]8;id=1;file:///a b${ESC}\\link${ESC}]8;;${ESC}\\`)).toBe(
      `${ESC}[1mlink${ESC}[0m`,
    );
    expect(harmless('a\u009b2Jb')).toBe('ab');
  });

  it('makes other control characters visible', () => {
    expect(harmless(`one\rtwo\b`)).toBe('one␍two␈');
    expect(harmless(`${ESC}]0;never complete`)).toBe('␛]0;never complete');
  });

  it('makes a broken colour sequence visible', () => {
    const shown = harmless(`${ESC}[31${ESC}[32mgreen${ESC}[`);
    expect(shown).toBe(`␛[31${ESC}[32mgreen␛[${ESC}[0m`);
  });

  it('drops the carriage return of a Windows line end', () => {
    expect(harmless('line\r')).toBe('line');
  });

  it('oneLine puts text on one line and removes colours', () => {
    expect(oneLine(` two\nlines, ${ESC}[31mred${ESC}[0m ${ESC}[2J`)).toBe('two lines, red');
  });
});
