// The one event stream of a run's page. It hands log lines to the log, and when the run has changed it lets htmx
// read the page's parts again: what a run looks like is written in one place, on the server.

const log = document.getElementById('run-log');
const announcement = document.getElementById('announcement');
/** The parts of the page are read at most this often. */
const READ_EVERY_MS = 500;
const RETRY_MS = 3000;

let source = null;
let lastSeq = Number(log.dataset.lastSeq);
let lastRead = performance.now();
let reading = null;
let announced = null;
let retry = null;

function open() {
  source?.close();
  clearTimeout(retry);
  source = new EventSource(`${log.dataset.logHref}?after=${lastSeq}`);
  source.onopen = () => tellConnection(null);
  source.onerror = () => {
    tellConnection('Connection lost, trying again. The log goes on from where it is.');
    // The browser tries again by itself, unless the answer was no stream at all.
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
  };
  source.addEventListener('log', ({ data }) => {
    const line = JSON.parse(data);
    lastSeq = line.seq;
    log.dispatchEvent(new CustomEvent('jobato:line', { detail: line }));
  });
  source.addEventListener('run', ({ data }) => {
    announce(JSON.parse(data));
    readParts();
  });
  source.addEventListener('end', () => {
    close();
    readParts();
  });
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
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
  open();
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) open();
  });
}
