/** Loaded ahead of a built program: takes away from it what CHAOS_WITHOUT names. Nothing of the product knows of it. */
const { join } = require('node:path');

const built = (path) => require(join(__dirname, '..', '..', 'dist', path));

const withoutAttempt = (payload) => {
  const { attempt: _, ...rest } = payload;
  return rest;
};

const TAKE_AWAY = {
  // The index itself is dropped from the database by the test.
  'unique-index': () => {},
  inbox: () => {
    built('runs/event-applier.js').EventApplier.prototype.alreadyInInbox = async () => new Map();
  },
  fencing: () => {
    // Every sender is taken for the holder of the current attempt.
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
        // Else the reader would ask again without a pause.
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
