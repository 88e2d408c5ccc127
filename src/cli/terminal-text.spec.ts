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

  it('makes other control sequences visible', () => {
    expect(harmless(`${ESC}[2J${ESC}[1;1H`)).toBe('␛[2J␛[1;1H');
    expect(harmless(`${ESC}]0;title\u0007`)).toBe('␛]0;title␇');
    expect(harmless(`${ESC}]52;c;cm0=${ESC}\\`)).toBe('␛]52;c;cm0=␛\\');
    expect(harmless('a\u009b2Jb')).toBe('a�2Jb');
    expect(harmless(`one\rtwo\b`)).toBe('one␍two␈');
  });

  it('makes a broken colour sequence visible', () => {
    const shown = harmless(`${ESC}[31${ESC}[32mgreen${ESC}[`);
    expect(shown).toBe(`␛[31${ESC}[32mgreen␛[${ESC}[0m`);
  });

  it('drops the carriage return of a Windows line end', () => {
    expect(harmless('line\r')).toBe('line');
  });

  it('oneLine puts text on one line and removes colours', () => {
    expect(oneLine(` two\nlines, ${ESC}[31mred${ESC}[0m ${ESC}[2J`)).toBe('two lines, red ␛[2J');
  });
});
