import type { Delivery } from './delivery';
import { jsonBody } from './json-body';
import { type Message, messageOf } from './message';

const COLORS: Record<Message['tone'], string> = { bad: '#b3261e', good: '#2e6b4f', neutral: '#6b6b6b' };
/** Discord accepts up to 2000 characters in a text, Slack more. */
const MAX_TEXT = 1500;
const ZERO_WIDTH_SPACE = '\u200b';

/**
 * Returns the body for an incoming webhook. It has `text` and one attachment, which Slack, Mattermost and Discord (with
 * /slack) all accept. Blocks are for Slack only.
 */
export function slackBody(
  delivery: Pick<Delivery, 'kind' | 'projectId' | 'runId' | 'facts' | 'errorLines'>,
  publicUrl: string | null,
): string {
  const { headline, tone, error, facts, lines, url } = messageOf(delivery, publicUrl);
  const text = url === null ? plain(headline) : `<${url}|${plain(headline).replaceAll('|', '¦')}>`;
  const parts = [
    ...(error === null ? [] : [plain(shortened(error))]),
    ...(lines.length === 0 ? [] : [`\`\`\`\n${plain(shortened(lines.join('\n'), true))}\n\`\`\``]),
    plain(facts.map(({ label, value }) => `${label}: ${value}`).join(' · ')),
  ];
  return jsonBody({
    text,
    attachments: [
      { color: COLORS[tone], fallback: plain(headline), text: parts.join('\n'), mrkdwn_in: ['text'] },
    ],
  });
}

/** Escapes what Slack reads as markup. A mention such as @channel in a log line must alert no reader. */
function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', `@${ZERO_WIDTH_SPACE}`)
    .replaceAll('```', `\`${ZERO_WIDTH_SPACE}\`${ZERO_WIDTH_SPACE}\``);
}

/** @param fromEnd keeps the end, which in a log is the most useful part */
function shortened(text: string, fromEnd = false): string {
  if (text.length <= MAX_TEXT) return text;
  return fromEnd ? `…${text.slice(-MAX_TEXT)}` : `${text.slice(0, MAX_TEXT)}…`;
}
