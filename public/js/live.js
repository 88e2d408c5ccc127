// Keeps the page up to date; no other script does. It fires "run-changed", on which the parts of the page reload, and
// shows why the page may be out of date. On the page of an active run it also holds the event stream, which reports
// changes of the run and its log, and polls while there is none.

const STREAM_LOST = 'Reconnecting: the connection was lost. The log continues from the last line shown.';
const LINES_MISSING = 'The lines of the log could not be loaded. Try again.';
const NO_STREAM = 'Live updates are unavailable. The log refreshes every few seconds.';
/** The minimum time between two reloads that the stream causes. One covers all changes up to then. */
const RELOAD_EVERY_MS = 500;
/** The timeline of a run is long, so it reloads less often. */
const PAST_EVERY_MS = 2000;
/** Retries more often than a quiet page polls, so that the page recovers quickly. */
const RETRY_MS = 2000;
/** A hidden page polls rarely, only to keep the status in its tab title current. */
const HIDDEN_EVERY_MS = 30_000;

// The message

const message = /** @type {HTMLElement} */ (document.getElementById('connection'));
/** @type {Map<'pages' | 'stream' | 'log', string>} the current trouble of each connection */
const troubles = new Map();

/**
 * @param {'pages' | 'stream' | 'log'} source
 * @param {string | null} trouble null if the connection works
 */
function report(source, trouble) {
  if (trouble === null) troubles.delete(source);
  else troubles.set(source, trouble);
  const [text = ''] = troubles.values();
  if (message.textContent !== text) message.textContent = text;
}

// The parts of the page

function reload() {
  window.htmx.trigger(document.body, 'run-changed');
}

/**
 * Returns a function that calls `action` now, or when the interval has passed. One call covers all in between.
 * @param {number} intervalMs
 * @param {number} lastMs time of the last call
 * @param {() => void} action
 */
function paced(intervalMs, lastMs, action) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  return () => {
    timer ??= setTimeout(
      () => {
        timer = null;
        lastMs = performance.now();
        action();
      },
      Math.max(0, lastMs + intervalMs - performance.now()),
    );
  };
}

const reloadSoon = paced(RELOAD_EVERY_MS, performance.now(), reload);

const body = document.body;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
for (const event of /** @type {const} */ (['htmx:sendError', 'htmx:timeout'])) {
  body.addEventListener(event, () => {
    report('pages', 'Reconnecting: the server does not respond. This page may be out of date.');
    clearTimeout(retry);
    retry = setTimeout(reload, RETRY_MS);
  });
}
body.addEventListener('htmx:responseError', ({ detail: { xhr } }) =>
  report(
    'pages',
    `The server returned status ${xhr.status}. This page may be out of date. Reload it or see Status.`,
  ),
);
body.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.successful) report('pages', null);
});
body.addEventListener('htmx:beforeSwap', ({ detail }) => {
  // Only the answer to a form explains its error beside the button. An error is no newer content of a part.
  if (detail.requestConfig.verb === 'get' && detail.xhr.status >= 400) {
    detail.shouldSwap = false;
    detail.isError = true;
  }
  const { pathname } = new URL(detail.xhr.responseURL || location.href);
  if (pathname !== body.dataset.loginHref) return;
  detail.shouldSwap = false;
  document.dispatchEvent(new CustomEvent('jobato:session-ended'));
});

/** @type {WeakMap<Element, number>} */
const polledAt = new WeakMap();
body.addEventListener('htmx:beforeRequest', (event) => {
  const { elt, requestConfig } = event.detail;
  if (requestConfig.verb !== 'get' || requestConfig.triggeringEvent) return;
  const now = performance.now();
  const isEarly = now - (polledAt.get(elt) ?? 0) < HIDDEN_EVERY_MS;
  if (document.visibilityState === 'hidden' && isEarly) event.preventDefault();
  else polledAt.set(elt, now);
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return;
  reload();
  window.htmx.trigger(body, 'looked-at');
});

// The page of a run

if (document.getElementById('run-past')) {
  const reloadPast = paced(PAST_EVERY_MS, -Infinity, () => window.htmx.trigger('#run-past', 'past-changed'));
  body.addEventListener('run-changed', reloadPast);
}
const runLog = document.getElementById('run-log');
runLog?.addEventListener('jobato:read', ({ detail: { isRead } }) =>
  report('log', isRead ? null : runLog.dataset.isActive === 'true' ? STREAM_LOST : LINES_MISSING),
);
if (runLog?.dataset.isActive === 'true') follow(runLog);

