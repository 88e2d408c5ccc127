import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RedisServer } from '../support/redis';
import { EVENTS } from './installation';

export interface Said {
  eventId: string;
  eventType: string;
  eventVersion: string;
  occurredAt: string;
  runId: string;
  payload: string;
}

export function said(eventType: string, runId: string, payload: object): Said {
  return {
    eventId: randomUUID(),
    eventType,
    eventVersion: '1',
    occurredAt: new Date().toISOString(),
    runId,
    payload: JSON.stringify(payload),
  };
}

/** Adds events to the stream. Sends the same event again if the reply is lost. */
export class Sender {
  private readonly client: Redis;

  constructor(redis: RedisServer) {
    this.client = redis.client({ maxRetriesPerRequest: 0, commandTimeout: 2000, enableOfflineQueue: false });
  }

  /** @returns whether Redis confirmed the event */
  async sendOnce(event: Partial<Said>): Promise<boolean> {
    try {
      await this.client.xadd(EVENTS, '*', ...Object.entries(event).flat());
      return true;
    } catch {
      return false;
    }
  }

  async send(event: Said, until: AbortSignal): Promise<void> {
    while (!until.aborted && !(await this.sendOnce(event))) await delay(300);
  }
}
