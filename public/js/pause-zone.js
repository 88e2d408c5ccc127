// The end of a pause is a time in the reader's time zone: the form sends the zone, and the field names it. Without this
// script the time is in UTC, and the field says so.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * Runs on the loaded page and on each update before it is shown. A time from a refused form keeps its zone.
 * @param {ParentNode} root
 */
function localise(root) {
  const field = /** @type {HTMLInputElement | null} */ (root.querySelector('#pause-zone:not([data-given])'));
  if (!field) return;
  field.value = zone;
  field.setAttribute('value', zone);
  for (const words of root.querySelectorAll('.pause-zone')) words.textContent = zone;
}

localise(document);
document.addEventListener('jobato:content', ({ detail }) => localise(detail));
