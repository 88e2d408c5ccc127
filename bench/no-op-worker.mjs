// A typical external worker without any work: reads requests from the stream in its group and reports each as
// completed. It reads, reports and acknowledges in batches, on a second connection next to the blocking one.
import { randomUUID } from 'node:crypto';
import Redis from 'ioredis';
import { asObject, STREAM, WORKER_GROUP } from './api-group.mjs';
import { serve } from './helper-process.mjs';

serve({
  async start({ url }) {
    const reader = new Redis(url, { maxRetriesPerRequest: null });
    const writer = new Redis(url);
    await writer.xgroup('CREATE', STREAM, WORKER_GROUP, '0', 'MKSTREAM').catch((error) => {
      if (!String(error).includes('BUSYGROUP')) throw error;
    });
    void work(reader, writer).catch((error) => {
      process.stderr.write(`The no-op worker: ${error.stack}\n`);
      process.exit(1);
    });
  },
});

async function work(reader, writer) {
  for (;;) {
    const read = await reader.xreadgroup(
      ...['GROUP', WORKER_GROUP, 'no-op'],
      ...['COUNT', 500, 'BLOCK', 5000, 'STREAMS', STREAM, '>'],
    );
    if (read === null) continue;
    const [[, entries]] = read;
    const answers = writer.pipeline();
    for (const [, fields] of entries) {
      const { eventType, runId, payload } = asObject(fields);
      if (eventType === 'run.requested') answers.xadd(STREAM, '*', ...completed(runId, JSON.parse(payload)));
    }
    answers.xack(STREAM, WORKER_GROUP, ...entries.map(([id]) => id));
    for (const [error] of await answers.exec()) if (error) throw error;
  }
}

function completed(runId, { attempt }) {
  return [
    ...['eventId', randomUUID(), 'eventType', 'run.completed', 'eventVersion', '1'],
    ...['occurredAt', new Date().toISOString(), 'runId', runId],
    ...['payload', JSON.stringify({ attempt, newJobsCount: 0 })],
  ];
}
