// The foot of the page describes the run selected in the history. If the foot is out of view, the page scrolls to
// it; it has a link back to the row.

document.body.addEventListener('htmx:afterSettle', ({ detail: { requestConfig } }) => {
  if (!requestConfig?.elt.matches('.select-run')) return;
  document.getElementById('detail-footer')?.scrollIntoView({ block: 'nearest' });
});
