import { answerExcerpt, hiddenPartsOf } from './answer-excerpt';

const excerpt = (text: string, hidden: string[] = []) => answerExcerpt(Buffer.from(text), hidden);

it('returns one line of plain text', () => {
  expect(excerpt('  invalid\r\n\tpayload \x1b[31m\u202e!\n')).toBe('invalid payload [31m !');
  expect(excerpt(' \n ')).toBeNull();
  expect(excerpt('')).toBeNull();
});

it('cuts a long answer', () => expect(excerpt('a'.repeat(5000))).toBe(`${'a'.repeat(300)}…`));

it('hides the URL and its secret parts', () => {
  const url = new URL('https://hooks.example.com/services/T000/B0000000/verysecret?token=0123456789');
  const answer = `Cannot POST ${url.pathname} on ${url.href}: verysecret 0123456789 B0000000`;
  const text = excerpt(answer, hiddenPartsOf(url))!;
  for (const secret of ['verysecret', '0123456789', 'B0000000']) expect(text).not.toContain(secret);
  expect(text).toContain('Cannot POST …');
});
