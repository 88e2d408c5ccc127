// Reads the page of a run at work again and again for as long as its event stream is away, which else wakes it.

const EVERY_MS = 2000;
let polling = null;

document.addEventListener('jobato:connection', ({ detail: { source, message } }) => {
  if (source !== 'stream') return;
  if (message === null) {
    clearInterval(polling);
    polling = null;
  } else {
    polling ??= setInterval(() => window.htmx.trigger(document.body, 'run-changed'), EVERY_MS);
  }
});
