/**
 * Preloaded before a built program: disables the protection that CHAOS_WITHOUT names. The product contains no
 * hooks.
 */
const { join } = require('node:path');

const built = (path) => require(join(__dirname, '..', '..', 'dist', path));

const withoutAttempt = (payload) => {
  const { attempt: _, ...rest } = payload;
  return rest;
};

const TAKE_AWAY = {
  // The test drops the index from the database.
  'unique-index': () => {},
  inbox: () => {
    built('runs/event-applier.js').EventApplier.prototype.alreadyInInbox = async () => new Map();
  },
  fencing: () => {
    // Treats every sender as the holder of the current attempt.
    const effects = built('runs/event-effect.js');
    const { effectOf } = effects;
    effects.effectOf = (event, run, _evidence, now) =>
      effectOf({ ...event, payload: withoutAttempt(event.payload) }, run, { origin: 'server' }, now);
  },
  'group-recreation': () => {
    const { prototype } = built('events/redis-event-stream.js').RedisEventStream;
    const { ensureGroup } = prototype;
    const made = new Set();
    prototype.ensureGroup = async function (group) {
      if (made.has(group)) {
        // Without this pause, the reader would poll in a busy loop.
        await new Promise((resolve) => setTimeout(resolve, 100));
        return;
      }
      made.add(group);
      return ensureGroup.call(this, group);
    };
  },
};

const takeAway = TAKE_AWAY[process.env.CHAOS_WITHOUT];
if (!takeAway) throw new Error(`CHAOS_WITHOUT must be one of: ${Object.keys(TAKE_AWAY).join(', ')}`);
require('reflect-metadata');
takeAway();
