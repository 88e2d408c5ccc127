// A worker that keeps the contract except for one fault, named by FAULT, which the contract test must detect.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

const { REDIS_URL, PROJECT_ID, RUN_EVENTS_STREAM: STREAM, FAULT } = process.env;
const redis = new Redis(REDIS_URL);
const reader = redis.duplicate(); // a blocking read blocks all other commands on its connection
const known = new Set();
let last = '$';

async function send(eventType, runId, payload, more = {}) {
  const event = {
    eventId: randomUUID(),
    eventType,
    eventVersion: '1',
    occurredAt: new Date().toISOString(),
    runId,
  };
  const fields = { ...event, payload: JSON.stringify(payload), ...more };
  await redis.xadd(STREAM, '*', ...Object.entries(fields).flat());
}

const stopAsked = new Map();
async function take(event) {
  if (event.eventVersion !== '1') {
    if (FAULT === 'dies-of-version-2' && event.eventVersion === '2')
      throw new Error(`what is version ${event.eventVersion}?`);
    return;
  }
  let payload;
  try {
    payload = JSON.parse(event.payload);
    if (event.eventType === 'run.cancel.requested') return void stopAsked.get(event.runId)?.();
    if (event.eventType !== 'run.requested' || payload.attempt === undefined) return;
  } catch (error) {
    if (FAULT === 'dies-of-malformed') throw error;
    return;
  }
  const { projectId, attempt } = payload;
  if (projectId !== PROJECT_ID && FAULT !== 'takes-every-project') return;
  const key = `${event.runId} ${attempt}`;
  if (known.has(key) && FAULT !== 'does-it-twice') return;
  known.add(key);
  void carryOut(event.runId, FAULT === 'says-attempt-1' ? 1 : attempt);
}

async function carryOut(runId, attempt) {
  const stopped = new Promise((resolve) =>
    stopAsked.set(runId, () => FAULT !== 'never-stops' && resolve('stopped')),
  );
  await send('run.started', runId, {
    workerId: 'bad',
    attempt,
    leaseSeconds: FAULT === 'breaks-its-lease' ? 0.05 : 30,
  });
  const worked = new Promise((resolve) => setTimeout(resolve, FAULT === 'never-stops' ? 1500 : 150));
  if ((await Promise.race([worked, stopped])) === 'stopped') return send('run.cancelled', runId, { attempt });
  const local = new Date(Date.now() + 2 * 3600_000).toISOString().slice(0, -1);
  if (FAULT === 'sends-rubbish') await send('run.progress', runId, { attempt, current: 'half' });
  await send('run.completed', runId, { attempt }, FAULT === 'says-local-time' ? { occurredAt: local } : {});
}

for (;;) {
  const answer = await reader.xread('BLOCK', 0, 'STREAMS', STREAM, last);
  for (const [id, fields] of answer[0][1]) {
    last = id;
    await take(Object.fromEntries(fields.flatMap((name, at) => (at % 2 ? [] : [[name, fields[at + 1]]]))));
  }
}
