// A run that was chosen in the history is spoken of at the foot of the page. Where that is in view nothing moves; where it
// is not, it is brought into view, and it has the way back.

document.body.addEventListener('htmx:afterSettle', ({ detail: { requestConfig } }) => {
  if (!requestConfig?.elt.matches('.select-run')) return;
  document.getElementById('detail-footer').scrollIntoView({ block: 'nearest' });
});
