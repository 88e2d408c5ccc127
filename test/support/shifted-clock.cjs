/**
 * Loaded by NODE_OPTIONS=--require: a process whose wall clock can be set while it runs. CLOCK_OFFSET_FILE holds how far
 * it is off, in milliseconds; it is read at the start and again on SIGUSR2. Only `Date` is shifted: monotonic clocks and
 * timers go on as they do when an administrator sets the clock of a machine.
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
