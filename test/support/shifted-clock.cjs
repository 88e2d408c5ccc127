/**
 * Loaded by NODE_OPTIONS=--require; makes the wall clock of a process adjustable at run time. CLOCK_OFFSET_FILE
 * contains the offset in milliseconds; it is read at start-up and on SIGUSR2. Only `Date` is shifted. Monotonic
 * clocks and timers are not, as when an administrator sets the clock of a machine.
 */
const { readFileSync } = require('node:fs');

const RealDate = Date;
let offsetMs = readOffset();

function readOffset() {
  return Number(readFileSync(process.env.CLOCK_OFFSET_FILE, 'utf8'));
}

function now() {
  return RealDate.now() + offsetMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length > 0 ? given : [now()], newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, property, receiver) => (property === 'now' ? now : Reflect.get(target, property, receiver)),
});

process.on('SIGUSR2', () => {
  offsetMs = readOffset();
  process.stderr.write(`The clock is shifted by ${offsetMs} ms\n`);
});
