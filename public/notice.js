// What a button has to say is seen wherever the button was: a notice outside of the window is brought into it, and where
// a form has something to mend, the first such field is opened and has the focus.

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
