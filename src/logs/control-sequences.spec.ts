import { withoutSequences, withoutUnfinished } from './control-sequences';

it.each([
  ['a title', '\x1b]0;build — step 3; done\x07text'],
  ['a title that ends with ST', '\x1b]2;a b c\x1b\\text'],
  ['a title in C1 characters', '\u009d0;a b\u009ctext'],
  ['a link, but not its text', '\x1b]8;;https://x.example/a?b=c\x1b\\text\x1b]8;;\x1b\\'],
  ['a link with an id to a file', '\x1b]8;id=1;file:///a b\x07text\x1b]8;;\x07'],
  ['the clipboard', '\x1b]52;c;cm0=\x1b\\text'],
  ['a request (DCS)', '\x1bP1$r0m\x1b\\text'],
  ['an image (APC)', '\x1b_Gf=24,s=1;AAAA\x1b\\text'],
  ['a private message (PM)', '\x1b^message\x1b\\text'],
  ['colours in any notation', '\x1b[1;31mte\x1b[38:2::1:2:3mxt\u009b0m'],
  ['movements of the cursor', '\x1b[2K\x1b[1A\x1b[?25ltext\x1b7\x1b8\x1b(B\x1b='],
])('removes %s', (_what, raw) => expect(withoutSequences(raw)).toBe('text'));

it('keeps the text after a sequence that is never complete', () =>
  expect(withoutSequences('\x1b]0;title and text')).toBe('\x1b]0;title and text'));

it('removes the start of a sequence at the end, and nothing else', () => {
  for (const start of ['\x1b', '\x1b[', '\x1b[31;', '\x1b]0;tit', '\x1b]0;title\x1b', '\x1bP', '\x1b(', ''])
    expect(withoutUnfinished(`te\x1b[1mxt${start}`)).toBe('te\x1b[1mxt');
});

it('takes linear time', () => {
  const before = process.cpuUsage();
  for (const piece of ['\x1b', '\x1b]', '\x1bP', '\x9b', '\x9d', '\x1b[1;', '\x1b ', '\x1b]8;;a', ' ', '1']) {
    const raw = piece.repeat(65_536 / piece.length);
    withoutSequences(raw);
    withoutUnfinished(raw);
  }
  expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
});
