/**
 * Requests /api/health/live every 50 ms, without waiting for earlier responses, and reports each response time.
 * Runs in a separate process, so that load of the test is not measured as load of the server.
 */
const { Agent, get } = require('node:http');

const EVERY_MS = 50;
const ANSWER_WITHIN_MS = 30_000;
const SEND_EVERY_MS = 500;

const url = process.argv[2];
const agent = new Agent({ keepAlive: true });
let samples = [];

function probe() {
  const atMs = Date.now();
  const start = performance.now();
  let isReported = false;
  const report = (isAnswered) => {
    if (isReported) return;
    isReported = true;
    samples.push([atMs, isAnswered ? performance.now() - start : null]);
  };
  const request = get(`${url}/api/health/live`, { agent, timeout: ANSWER_WITHIN_MS }, (response) => {
    response.resume();
    response.once('end', () => report(response.statusCode === 200));
    response.once('close', () => report(false));
  });
  request.once('timeout', () => request.destroy());
  request.once('error', () => report(false));
}

function send(whenSent) {
  process.send(samples, whenSent);
  samples = [];
}

setInterval(probe, EVERY_MS);
setInterval(() => send(), SEND_EVERY_MS);
process.once('message', () => send(() => process.exit(0)));
process.once('disconnect', () => process.exit(0));
