const { long, redis, repeated, run } = require('./test/runner/projects.cjs');

/** `npm run test:full`: what takes long, and everything again on the other stream. */
module.exports = run([long, redis, repeated]);
