// Keeps a run page up to date. One event stream reports changes of the log and the run. The page then reloads both
// from the server, which alone renders them. Without a stream the page polls every few seconds and shows that.

const log = document.getElementById('run-log');
const announcement = document.getElementById('announcement');
/** The minimum time between two reloads of the page parts. */
const READ_EVERY_MS = 500;
const RETRY_MS = 3000;
/**
 * A stream sends its first event at once, then one at least every 10 s. After a longer silence, a proxy probably
 * buffers it.
 */
const FIRST_WORD_MS = 6000;
const SILENCE_MS = 25_000;
const MAX_FAILURES = 2;
const POLL_MS = 3000;
const STREAM_AGAIN_MS = 60_000;
const LOST = 'Reconnecting: the connection was lost. The log continues from the last line shown.';
const NO_STREAM = 'Live updates are unavailable. The log refreshes every few seconds.';

let source = null;
let lastSeq = Number(document.getElementById('log-lines').dataset.lastSeq);
let lastRead = performance.now();
let reading = null;
let announced = null;
let failures = 0;
/** The timer that switches to polling if the stream stays silent. */
let silence = null;
let retry = null;
let polling = null;
let streamAgain = null;

function open() {
  source?.close();
  clearTimeout(retry);
  const stream = new EventSource(`${log.dataset.logHref}?lines=none&after=${lastSeq}`);
  source = stream;
  expectWord(FIRST_WORD_MS);
  stream.onerror = () => {
    failures++;
    if (failures >= MAX_FAILURES || polling !== null) return poll();
    tellConnection(LOST);
    // The browser reconnects, except after a response that is not an event stream.
    if (stream.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
  };
  const on = (name, hear) =>
    stream.addEventListener(name, (event) => {
      heard();
      hear(event);
    });
  on('beat', () => {});
  on('grown', ({ lastEventId }) => grownTo(Number(lastEventId)));
  on('run', ({ data }) => {
    announce(JSON.parse(data));
    readParts();
  });
  on('end', ({ data }) => {
    close();
    grownTo(JSON.parse(data).lastSeq);
    readParts();
  });
}

function heard() {
  failures = 0;
  stopPolling();
  tellConnection(null);
  expectWord(SILENCE_MS);
}

function expectWord(ms) {
  clearTimeout(silence);
  silence = setTimeout(poll, ms);
}

/** Polls, and retries the stream from time to time. The first read shows whether the server is reachable. */
function poll() {
  closeStream();
  clearTimeout(streamAgain);
  streamAgain = setTimeout(open, STREAM_AGAIN_MS);
  if (polling !== null) return;
  tellConnection(LOST);
  const readAll = () => {
    if (document.hidden) return;
    grownTo(lastSeq);
    readParts();
  };
  polling = setInterval(readAll, POLL_MS);
  readAll();
}

function stopPolling() {
  clearInterval(polling);
  clearTimeout(streamAgain);
  polling = null;
}

let couldRead = true;
function heardOfRead(isRead) {
  const isBack = isRead && !couldRead;
  couldRead = isRead;
  if (polling === null) return;
  // After an outage of the server, the stream may work again.
  if (isBack) open();
  else tellConnection(isRead ? NO_STREAM : LOST);
}
log.addEventListener('jobato:read', ({ detail }) => heardOfRead(detail.isRead));
document.body.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.requestConfig.verb === 'get') heardOfRead(detail.successful);
});
// A read may see the end of the log before the stream does. The stream then still reports the final status and
// closes; without a stream, the page stops polling here.
log.addEventListener('jobato:ended', () => {
  readParts();
  log.dataset.isActive = 'false';
  if (polling === null) return;
  close();
  tellConnection(null);
});

function closeStream() {
  clearTimeout(silence);
  clearTimeout(retry);
  source?.close();
  source = null;
}

function close() {
  closeStream();
  stopPolling();
}

function grownTo(seq) {
  lastSeq = Math.max(lastSeq, seq);
  log.dispatchEvent(new CustomEvent('jobato:grown', { detail: { lastSeq } }));
}

/** Reloads now, or when the minimum interval has passed. One reload covers all changes up to then. */
function readParts() {
  reading ??= setTimeout(
    () => {
      reading = null;
      lastRead = performance.now();
      window.htmx.trigger(document.body, 'run-changed');
    },
    Math.max(0, lastRead + READ_EVERY_MS - performance.now()),
  );
}

/** Announces only changes of the run's state, not every line and count. */
function announce({ status, cancelRequestedAt }) {
  const state = status === 'running' && cancelRequestedAt !== null ? 'stopping' : status;
  if (announced !== null && announced !== state) announcement.textContent = `The run is ${state}.`;
  announced = state;
}

function tellConnection(message) {
  document.dispatchEvent(new CustomEvent('jobato:connection', { detail: { source: 'stream', message } }));
}

if (log.dataset.isActive === 'true') {
  // Hidden pages close their event stream: browsers allow six connections per server, and background tabs would use
  // them up.
  const start = () => {
    if (!document.hidden && log.dataset.isActive === 'true') open();
  };
  start();
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : start()));
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', ({ persisted }) => persisted && start());
}
