// The backlog of the consumer group through which Jobato applies events.
import { setTimeout as delay } from 'node:timers/promises';

export const STREAM = 'ml:run-events';
export const API_GROUP = 'jobato-api';
export const WORKER_GROUP = 'jobato-workers';

/** Resolves when the group has received and acknowledged all entries of the stream. */
export async function allAcknowledged(redis, withinMs = 60_000) {
  const deadline = performance.now() + withinMs;
  while ((await unfinished(redis)) > 0) {
    if (performance.now() > deadline) throw new Error(`Events are not applied within ${withinMs} ms.`);
    await delay(2);
  }
}

async function unfinished(redis) {
  const groups = (await redis.xinfo('GROUPS', STREAM)).map(asObject);
  const group = groups.find(({ name }) => name === API_GROUP);
  if (!group) throw new Error(`There is no consumer group ${API_GROUP}.`);
  return group.lag + group.pending;
}

/** Converts a Redis reply of alternating names and values. */
export function asObject(list) {
  const object = {};
  for (let index = 0; index < list.length; index += 2) object[list[index]] = list[index + 1];
  return object;
}
