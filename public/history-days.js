// Days that are typed into the history's filter are the reader's own: their zone goes along, and the fields say so.
// Without this script they are days in UTC, as the fields say then.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** In what the page holds, and in what it is about to show; days that came with the address keep their zone. */
function localise(root) {
  const field = root.querySelector('#history-zone');
  if (!field || root.querySelector('#history-days[data-given]')) return;
  field.value = zone;
  field.setAttribute('value', zone);
  for (const words of root.querySelectorAll('.zone-words')) words.textContent = `(day in ${zone})`;
}

localise(document);
document.addEventListener('jobato:content', ({ detail }) => localise(detail));
