import { answerText } from '../../notifications/answer-text';
import type { Delivery, DeliveryState } from '../../notifications/delivery';
import { messageOf } from '../../notifications/message';
import type { ChannelStatus } from '../../notifications/notifications.service';
import { numberText } from '../words/number-text';
import { type TimeText, timeText, timeTextOrNull } from '../words/time-text';
import { ticking } from '../words/ticking';

export interface ChannelRow {
  id: string;
  type: string;
  testAction: string;
  tone: 'completed' | 'failed' | 'waiting';
  mark: string;
  state: string;
  /** What is wrong; null if the channel works. */
  problem: string | null;
  deliveredAt: TimeText | null;
  lastAnswer: string | null;
  pending: string | null;
  nextTryAt: TimeText | null;
}

export interface DeliveryRow {
  id: string;
  text: string;
  href: string | null;
  channel: string;
  tone: 'completed' | 'failed' | 'waiting';
  mark: string;
  state: string;
  attempts: string;
  createdAt: TimeText;
  nextTryAt: TimeText | null;
  answer: string | null;
  resendAction: string;
  resendLabel: string;
}

const STATES: Record<DeliveryState, Pick<DeliveryRow, 'tone' | 'mark' | 'state'>> = {
  delivered: { tone: 'completed', mark: '✓', state: 'Delivered' },
  pending: { tone: 'waiting', mark: '…', state: 'Pending' },
  failed: { tone: 'failed', mark: '!', state: 'Failed' },
};

export function channelRow(status: ChannelStatus): ChannelRow {
  const { channel, flaw, isFailing, lastAnswer, triedAt, deliveredAt, pending, nextTryAt } = status;
  return {
    id: channel.id,
    type: channel.type,
    testAction: `/notifications/channels/${channel.id}/test`,
    ...(isFailing
      ? { tone: 'failed', mark: '!', state: flaw === null ? 'Failing' : 'Not ready' }
      : deliveredAt === null
        ? { tone: 'waiting', mark: '○', state: triedAt === null ? 'Not used yet' : 'Last try failed' }
        : { tone: 'completed', mark: '✓', state: 'Working' }),
    problem: flaw && answerText(flaw),
    deliveredAt: timeTextOrNull(deliveredAt),
    lastAnswer: lastAnswer && answerText(lastAnswer),
    pending: pending === 0 ? null : numberText(pending),
    nextTryAt: nextTry(nextTryAt),
  };
}

export function deliveryRow(delivery: Delivery, nextTryAt: string | null): DeliveryRow {
  const { id, channelId, runId, projectId, state, attempts, createdAt, answer } = delivery;
  const ofProject = projectId === null ? null : `/projects/${projectId}`;
  return {
    id,
    text: messageOf(delivery, null).headline,
    href: runId === null ? ofProject : `/runs/${runId}`,
    channel: channelId,
    ...STATES[state],
    attempts: attempts === 1 ? '1 try' : `${numberText(attempts)} tries`,
    createdAt: timeText(createdAt),
    nextTryAt: nextTry(nextTryAt),
    answer: answer && answerText(answer),
    resendAction: `/notifications/${id}/resend`,
    resendLabel: state === 'pending' ? 'Send now' : 'Resend',
  };
}

/** Ticking, because it is computed from a clock that drifts by milliseconds from one request to the next. */
function nextTry(nextTryAt: string | null): TimeText | null {
  return nextTryAt === null ? null : ticking(timeText(nextTryAt), { minute: nextTryAt.slice(0, 16) });
}
