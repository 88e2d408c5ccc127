// Adds jobs and detects their completion through BullMQ's own queue events.
import { Queue, QueueEvents } from 'bullmq';
import { serve } from '../helper-process.mjs';
import { inFlight } from '../in-flight.mjs';

let queue;
const waiting = new Map();
/** The completion event may arrive before the reply with the job id. */
const early = new Set();

serve({
  async open({ connection, name }) {
    queue = new Queue(name, { connection });
    const events = new QueueEvents(name, { connection });
    events.on('completed', ({ jobId }) => {
      const done = waiting.get(jobId);
      if (done) done();
      else early.add(jobId);
      waiting.delete(jobId);
    });
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  },
  async lives({ count, places }) {
    const { ms, latencies } = await inFlight(count, places, async (index) => {
      const { id } = await queue.add('no-op', { projectId: `outside-${index}` });
      if (!early.delete(id)) await new Promise((done) => waiting.set(id, done));
    });
    return { ms, latencies };
  },
});
