/**
 * Loaded ahead of a built program (`node --require`): shifts the wall clock of the process by the number of
 * milliseconds in the file that CLOCK_OFFSET_FILE names. The file is read again every 50 ms; a missing file is no
 * shift. Timers and performance.now keep the real time, as they do when an operator sets the clock of a machine.
 */
const { readFileSync } = require('node:fs');

const READ_EVERY_MS = 50;
const file = process.env.CLOCK_OFFSET_FILE;
if (!file) throw new Error('CLOCK_OFFSET_FILE must name the file with the offset.');

const RealDate = Date;
const realNow = Date.now;
let offsetMs = 0;

function readOffset() {
  try {
    offsetMs = Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    offsetMs = 0;
  }
}

readOffset();
setInterval(readOffset, READ_EVERY_MS).unref();

Date.now = () => realNow() + offsetMs;
// A proxy and not a subclass: dates that Node makes itself, such as those of fs.stat, stay instances of Date.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [Date.now()] : values, newTarget),
  apply: () => new Date().toString(),
});
