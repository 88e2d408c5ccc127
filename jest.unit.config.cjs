const { run, unit } = require('./test/runner/projects.cjs');

/** `npm run test:unit`: the specs beside the code. They need no browser, no Redis and no build. */
module.exports = { ...run([unit]), globalSetup: undefined };
