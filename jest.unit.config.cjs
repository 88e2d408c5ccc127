const { run, unit } = require('./test/runner/projects.cjs');

/** `npm run test:unit`: the specs beside the code. They need no browser and no Redis. */
module.exports = run([unit]);
