// Sends progress events of workers as fast as the stream accepts them.
import { randomUUID } from 'node:crypto';
import Redis from 'ioredis';
import { allAcknowledged, STREAM } from './api-group.mjs';
import { serve } from './helper-process.mjs';
import { inFlight } from './in-flight.mjs';

const SENDERS = 20;
let redis;
let runIds;

serve({
  open(options) {
    ({ runIds } = options);
    redis = new Redis(options.url);
  },
  /** Sends each event with its own XADD; a sender waits for the reply before the next one. */
  async oneByOne({ count }) {
    const startedAt = performance.now();
    await inFlight(count, SENDERS, (index) => redis.xadd(STREAM, '*', ...progress(index, count)));
    const sentMs = performance.now() - startedAt;
    await allAcknowledged(redis);
    return { sentMs, ms: performance.now() - startedAt };
  },
  /** Sends `size` XADD commands per pipeline. */
  async byTheBatch({ count, size }) {
    const startedAt = performance.now();
    for (let first = 0; first < count; first += size) {
      const batch = redis.pipeline();
      for (let index = first; index < Math.min(first + size, count); index++)
        batch.xadd(STREAM, '*', ...progress(index, count));
      for (const [error] of await batch.exec()) if (error) throw error;
    }
    const sentMs = performance.now() - startedAt;
    await allAcknowledged(redis);
    return { sentMs, ms: performance.now() - startedAt };
  },
});

function progress(index, count) {
  return [
    ...['eventId', randomUUID(), 'eventType', 'run.progress', 'eventVersion', '1'],
    ...['occurredAt', new Date().toISOString(), 'runId', runIds[index % runIds.length]],
    ...[
      'payload',
      JSON.stringify({ attempt: 1, step: 'search', current: index, total: count, message: 'searching' }),
    ],
  ];
}
