// Keeps a run's page up to date: one event stream says when the log has grown and when the run has changed, and both
// are then read again from the server, where what they look like is written in one place. Where no stream comes
// through, the same is read every few seconds, and the page says so.

const log = document.getElementById('run-log');
const announcement = document.getElementById('announcement');
/** The parts of the page are read at most this often. */
const READ_EVERY_MS = 500;
const RETRY_MS = 3000;
/** A stream says something at once, and then every ten seconds. One that is silent for longer is held back somewhere. */
const FIRST_WORD_MS = 6000;
const SILENCE_MS = 25_000;
const MAX_FAILURES = 2;
const POLL_MS = 3000;
const STREAM_AGAIN_MS = 60_000;
const LOST = 'Reconnecting: the connection was lost. The log goes on from where it is.';
const NO_STREAM = 'Live updates are not possible here, reading every few seconds.';

let source = null;
let lastSeq = Number(document.getElementById('log-lines').dataset.lastSeq);
let lastRead = performance.now();
let reading = null;
let announced = null;
let failures = 0;
/** What happens if nothing is heard. */
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
    // The browser tries again by itself, unless the answer was no stream at all.
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

/** Without a stream; which is tried again from time to time. Whether the server can be reached at all is soon known. */
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
  // A server that is back may well have a stream again.
  if (isBack) open();
  else tellConnection(isRead ? NO_STREAM : LOST);
}
log.addEventListener('jobato:read', ({ detail }) => heardOfRead(detail.isRead));
document.body.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.requestConfig.verb === 'get') heardOfRead(detail.successful);
});
// What was read may know of the end before the stream does, which then says how the run ended, and closes. Who polls
// has no other word of it.
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

/** Now, or as soon as it may be again; what came in between is in the answer anyway. */
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

/** Heard only when the run takes another state, not with every line and count. */
function announce({ status, cancelRequestedAt }) {
  const state = status === 'running' && cancelRequestedAt !== null ? 'stopping' : status;
  if (announced !== null && announced !== state) announcement.textContent = `The run is ${state}.`;
  announced = state;
}

function tellConnection(message) {
  document.dispatchEvent(new CustomEvent('jobato:connection', { detail: { source: 'stream', message } }));
}

if (log.dataset.isActive === 'true') {
  // A page in the background has none: of six connections that a browser has to a server, its tabs would soon hold all.
  const start = () => {
    if (!document.hidden && log.dataset.isActive === 'true') open();
  };
  start();
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : start()));
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', ({ persisted }) => persisted && start());
}
