import type { Answer } from './answer';

/** Returns one sentence without a full stop: what happened, and what to do where something can be done. */
export function answerText(answer: Answer): string {
  switch (answer.code) {
    case 'http':
      return httpText(answer);
    case 'mail-accepted': {
      const refused = answer.refused === 0 ? '' : `, ${answer.refused} of the recipients refused`;
      return `Accepted by the mail server${refused}`;
    }
    case 'mail-refused': {
      const status = answer.status === null ? '' : ` with ${answer.status}`;
      return `Refused by the mail server${status}${quoted(answer.text)}`;
    }
    case 'private-address':
      return (
        `The URL leads to ${answer.address}, which is not a public address. ` +
        'To allow it, set "allowPrivate: true" for the channel'
      );
    case 'timeout':
      return answer.phase === 'connect' ? 'No connection in time' : 'No answer in time';
    case 'name-unknown':
      return `The host name cannot be resolved (${answer.reason})`;
    case 'no-connection':
      return `Connection failed (${answer.reason})`;
    case 'certificate':
      return `The TLS connection failed (${answer.reason})`;
    case 'broken-answer':
      return `The answer is not valid HTTP (${answer.reason})`;
    case 'not-set':
      return `${answer.variable} is not set in the environment of the server`;
    case 'unreadable':
      return answer.text.replace(/\.$/, '');
    case 'invalid-url':
      return `${answer.variable} is not an http or https URL`;
    case 'invalid-secret':
      return (
        `${answer.variable} is not a secret of Standard Webhooks. ` +
        'Create one with: echo "whsec_$(openssl rand -base64 32)"'
      );
    case 'channel-removed':
      return 'The channel is no longer in notifications.yaml';
    case 'condition-over':
      return 'Not tried again, because the condition is over';
    case 'crowded-out':
      return 'Given up, because more than 1,000 newer notifications were waiting for the channel';
    case 'restored':
      return 'Not sent after the restore of a backup, because the original server may have sent it';
  }
}

function httpText({ status, text }: Extract<Answer, { code: 'http' }>): string {
  if (status >= 300 && status < 400) {
    return `HTTP ${status}: a redirect, which Jobato does not follow. Set the final URL`;
  }
  return `HTTP ${status}${quoted(text)}`;
}

function quoted(text: string | null): string {
  return text === null ? '' : `: "${text}"`;
}
