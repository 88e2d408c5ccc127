/** The built server, in which SIGUSR2 raises an error that nothing catches. */
const { join } = require('node:path');

process.on('SIGUSR2', () => setImmediate(() => void Promise.reject(new Error('raised by the test'))));
require(join(__dirname, '..', '..', 'dist', 'main.js'));
