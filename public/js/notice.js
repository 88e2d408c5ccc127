// Scrolls a notice into view wherever its button is. If the notice links to an invalid field, opens and focuses
// that field.

document.body.addEventListener('htmx:afterSwap', ({ detail: { target } }) => {
  if (target.id !== 'notice-place' && !target.hasAttribute('data-kept')) return;
  for (const error of document.querySelectorAll('.field-error')) {
    const field = document.querySelector(`[aria-describedby~="${CSS.escape(error.id)}"]`);
    field?.setAttribute('aria-invalid', String(error.textContent !== ''));
  }
  target.scrollIntoView({ block: 'nearest' });
  const way = target.querySelector('a[href^="#"]');
  const field = way && document.getElementById(way.getAttribute('href').slice(1));
  field?.closest('details')?.setAttribute('open', '');
  field?.focus();
});
