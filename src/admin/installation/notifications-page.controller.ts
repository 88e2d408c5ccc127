import { Controller, Get, Inject, Param, Post, Query, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Channels } from '../../channels/channels';
import type { Config } from '../../config/config';
import { CONFIG } from '../../config/config.module';
import { JobatoError } from '../../http/problem-catalogue';
import { setRetryAfter } from '../../http/retry-after';
import { answerText } from '../../notifications/answer-text';
import { Notifications } from '../../notifications/notifications.service';
import { textOrNull } from '../page/form-answers';
import { type LivePage, LivePages } from '../page/live-pages';
import { type Notice, noticeOf, statusOf } from '../page/notice';
import { type PartView, SeeOther, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { channelRow, deliveryRow } from './notifications-page';

const PAGE: LivePage = { title: 'Notifications', path: '/notifications', view: 'notifications' };
const ROWS = 50;
const DONE: Record<string, string> = {
  delivered: 'Test notification delivered.',
  resent: 'The notification is being sent.',
};

/** The channels of notifications with their state, and the deliveries. */
@ApiExcludeController()
@Controller('notifications')
@UseInterceptors(ViewInterceptor)
export class NotificationsPageController {
  constructor(
    private readonly notifications: Notifications,
    private readonly channels: Channels,
    private readonly pages: LivePages,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  async page(@Query('cursor') cursor: unknown, @Query('done') done: unknown): Promise<View> {
    return this.pages.whole(PAGE, {
      ...(await this.model(textOrNull(cursor))),
      done: DONE[textOrNull(done) ?? ''] ?? null,
    });
  }

  @Get('state')
  async state(): Promise<PartView> {
    return this.pages.part(PAGE, await this.model(null));
  }

  /** A refused action is rendered at this address; a reload leads back to the page. */
  @Get([':id/resend', 'channels/:id/test'])
  backToPage(): SeeOther {
    return new SeeOther(PAGE.path);
  }

  @Post(':id/resend')
  async resend(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View | SeeOther> {
    return this.act(response, async () => {
      await this.notifications.resend(id);
      return null;
    });
  }

  @Post('channels/:id/test')
  async test(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View | SeeOther> {
    return this.act(response, async () => {
      const { state, answer } = await this.notifications.test(id);
      if (state === 'delivered') return `${PAGE.path}?done=delivered`;
      throw new JobatoError('CHANNEL_NOT_READY', answer === null ? 'No answer.' : `${answerText(answer)}.`);
    });
  }

  /** @param action returns where to go; null for the page with its default message */
  private async act(response: Response, action: () => Promise<string | null>): Promise<View | SeeOther> {
    try {
      return new SeeOther((await action()) ?? `${PAGE.path}?done=resent`);
    } catch (error) {
      if (!(error instanceof JobatoError)) throw error;
      setRetryAfter(response, error);
      const notice: Notice = noticeOf(error);
      const view = await this.pages.whole(PAGE, { ...(await this.model(null)), notice });
      return new View(view.name, view.model, { status: statusOf(error) });
    }
  }

  private async model(cursor: string | null) {
    const before = cursor !== null && /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
    const [statuses, { items, nextCursor }] = await Promise.all([
      this.notifications.statuses(),
      this.notifications.list({}, ROWS, before),
    ]);
    const [problem = null] = this.channels.problems();
    return {
      problem,
      hasValidVersion: this.channels.hasBeenRead,
      hasNoLink: this.config.publicUrl === null && statuses.length > 0,
      channels: statuses.map(channelRow),
      deliveries: items.map((delivery) => deliveryRow(delivery, this.notifications.nextTryAt(delivery))),
      isOlder: before !== undefined,
      newestHref: PAGE.path,
      olderHref: nextCursor === null ? null : `${PAGE.path}?cursor=${nextCursor}`,
    };
  }
}
