import type { ConfigFlaw } from './config-error';

/** One address. Stricter than RFC 5322: it has no quotes, comments or line breaks, so that no header can be added. */
export const MAIL_ADDRESS = '[^\\s@<>"\',;:()\\[\\]\\\\]{1,64}@[^\\s@<>"\',;:()\\[\\]\\\\]{1,255}';
const ONLY_ADDRESS = new RegExp(`^${MAIL_ADDRESS}$`);
const NAMED_ADDRESS = new RegExp(`^[^<>"\\p{Cc}]{0,100}<${MAIL_ADDRESS}>$`, 'u');

/** Returns what is wrong with SMTP_URL and MAIL_FROM. Never repeats the URL, which may contain a password. */
export function flawsOfMail(smtpUrl: string | null, mailFrom: string | null): ConfigFlaw[] {
  const flaws: ConfigFlaw[] = [];
  if (smtpUrl !== null && !isSmtpUrl(smtpUrl)) {
    const text = 'SMTP_URL must be a URL such as smtp://user:password@mail.example.com:587 or smtps://….';
    flaws.push({ variable: 'SMTP_URL', text });
  }
  if (mailFrom !== null && !ONLY_ADDRESS.test(mailFrom) && !NAMED_ADDRESS.test(mailFrom)) {
    const text = 'MAIL_FROM must be an address such as jobato@example.com or "Jobato <jobato@example.com>".';
    flaws.push({ variable: 'MAIL_FROM', text });
  }
  return flaws;
}

/** Without a query, in which nodemailer would read options such as `tls.rejectUnauthorized`. */
function isSmtpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash } = new URL(text);
  return ['smtp:', 'smtps:'].includes(protocol) && hostname !== '' && search === '' && hash === '';
}
