/** Runs the built server; SIGUSR2 raises an unhandled rejection in it. */
const { join } = require('node:path');

process.on('SIGUSR2', () => setImmediate(() => void Promise.reject(new Error('raised by the test'))));
require(join(__dirname, '..', '..', 'dist', 'main.js'));
