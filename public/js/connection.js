// Shows a warning that the page may be out of date while the server does not answer, and removes it afterwards.

const place = document.getElementById('connection');
/** The current message of each source: page polling, run stream or log reader. */
const troubles = new Map();

function tell({ source, message }) {
  if (message === null) troubles.delete(source);
  else troubles.set(source, message);
  const text = [...troubles.values()][0] ?? '';
  if (place.textContent !== text) place.textContent = text;
}

document.addEventListener('jobato:connection', ({ detail }) => tell(detail));
const pages = (message) => tell({ source: 'pages', message });
/** Retries more often than a quiet page polls, so that the page recovers quickly. */
const RETRY_MS = 2000;
let retry = null;
for (const event of ['htmx:sendError', 'htmx:timeout']) {
  document.body.addEventListener(event, ({ detail }) => {
    if (detail.requestConfig.verb === 'post') sayUnanswered(detail.target);
    pages('Reconnecting: the server does not respond. This page may be out of date.');
    clearTimeout(retry);
    retry = setTimeout(() => window.htmx.trigger(document.body, 'run-changed'), RETRY_MS);
  });
}
let unanswered = null;
/** Without an answer the outcome of a pressed button is unknown, so a notice beside the button says that. */
function sayUnanswered(answerPlace) {
  const notice = document.createElement('div');
  notice.className = 'notice';
  notice.setAttribute('role', 'alert');
  notice.dataset.testid = 'notice';
  const words = document.createElement('p');
  const title = document.createElement('strong');
  title.textContent = 'No response from the server.';
  const rest = document.createElement('span');
  rest.textContent =
    'The action may or may not have taken effect. The page shows the result when the server responds again.';
  words.append(title, ' ', rest);
  notice.append(words);
  answerPlace.replaceChildren(notice);
  unanswered = rest;
}
document.body.addEventListener('htmx:responseError', ({ detail }) =>
  pages(
    `The server returned status ${detail.xhr.status}. This page may be out of date. Reload it or see Status.`,
  ),
);
document.body.addEventListener('htmx:beforeSwap', ({ detail }) => {
  const { pathname } = new URL(detail.xhr.responseURL || location.href);
  if (pathname !== document.body.dataset.loginHref) return;
  detail.shouldSwap = false;
  document.dispatchEvent(new CustomEvent('jobato:session-ended'));
});
document.body.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (!detail.successful) return;
  pages(null);
  // The count of running projects in the header does not show the outcome of a button.
  if (unanswered === null || detail.requestConfig.verb !== 'get' || detail.target.id === 'running-count')
    return;
  unanswered.textContent = 'The server responds again. The page shows the result.';
  unanswered = null;
});

// A hidden page polls rarely, only to keep the status in its tab title current. It refreshes at once when it
// becomes visible.
const HIDDEN_EVERY_MS = 30_000;
const askedAt = new WeakMap();
document.body.addEventListener('htmx:beforeRequest', (event) => {
  const { elt, requestConfig } = event.detail;
  const isPolling = requestConfig.verb === 'get' && !requestConfig.triggeringEvent;
  if (!isPolling) return;
  const now = performance.now();
  const isEarly = now - (askedAt.get(elt) ?? 0) < HIDDEN_EVERY_MS;
  if (document.visibilityState === 'hidden' && isEarly) event.preventDefault();
  else askedAt.set(elt, now);
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return;
  for (const event of ['run-changed', 'looked-at']) window.htmx.trigger(document.body, event);
});
