import type { ChannelFlaw } from '../channels/channel-target';

/** What a try to deliver led to. Contains no URL and no secret. `answer-text.ts` has the sentences. */
export type Answer =
  | ChannelFlaw
  /** `text` is the beginning of the body, cleaned; null if it was empty. `retryAfterSeconds` is what the receiver asked for. */
  | { code: 'http'; status: number; text: string | null; retryAfterSeconds?: number }
  /** `refused` counts the recipients that the mail server did not accept. */
  | { code: 'mail-accepted'; text: string | null; refused: number }
  /** `status` is the reply code of SMTP; null if the error came before one. */
  | { code: 'mail-refused'; status: number | null; text: string | null }
  | { code: 'private-address'; address: string }
  | { code: 'timeout'; phase: 'connect' | 'answer' }
  /** `reason` is a code of Node such as ECONNREFUSED. */
  | { code: 'name-unknown' | 'no-connection' | 'certificate' | 'broken-answer'; reason: string }
  | { code: 'channel-removed' }
  /** The announced condition ended during a try, which has no result. */
  | { code: 'condition-over' }
  /** Too many deliveries were waiting for the channel. */
  | { code: 'crowded-out' }
  /** It was pending in a backup, so the original server may have sent it. */
  | { code: 'restored' };

type AnswerCode = Answer['code'];

export function isDelivered(answer: Answer): boolean {
  if (answer.code === 'mail-accepted') return true;
  return answer.code === 'http' && answer.status >= 200 && answer.status < 300;
}

const NOTHING_SENT: ReadonlySet<AnswerCode> = new Set([
  'not-set',
  'unreadable',
  'invalid-url',
  'invalid-secret',
  'private-address',
  'name-unknown',
  'channel-removed',
]);

/** Whether the receiver certainly got nothing. After a timeout, for example, it may have got the message. */
export function hasNotArrived({ code }: Answer): boolean {
  return NOTHING_SENT.has(code);
}
