#!/usr/bin/env node
// A robust worker: loses no request, runs none twice, reports progress, and stops on request. Run one process per
// GROUP.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const { REDIS_URL = 'redis://127.0.0.1:6379', PROJECT_ID = 'jobs', WORKER_ID = 'node-1' } = process.env;
const { RUN_EVENTS_STREAM: STREAM = 'ml:run-events', RUN_LOGS_STREAM: LOGS = 'ml:run-logs' } = process.env;
const { GROUP = `${PROJECT_ID}-node`, STEPS = '5', STEP_SECONDS = '1' } = process.env;
const reader = new Redis(REDIS_URL); // separate, because a blocking read blocks all other commands
// After a lost reply the outcome is unknown. By default ioredis would resend XADD or wait forever; this fails
// instead.
const careful = { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, commandTimeout: 10_000 };
const writer = new Redis(REDIS_URL, careful);
for (const redis of [reader, writer]) redis.on('error', () => {}); // the failing command reports the same error
const waiting = new Map(); // "run attempt" → the entry that requested it, until it is done
const stops = new Set();
let start = '0'; // '0' reads own unacknowledged requests, at start-up and after errors; then '>' reads new ones
const doneKey = (key) => `${GROUP}:done:${key}`;

async function send(eventType, runId, payload, stream = STREAM) {
  const event = {
    eventId: randomUUID(),
    eventType,
    eventVersion: '1',
    occurredAt: new Date().toISOString(),
    runId,
  };
  const fields = Object.entries({ ...event, payload: JSON.stringify(payload) }).flat();
  // The event may have arrived. With the same eventId it can be sent again.
  while (!(await writer.xadd(stream, '*', ...fields).catch(() => null))) await sleep(1000);
}

/** Reads the available entries. Returns 0 if there was nothing to read, or null if Redis could not be read. */
async function read(blockMs) {
  try {
    const block = blockMs ? ['BLOCK', blockMs] : [];
    const answer = await reader.xreadgroup(
      'GROUP',
      GROUP,
      WORKER_ID,
      'COUNT',
      100,
      ...block,
      'STREAMS',
      STREAM,
      start,
    );
    const entries = answer?.[0]?.[1] ?? [];
    for (const [id, fields] of entries)
      if (!(await isToDo(id, fields ?? []))) await writer.xack(STREAM, GROUP, id);
    const wasOld = start === '0';
    start = '>';
    return entries.length + (wasOld ? 1 : 0);
  } catch (error) {
    console.error(`Redis: ${error.message}; trying again`);
    await sleep(1000);
    await makeGroup();
    start = '0';
    return null;
  }
}

// From 0, so that earlier requests are not lost. Fails if the group exists or Redis is down.
const makeGroup = () => writer.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch(() => {});

/** Returns true for a request to run. It is acknowledged after the run, so that a restarted worker finds it again. */
async function isToDo(id, fields) {
  const event = Object.fromEntries(fields.flatMap((name, at) => (at % 2 ? [] : [[name, fields[at + 1]]])));
  const { eventType, eventVersion, runId } = event;
  const payload = parsed(event.payload);
  if (eventVersion === '1' && eventType === 'run.requested' && payload?.projectId === PROJECT_ID) {
    const key = `${runId} ${payload.attempt}`;
    if (!waiting.has(key) && !(await writer.exists(doneKey(key)))) waiting.set(key, id);
    return waiting.get(key) === id;
  }
  if (eventType === 'run.cancel.requested') stops.add(runId);
  if (!['run.completed', 'run.failed', 'run.cancelled'].includes(eventType)) return false;
  for (const key of waiting.keys()) {
    // The run has ended, in this worker or in another one.
    if (key === `${runId} ${payload?.attempt ?? key.split(' ')[1]}`) await forget(key);
  }
  return false;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not this worker's task: Jobato keeps invalid events in its list of rejected events
  }
}

async function forget(key) {
  const id = waiting.get(key);
  waiting.delete(key);
  if (id) await writer.xack(STREAM, GROUP, id);
}

async function carryOut(key) {
  const [runId, attempt] = [key.split(' ')[0], Number(key.split(' ')[1])];
  await send('run.started', runId, { workerId: WORKER_ID, attempt, leaseSeconds: 60 });
  for (let step = 1; step <= Number(STEPS); step++) {
    await sleep(Number(STEP_SECONDS) * 1000); // the work
    while (await read());
    if (stops.has(runId) || !waiting.has(key)) return send('run.cancelled', runId, { attempt });
    await send('run.heartbeat', runId, { workerId: WORKER_ID, attempt, leaseSeconds: 60 });
    await send('run.progress', runId, { attempt, current: step, total: Number(STEPS) });
    await send('run.log', runId, { attempt, lines: [{ n: step, text: `did step ${step}` }] }, LOGS);
  }
  return send('run.completed', runId, { attempt, newJobsCount: Number(STEPS) });
}

await makeGroup();
for (;;) {
  // Reads all entries before starting a run: they may report that it has ended or must stop.
  if ((await read(waiting.size > 0 ? 0 : 5000)) !== 0 || waiting.size === 0) continue;
  const [key] = waiting.keys();
  await carryOut(key);
  await writer.set(doneKey(key), '1', 'EX', 7 * 24 * 3600).catch(() => {}); // the end of the run is on the stream, too
  await forget(key).catch(() => {});
  stops.delete(key.split(' ')[0]);
}
