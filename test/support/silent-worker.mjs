// An external worker that never claims a run and never reports its start. It reads the stream and prints the
// events. A line on standard input makes it report the end of the run.
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

const { REDIS_URL, RUN_EVENTS_STREAM: STREAM } = process.env;
const redis = new Redis(REDIS_URL);
const reader = redis.duplicate(); // a blocking read blocks all other commands on its connection
let runId = null;
let last = '0';

createInterface({ input: process.stdin }).on('line', async () => {
  await redis.xadd(
    STREAM,
    '*',
    ...['eventId', randomUUID(), 'eventType', 'run.completed', 'eventVersion', '1'],
    ...['occurredAt', new Date().toISOString(), 'runId', runId, 'payload', '{"persistedResults":3}'],
  );
});
for (;;) {
  const answer = await reader.xread('BLOCK', 0, 'STREAMS', STREAM, last);
  for (const [id, fields] of answer[0][1]) {
    last = id;
    const event = Object.fromEntries(fields.flatMap((name, at) => (at % 2 ? [] : [[name, fields[at + 1]]])));
    if (event.eventType === 'run.requested') runId = event.runId;
    console.log(`${event.eventType} ${event.runId}`);
  }
}
