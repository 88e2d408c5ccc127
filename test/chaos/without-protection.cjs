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

/** Replaces a function. Fails if there is none of that name, because nothing would then be disabled. */
const replace = (owner, name, replacement) => {
  const original = owner[name];
  if (typeof original !== 'function') throw new Error(`The product has no function ${name} to replace.`);
  owner[name] = replacement(original);
};

const TAKE_AWAY = {
  // The test drops the index from the database.
  'unique-index': () => {},
  inbox: () => {
    const { AppliedEventRepository } = built('events/applied-event.repository.js');
    replace(AppliedEventRepository.prototype, 'known', () => async () => new Map());
  },
  fencing: () => {
    // Treats every sender as the holder of the current attempt.
    replace(built('intake/event-effect.js'), 'effectOf', (effectOf) => (event, run, _evidence, now) => {
      const unfenced = { ...event, payload: withoutAttempt(event.payload) };
      return effectOf(unfenced, run, { via: 'server' }, now);
    });
  },
  'group-recreation': () => {
    const { RedisEventStream } = built('events/redis-event-stream.js');
    const made = new Set();
    replace(
      RedisEventStream.prototype,
      'ensureGroup',
      (ensureGroup) =>
        async function (group) {
          if (made.has(group)) {
            // Without this pause, the reader would poll in a busy loop.
            await new Promise((resolve) => setTimeout(resolve, 100));
            return;
          }
          made.add(group);
          return ensureGroup.call(this, group);
        },
    );
  },
};

const takeAway = TAKE_AWAY[process.env.CHAOS_WITHOUT];
if (!takeAway) throw new Error(`CHAOS_WITHOUT must be one of: ${Object.keys(TAKE_AWAY).join(', ')}`);
require('reflect-metadata');
takeAway();
