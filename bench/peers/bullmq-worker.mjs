// A worker without any work, with a concurrency of 50.
import { Worker } from 'bullmq';
import { serve } from '../helper-process.mjs';

serve({
  async start({ connection, name }) {
    const worker = new Worker(name, async () => ({ newJobsCount: 0 }), { connection, concurrency: 50 });
    worker.on('error', (error) => process.stderr.write(`BullMQ's worker: ${error.stack}\n`));
    await worker.waitUntilReady();
  },
});
