// Announces each status change to screen readers once, and leaves out counters that only tick. An element with
// `data-announce` carries its text, which is announced when it changes. The page of a run announces what its event
// stream reports.

const place = /** @type {HTMLElement} */ (document.getElementById('announcement'));
/** @type {Map<string, string | undefined>} the current text of each element, by id */
const current = new Map();
/** @type {string | null} */
let runState = null;

/** @param {boolean} isFirst */
function announceChanges(isFirst) {
  const news = [];
  for (const element of document.querySelectorAll('[data-announce]')) {
    const { id, dataset } = /** @type {HTMLElement} */ (element);
    if (!isFirst && current.has(id) && current.get(id) !== dataset.announce) news.push(dataset.announce);
    current.set(id, dataset.announce);
  }
  if (news.length > 0) place.textContent = news.join(' ');
}

announceChanges(true);
document.body.addEventListener('htmx:afterSettle', () => announceChanges(false));
document.addEventListener('jobato:run', ({ detail: { status, cancelRequestedAt } }) => {
  const state = status === 'running' && cancelRequestedAt !== null ? 'stopping' : status;
  if (runState !== null && runState !== state) place.textContent = `The run is ${state}.`;
  runState = state;
});
