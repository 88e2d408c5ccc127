#!/usr/bin/env node
// A polite worker: loses no request, does none twice, shows how it goes, stops when asked to. One process a GROUP.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const { REDIS_URL = 'redis://127.0.0.1:6379', PROJECT_ID = 'jobs', WORKER_ID = 'node-1' } = process.env;
const { RUN_EVENTS_STREAM: STREAM = 'ml:run-events', RUN_LOGS_STREAM: LOGS = 'ml:run-logs' } = process.env;
const { GROUP = `${PROJECT_ID}-node`, STEPS = '5', STEP_SECONDS = '1' } = process.env;
const reader = new Redis(REDIS_URL); // its own: a blocking read holds up all else
// A lost reply means "unknown", and is told: ioredis by itself would send XADD again, or wait for ever.
const careful = { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, commandTimeout: 10_000 };
const writer = new Redis(REDIS_URL, careful);
for (const redis of [reader, writer]) redis.on('error', () => {}); // what is asked of it fails too, and says why
const waiting = new Map(); // "run attempt" → the entry that asked for it, until it is done
const stops = new Set();
let start = '0'; // what was begun and not ended at first, and after trouble; then what is new
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
  // It may have arrived all the same: with its eventId it can be sent again.
  while (!(await writer.xadd(stream, '*', ...fields).catch(() => null))) await sleep(1000);
}

/** Takes in what there is. Answers how much it was, or null where Redis could not be read. */
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

// From 0: what was asked before we came is not lost. Fails where it is there already, or Redis is away.
const makeGroup = () => writer.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch(() => {});

/** Such a request is acknowledged when it is done: until then a new life of this worker finds it again. */
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
    if (key === `${runId} ${payload?.attempt ?? key.split(' ')[1]}`) await forget(key); // whoever has done it
  }
  return false;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not for us to mend: Jobato keeps what is wrong in its list of rejected events
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
  // All that is there is read before anything is begun: it may tell that the run has ended or shall stop.
  if ((await read(waiting.size > 0 ? 0 : 5000)) !== 0 || waiting.size === 0) continue;
  const [key] = waiting.keys();
  await carryOut(key);
  await writer.set(doneKey(key), '1', 'EX', 7 * 24 * 3600).catch(() => {}); // its end is on the stream as well
  await forget(key).catch(() => {});
  stops.delete(key.split(' ')[0]);
}
