import type { Delivery } from './delivery';
import { messageOf } from './message';

/** The parts of a mail. Header values have no line breaks. */
export interface Mail {
  subject: string;
  messageId: string;
  /** The same for all mails about a project, so that mail programs show them as one thread. */
  references: string | null;
  text: string;
  html: string;
}

const MAX_SUBJECT = 200;

/** @param from the sender, from whose domain the ids of mails are */
export function mailOf(
  delivery: Pick<Delivery, 'id' | 'kind' | 'projectId' | 'runId' | 'facts' | 'errorLines'>,
  publicUrl: string | null,
  from: string,
): Mail {
  const { headline, error, facts, lines, url } = messageOf(delivery, publicUrl);
  const domain = /@([^@>]+)>?$/.exec(from)?.[1] ?? 'jobato.invalid';
  const factLines = facts.map(({ label, value }) => `${label}: ${value}`);
  const parts = [
    headline,
    ...(error === null ? [] : [error]),
    ...(lines.length === 0 ? [] : [lines.map((line) => `  ${line}`).join('\n')]),
    factLines.join('\n'),
    ...(url === null ? [] : [url]),
  ];
  const html = [
    `<p><strong>${escaped(headline)}</strong></p>`,
    ...(error === null ? [] : [`<p>${escaped(error)}</p>`]),
    ...(lines.length === 0 ? [] : [`<pre>${escaped(lines.join('\n'))}</pre>`]),
    `<p>${factLines.map(escaped).join('<br>')}</p>`,
    ...(url === null ? [] : [`<p><a href="${escaped(url)}">${escaped(url)}</a></p>`]),
  ];
  return {
    subject: oneLine(headline),
    messageId: `<${delivery.id}@${domain}>`,
    references: delivery.projectId === null ? null : `<project.${delivery.projectId}@${domain}>`,
    text: `${parts.join('\n\n')}\n`,
    html: `<!doctype html><html><body>${html.join('\n')}</body></html>`,
  };
}

function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length <= MAX_SUBJECT ? line : `${line.slice(0, MAX_SUBJECT)}…`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