/** @param {HTMLElement} log */
function follow(log) {
  const REOPEN_MS = 3000;
  /**
   * A stream sends its first event at once, then one at least every 10 s. After a longer silence, a proxy probably
   * buffers it.
   */
  const FIRST_WORD_MS = 6000;
  const SILENCE_MS = 25_000;
  const MAX_FAILURES = 2;
  const POLL_MS = 2000;
  const STREAM_AGAIN_MS = 60_000;

  let lastSeq = Number(document.getElementById('log-lines')?.dataset.lastSeq);
  /** @type {EventSource | null} */
  let source = null;
  let failures = 0;
  let couldRead = true;
  /**
   * - live: the stream works, or was not tried yet
   * - lost: the browser reconnects the stream; the parts of the page are polled
   * - polling: no stream is possible for now; the log is polled too
   * @typedef {'live' | 'lost' | 'polling'} State
   */
  /** @type {State} */
  let state = 'live';
  /** @type {ReturnType<typeof setInterval> | undefined} runs unless the state is `live` */
  let poller;
  /** @type {Record<'silence' | 'reopen' | 'streamAgain', ReturnType<typeof setTimeout> | undefined>} */
  const timers = { silence: undefined, reopen: undefined, streamAgain: undefined };

  /**
   * @param {number} ms
   * @param {keyof typeof timers} name
   * @param {() => void} action
   */
  function after(ms, name, action) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(action, ms);
  }

  /** @param {State} next */
  function enter(next) {
    state = next;
    if (next !== 'live') {
      poller ??= setInterval(poll, POLL_MS);
      return;
    }
    clearInterval(poller);
    clearTimeout(timers.streamAgain);
    poller = undefined;
  }

  function poll() {
    if (document.hidden) return;
    if (state === 'polling') grownTo(lastSeq);
    reloadSoon();
  }

  function open() {
    source?.close();
    clearTimeout(timers.reopen);
    const stream = new EventSource(`${log.dataset.logHref}?lines=none&after=${lastSeq}`);
    source = stream;
    // Each connection begins with the lines that are open then.
    stream.onopen = () => showOpenLine(null);
    after(FIRST_WORD_MS, 'silence', pollOnly);
    stream.onerror = () => {
      failures++;
      if (failures >= MAX_FAILURES || state === 'polling') return pollOnly();
      report('stream', STREAM_LOST);
      enter('lost');
      // The browser reconnects, except after a response that is not an event stream.
      if (stream.readyState === EventSource.CLOSED) after(REOPEN_MS, 'reopen', open);
    };
    /**
     * @param {string} name
     * @param {(event: MessageEvent<string>) => void} take
     */
    const on = (name, take) =>
      stream.addEventListener(name, (event) => {
        failures = 0;
        enter('live');
        report('stream', null);
        after(SILENCE_MS, 'silence', pollOnly);
        take(event);
      });
    on('beat', () => {});
    on('grown', ({ lastEventId }) => grownTo(Number(lastEventId)));
    on('line', ({ data }) => showOpenLine(JSON.parse(data)));
    on('run', ({ data }) => {
      document.dispatchEvent(new CustomEvent('jobato:run', { detail: JSON.parse(data) }));
      reloadSoon();
    });
    on('end', ({ data }) => {
      close();
      grownTo(JSON.parse(data).lastSeq);
      reloadSoon();
    });
  }

  /** Polls, and retries the stream from time to time. The first read shows whether the server is reachable. */
  function pollOnly() {
    closeStream();
    showOpenLine(null);
    after(STREAM_AGAIN_MS, 'streamAgain', open);
    if (state === 'polling') return;
    report('stream', STREAM_LOST);
    enter('polling');
    poll();
  }

  /** @param {boolean} isRead */
  function noteRead(isRead) {
    const isBack = isRead && !couldRead;
    couldRead = isRead;
    if (state !== 'polling') return;
    // After an outage of the server, the stream may work again.
    if (isBack) open();
    else report('stream', isRead ? NO_STREAM : STREAM_LOST);
  }

  function closeStream() {
    clearTimeout(timers.silence);
    clearTimeout(timers.reopen);
    source?.close();
    source = null;
  }

  function close() {
    closeStream();
    enter('live');
  }

  /** @param {OpenLogLine | null} line */
  function showOpenLine(line) {
    log.dispatchEvent(new CustomEvent('jobato:line', { detail: line }));
  }

  /** @param {number} seq */
  function grownTo(seq) {
    lastSeq = Math.max(lastSeq, seq);
    log.dispatchEvent(new CustomEvent('jobato:grown', { detail: { lastSeq } }));
  }

  log.addEventListener('jobato:read', ({ detail: { isRead } }) => noteRead(isRead));
  body.addEventListener('htmx:afterRequest', ({ detail }) => {
    if (detail.requestConfig.verb === 'get') noteRead(detail.successful);
  });
  // A read may see the end of the log before the stream does. The stream then still reports the final status and
  // closes; without a stream, the page stops polling here.
  log.addEventListener('jobato:ended', () => {
    reloadSoon();
    log.dataset.isActive = 'false';
    if (state !== 'polling') return;
    close();
    report('stream', null);
  });

  // Hidden pages close their event stream: browsers allow six connections per server, and background tabs would use
  // them up.
  const start = () => {
    if (!document.hidden && log.dataset.isActive === 'true') open();
  };
  // Not before: until then, scripts that listen may still be loading, and would miss what the stream says.
  const onLoaded = () => {
    start();
    document.addEventListener('visibilitychange', () => (document.hidden ? close() : start()));
  };
  document.addEventListener('DOMContentLoaded', onLoaded, { once: true });
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', ({ persisted }) => persisted && start());
}
