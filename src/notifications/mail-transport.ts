import { createTransport } from 'nodemailer';
import type { Answer } from './answer';
import { answerExcerpt, hiddenPartsOf } from './answer-excerpt';
import type { Mail } from './mail-message';

const CONNECT_MS = 10_000;
/** Between two replies of the server. */
const REPLY_MS = 15_000;

/**
 * Sends a mail on a connection of its own. The address of the mail server is not checked, because only the operator
 * sets it. Never rejects.
 */
export async function sendByMail(
  { smtpUrl, from, to }: { smtpUrl: string; from: string; to: readonly string[] },
  { subject, messageId, references, text, html }: Mail,
): Promise<Answer> {
  const hidden = [smtpUrl, ...hiddenPartsOf(new URL(smtpUrl))];
  const excerpt = (reply: string | undefined) => answerExcerpt(Buffer.from(reply ?? ''), hidden);
  try {
    const transport = createTransport({
      url: smtpUrl,
      connectionTimeout: CONNECT_MS,
      greetingTimeout: REPLY_MS,
      socketTimeout: REPLY_MS,
      dnsTimeout: CONNECT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const { rejected, response } = await transport.sendMail({
      from,
      to: [...to],
      subject,
      messageId,
      ...(references !== null && { references, inReplyTo: references }),
      text,
      html,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return { code: 'mail-accepted', text: excerpt(response), refused: rejected.length };
  } catch (error) {
    const { code = '', responseCode, response } = error as MailError;
    if (responseCode !== undefined)
      return { code: 'mail-refused', status: responseCode, text: excerpt(response) };
    if (code === 'ETIMEDOUT') return { code: 'timeout', phase: 'answer' };
    if (code === 'EDNS') return { code: 'name-unknown', reason: code };
    if (code === 'ETLS') return { code: 'certificate', reason: code };
    return { code: 'no-connection', reason: code === '' ? 'unknown' : code };
  }
}

/** The members of errors of nodemailer. */
interface MailError {
  code?: string;
  responseCode?: number;
  response?: string;
}
