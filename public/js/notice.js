// Shows the answer to a pressed button: scrolls a notice into view wherever its button is, and writes one if the server
// does not respond. If a notice links to an invalid field, opens and focuses that field.

document.body.addEventListener('htmx:afterSwap', ({ detail: { target } }) => {
  if (target.id !== 'notice-place' && !target.hasAttribute('data-kept')) return;
  for (const error of document.querySelectorAll('.field-error')) {
    const field = document.querySelector(`[aria-describedby~="${CSS.escape(error.id)}"]`);
    field?.setAttribute('aria-invalid', String(error.textContent !== ''));
  }
  target.scrollIntoView({ block: 'nearest' });
  const way = target.querySelector('a[href^="#"]');
  const field = document.getElementById(way?.getAttribute('href')?.slice(1) ?? '');
  field?.closest('details')?.setAttribute('open', '');
  field?.focus();
});

/** @type {HTMLElement | null} the words that change when the server responds again */
let unanswered = null;

for (const event of /** @type {const} */ (['htmx:sendError', 'htmx:timeout'])) {
  document.body.addEventListener(event, ({ detail: { requestConfig, target } }) => {
    if (requestConfig.verb === 'post') showUnanswered(target);
  });
}
document.body.addEventListener('htmx:afterRequest', ({ detail: { successful, requestConfig, target } }) => {
  // The count of running projects in the header does not show the outcome of a button.
  if (!unanswered || !successful || requestConfig.verb !== 'get' || target.id === 'running-count') return;
  unanswered.textContent = 'The server responds again. The page shows the result.';
  unanswered = null;
});

/**
 * Without an answer the outcome of a pressed button is unknown, so a notice beside the button says that.
 * @param {HTMLElement} place
 */
function showUnanswered(place) {
  const notice = document.createElement('div');
  notice.className = 'notice';
  notice.setAttribute('role', 'alert');
  notice.dataset.testid = 'notice';
  const words = document.createElement('p');
  const title = document.createElement('strong');
  title.textContent = 'No response from the server.';
  unanswered = document.createElement('span');
  unanswered.textContent =
    'The action may or may not have taken effect. The page shows the result when the server responds again.';
  words.append(title, ' ', unanswered);
  notice.append(words);
  place.replaceChildren(notice);
}
