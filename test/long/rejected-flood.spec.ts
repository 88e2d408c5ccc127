import { randomUUID } from 'node:crypto';
import { RejectedEvents } from '../../src/events/rejected-events';
import { RunningApp } from '../support/jobato';
import { anEvent, externalProject, HttpWorker, KEY } from '../support/worker-api';

const MIB = 1024 * 1024;

it('rejected events are bounded, the oldest are dropped, and drops are counted', async () => {
  const jobato = await RunningApp.start(
    { ext: externalProject('ext') },
    { JOBATO_API_KEY: KEY, WORKER: 'off' },
  );
  const worker = new HttpWorker(jobato);
  try {
    const rejected = jobato.app.get(RejectedEvents, { strict: false });
    const before = await rejected.totals();
    const large = Array.from({ length: 8 }, () => 'x'.repeat(MIB));
    for (let call = 0; call < 10; call++) {
      const events = large.map((more) =>
        anEvent(randomUUID(), 'run.progress', { more: more.slice(0, MIB - 30) }),
      );
      await worker.post('events', events);
    }
    const totals = await rejected.totals();
    expect(totals.bytes).toBeLessThanOrEqual(64 * MIB);
    expect(totals.events + totals.dropped).toBe(before.events + before.dropped + 80);
    expect(totals.dropped).toBeGreaterThan(10);

    const answer = await jobato.fetch('/api/events/rejected?limit=200');
    const body = await answer.text();
    expect(body.length).toBeLessThan(10 * MIB);
    expect(JSON.parse(body)).toMatchObject({
      total: totals.events,
      dropped: totals.dropped,
      nextCursor: expect.any(String),
    });
    const page = await (await jobato.fetch('/events/rejected')).text();
    expect(page).toContain('older events were dropped');
    expect(page.length).toBeLessThan(MIB);
    const metrics = await (await jobato.fetch('/api/metrics')).text();
    expect(metrics).toContain(`jobato_events_rejected_dropped ${totals.dropped}`);
  } finally {
    await jobato.stop();
  }
});
