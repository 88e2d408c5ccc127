const { embedded, pages, run, streams } = require('./test/runner/projects.cjs');

/** `npm test`: each promise once. */
module.exports = run([embedded, pages, streams]);
