// Days typed into the filters of past runs are in the reader's time zone: the form sends the zone, and the fields name
// it. Without this script the days are in UTC, and the fields say so.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * Runs on the loaded page and on each update before it is shown. Days from the address keep the zone they came
 * with.
 * @param {ParentNode} root
 */
function localise(root) {
  const field = /** @type {HTMLInputElement | null} */ (root.querySelector('#history-zone, #runs-zone'));
  if (!field || root.querySelector('#history-days[data-given], #runs-zone[data-given]')) return;
  field.value = zone;
  field.setAttribute('value', zone);
  for (const words of root.querySelectorAll('.zone-words')) words.textContent = `(day in ${zone})`;
}

localise(document);
document.addEventListener('jobato:content', ({ detail }) => localise(detail));
