import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { CHANNEL_TYPES, type ChannelType } from '../channels/notifications-file';
import { EventsQuery } from '../runs/runs.dto';
import { LASTING_CONDITIONS, NOTIFY_CONDITIONS } from '../projects/notify-rules';
import type { Answer } from './answer';
import { answerText } from './answer-text';
import { type Delivery, DELIVERY_STATES, type DeliveryKind, type DeliveryState } from './delivery';
import { messageOf } from './message';
import type { ChannelStatus } from './notifications.service';

const KINDS = [...NOTIFY_CONDITIONS, ...LASTING_CONDITIONS.map((kind) => `${kind}-cleared`), 'test'];

export class NotificationsQuery extends EventsQuery {
  @ApiPropertyOptional({ maxLength: 50 })
  @IsOptional()
  @IsString()
  @MaxLength(50)
  channel?: string;

  @ApiPropertyOptional({ enum: DELIVERY_STATES, enumName: 'NotificationState' })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  state?: DeliveryState;

  @ApiPropertyOptional({ maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  projectId?: string;

  @ApiPropertyOptional({ maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  runId?: string;
}

export class AnswerView {
  @ApiProperty({
    example: 'http',
    description: '`http` and `mail-accepted` for an answer, else why there was none, such as `timeout`',
  })
  code!: string;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'HTTP status, or the reply code of the mail server',
  })
  status!: number | null;
  @ApiProperty({ description: 'What happened, and what to do' }) text!: string;
}

export class NotificationView {
  @ApiProperty({ description: 'The same for each try: webhook-id, and the part of Message-ID before the @' })
  id!: string;
  @ApiProperty() channel!: string;
  @ApiProperty({ enum: KINDS, enumName: 'NotificationKind' }) kind!: DeliveryKind;
  @ApiProperty({ description: 'The notification in one line' }) text!: string;
  @ApiProperty({ type: String, nullable: true }) projectId!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) runId!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Number of the run' }) number!: number | null;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
  @ApiProperty({ enum: DELIVERY_STATES, enumName: 'NotificationState' }) state!: DeliveryState;
  @ApiProperty({ type: 'integer' }) attempts!: number;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Null unless the state is pending',
  })
  nextTryAt!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) lastTryAt!: string | null;
  @ApiProperty({ type: AnswerView, nullable: true }) lastAnswer!: AnswerView | null;
}

export class NotificationPageView {
  @ApiProperty({ type: [NotificationView] }) items!: NotificationView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

export class ChannelView {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: CHANNEL_TYPES, enumName: 'ChannelType' }) type!: ChannelType;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What is missing or wrong in the environment of the server',
  })
  problem!: string | null;
  @ApiProperty({ description: 'Whether it has a problem, or its last two tries failed' }) failing!: boolean;
  @ApiProperty({ type: 'integer', description: 'Number of notifications that wait for it' }) pending!: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) nextTryAt!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) lastTryAt!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) lastDeliveryAt!: string | null;
  @ApiProperty({ type: AnswerView, nullable: true }) lastAnswer!: AnswerView | null;
}

export class ChannelListView {
  @ApiProperty({ type: [ChannelView] }) items!: ChannelView[];
}

export function toAnswerView(answer: Answer | null): AnswerView | null {
  if (answer === null) return null;
  const status = 'status' in answer ? answer.status : null;
  return { code: answer.code, status, text: answerText(answer) };
}

export function toNotificationView(delivery: Delivery, nextTryAt: string | null): NotificationView {
  const { id, channelId, kind, projectId, runId, facts, createdAt, state, attempts, triedAt, answer } =
    delivery;
  return {
    id,
    channel: channelId,
    kind,
    text: messageOf(delivery, null).headline,
    projectId,
    runId,
    number: facts.run?.number ?? null,
    createdAt,
    state,
    attempts,
    nextTryAt,
    lastTryAt: triedAt,
    lastAnswer: toAnswerView(answer),
  };
}

export function toChannelView(status: ChannelStatus): ChannelView {
  const { channel, flaw, isFailing, pending, nextTryAt, triedAt, deliveredAt, lastAnswer } = status;
  return {
    id: channel.id,
    type: channel.type,
    problem: flaw && answerText(flaw),
    failing: isFailing,
    pending,
    nextTryAt,
    lastTryAt: triedAt,
    lastDeliveryAt: deliveredAt,
    lastAnswer: toAnswerView(lastAnswer),
  };
}
