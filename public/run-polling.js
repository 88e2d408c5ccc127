// When the parts of a run's page are read again, beside what htmx does by itself.

const POLL_MS = 2000;
const PAST_EVERY_MS = 2000;
let polling = null;
let past = null;
let pastReadAt = -Infinity;

// The event stream wakes the page; for as long as it is away, the page asks.
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

// What happened is worth a look after a change, but not with each of many in a row; and the last one counts.
document.body.addEventListener('run-changed', () => {
  const waitMs = Math.max(0, pastReadAt + PAST_EVERY_MS - performance.now());
  past ??= setTimeout(() => {
    past = null;
    pastReadAt = performance.now();
    window.htmx.trigger('#run-past', 'past-changed');
  }, waitMs);
});
