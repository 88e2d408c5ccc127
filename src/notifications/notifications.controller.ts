import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../http/problem-responses';
import type { Delivery } from './delivery';
import {
  ChannelListView,
  NotificationPageView,
  NotificationsQuery,
  NotificationView,
  toChannelView,
  toNotificationView,
} from './notifications.dto';
import { Notifications } from './notifications.service';

@ApiTags('notifications')
@Controller('api/notifications')
export class NotificationsController {
  constructor(private readonly notifications: Notifications) {}

  @Get()
  @ApiOperation({
    operationId: 'listNotifications',
    summary: 'List notifications, newest first',
    description: 'Ended ones are kept for 30 days, at most 10,000, and are deleted with their runs.',
  })
  @ApiResponse({ status: 200, type: NotificationPageView })
  async list(@Query() query: NotificationsQuery): Promise<NotificationPageView> {
    const { channel: channelId, state, projectId, runId, limit, cursor } = query;
    const before = cursor === undefined ? undefined : Number(cursor);
    const filter = { channelId, state, projectId, runId: runId?.toLowerCase() };
    const { items, nextCursor } = await this.notifications.list(filter, limit, before);
    return { items: items.map((delivery) => this.view(delivery)), nextCursor };
  }

  @Get('channels')
  @ApiOperation({
    operationId: 'listNotificationChannels',
    summary: 'List the channels of notifications.yaml with their state, without URLs and secrets',
  })
  @ApiResponse({ status: 200, type: ChannelListView })
  async channels(): Promise<ChannelListView> {
    return { items: (await this.notifications.statuses()).map(toChannelView) };
  }

  @Post(':id/resend')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'resendNotification',
    summary: 'Send a notification again, with the same id and content',
  })
  @ApiResponse({ status: 202, type: NotificationView })
  @ApiProblems('NOTIFICATION_NOT_FOUND', 'CHANNEL_NOT_READY')
  async resend(@Param('id') id: string): Promise<NotificationView> {
    return this.view(await this.notifications.resend(id));
  }

  @Post('channels/:id/test')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'testNotificationChannel',
    summary: 'Send a test notification now, and return its result',
    description: 'The state is delivered or failed. A failed test is not repeated.',
  })
  @ApiResponse({ status: 200, type: NotificationView })
  @ApiProblems('CHANNEL_NOT_FOUND', 'CHANNEL_NOT_READY')
  async test(@Param('id') id: string): Promise<NotificationView> {
    return this.view(await this.notifications.test(id));
  }

  private view(delivery: Delivery): NotificationView {
    return toNotificationView(delivery, this.notifications.nextTryAt(delivery));
  }
}
