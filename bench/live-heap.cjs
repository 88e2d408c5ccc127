// Loaded into a server that is measured: says how much memory is in use once all that is garbage has been collected.
// What the process takes from the system goes up and down with the collector; this only grows where something is kept.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('message', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.send(heapUsed + external);
});
process.channel.unref();
