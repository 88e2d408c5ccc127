// Decides when the parts of a run page reload, in addition to the triggers of htmx.

const POLL_MS = 2000;
const PAST_EVERY_MS = 2000;
let polling = null;
let past = null;
let pastReadAt = -Infinity;

// While the event stream is disconnected, the page polls.
document.addEventListener('jobato:connection', ({ detail: { source, message } }) => {
  if (source !== 'stream') return;
  if (message === null) {
    clearInterval(polling);
    polling = null;
  } else {
    polling ??= setInterval(() => {
      if (!document.hidden) window.htmx.trigger(document.body, 'run-changed');
    }, POLL_MS);
  }
});

// A change reloads the timeline, but many changes in a row reload it once per interval. The last change always
// counts.
document.body.addEventListener('run-changed', () => {
  const waitMs = Math.max(0, pastReadAt + PAST_EVERY_MS - performance.now());
  past ??= setTimeout(() => {
    past = null;
    pastReadAt = performance.now();
    window.htmx.trigger('#run-past', 'past-changed');
  }, waitMs);
});
