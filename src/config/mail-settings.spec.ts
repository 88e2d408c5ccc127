import { flawsOfMail } from './mail-settings';

const variables = (smtpUrl: string | null, mailFrom: string | null) =>
  flawsOfMail(smtpUrl, mailFrom).map(({ variable }) => variable);

it('accepts usual servers and senders', () => {
  expect(variables(null, null)).toEqual([]);
  expect(variables('smtp://localhost:1025', 'jobato@example.com')).toEqual([]);
  expect(variables('smtps://user:p%40ss@mail.example.com', 'Jobato at night <jobato@example.com>')).toEqual(
    [],
  );
});

it.each(['mail.internal', 'http://mail.example.com', 'smtp://:25', 'smtp://a.example/?pool=true'])(
  'refuses the server %s without repeating it',
  (url) => {
    const [flaw] = flawsOfMail(url, null);
    expect(flaw!.variable).toBe('SMTP_URL');
    expect(flaw!.text).not.toContain(url);
  },
);

it.each([
  'jobato',
  'a@b@c',
  'a@example.com, b@example.com',
  'A\r\nBcc: x@example.com <a@example.com>',
  '<a@b',
])('refuses the sender %j', (from) => expect(variables(null, from)).toEqual(['MAIL_FROM']));
