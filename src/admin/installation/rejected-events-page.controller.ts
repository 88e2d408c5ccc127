import { Controller, Get, Param, Post, Query, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { validate as isUuid } from 'uuid';
import { RejectedEvents } from '../../events/rejected-events';
import { JobatoError } from '../../http/problem-catalogue';
import { setRetryAfter } from '../../http/retry-after';
import { RunRepository } from '../../runs/run.repository';
import { noticeOf, statusOf, type Notice } from '../page/notice';
import { textOrNull } from '../page/form-answers';
import { PageFrames } from '../page/page-frame';
import { SeeOther, View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';
import { sizeText } from '../../config/size-text';
import { numberText } from '../words/number-text';
import { timeText } from '../words/time-text';

const PATH = '/events/rejected';
/** Each event may be 1 MB, so a page shows only a few. */
const ROWS = 20;
/** The message on the list after a decision. */
const DONE: Record<string, string> = {
  redelivered: 'Event redelivered. If the server rejects it again, it returns to this list.',
  discarded: 'Event discarded.',
};

/** Events that could not be applied. An operator redelivers or discards each of them. */
@ApiExcludeController()
@Controller('events/rejected')
@UseInterceptors(ViewInterceptor)
export class RejectedEventsPageController {
  constructor(
    private readonly rejected: RejectedEvents,
    private readonly runs: RunRepository,
    private readonly frames: PageFrames,
  ) {}

  @Get()
  async page(@Query('cursor') cursor: unknown, @Query('done') done: unknown): Promise<View> {
    return this.list(textOrNull(cursor), { done: DONE[textOrNull(done) ?? ''] ?? null });
  }

  /** A refused decision is rendered at this address; a reload leads back to the list. */
  @Get([':id/redeliver', ':id/discard'])
  backToList(): SeeOther {
    return new SeeOther(PATH);
  }

  @Post(':id/redeliver')
  async redeliver(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View | SeeOther> {
    return this.decide(() => this.rejected.redeliver(numberOf(id)), 'redelivered', response);
  }

  @Post(':id/discard')
  async discard(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<View | SeeOther> {
    return this.decide(() => this.rejected.discard(numberOf(id)), 'discarded', response);
  }

  private async decide(
    action: () => Promise<void>,
    done: string,
    response: Response,
  ): Promise<View | SeeOther> {
    try {
      await action();
      return new SeeOther(`${PATH}?done=${done}`);
    } catch (error) {
      if (!(error instanceof JobatoError)) throw error;
      setRetryAfter(response, error);
      return this.list(null, { notice: noticeOf(error), status: statusOf(error) });
    }
  }

  private async list(
    cursor: string | null,
    { notice = null, done = null, status }: { notice?: Notice | null; done?: string | null; status?: number },
  ): Promise<View> {
    const before = cursor !== null && /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
    const [{ items, nextCursor }, { events: count, dropped }, frame] = await Promise.all([
      this.rejected.list(ROWS, before),
      this.rejected.totals(),
      this.frames.frame('Rejected events', PATH),
    ]);
    // Many events are rejected because their run does not exist, so only existing runs become links.
    const runIds = [...new Set(items.map(({ fields }) => fields.runId).filter((id) => isUuid(id)))];
    const runs = await Promise.all(runIds.map((runId) => this.runs.find(runId!)));
    const known = new Set(runs.map((run) => run?.runId));
    const model = {
      frame,
      notice,
      done,
      count: numberText(count),
      isOne: count === 1,
      dropped: dropped === 0 ? null : numberText(dropped),
      isOlder: before !== undefined,
      newestHref: PATH,
      events: items.map(({ id, reason, rejectedAt, fields, receivedBytes }) => ({
        id,
        reason,
        cutFrom: receivedBytes === null ? null : sizeText(receivedBytes),
        rejectedAt: timeText(rejectedAt),
        type: fields.eventType ?? 'unknown type',
        runHref: known.has(fields.runId) ? `/runs/${fields.runId}` : null,
        fields: Object.entries(fields).map(([name, value]) => ({ name, value: shortened(value) })),
      })),
      olderHref: nextCursor === null ? null : `${PATH}?cursor=${nextCursor}`,
    };
    return new View('rejected-events/page', model, status === undefined ? {} : { status });
  }
}

/** Shortens a value; the API returns all of it. */
function shortened(value: string): string {
  return value.length <= 4000 ? value : `${value.slice(0, 4000)} … (${value.length} characters)`;
}

function numberOf(id: string): number {
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new JobatoError('REJECTED_EVENT_NOT_FOUND', `Rejected event "${id.slice(0, 100)}" does not exist.`);
}
