// On the page of a run: copies its id, and keeps the current step in the view of a narrow strip.

const SHOWN_MS = 2000;

document.addEventListener('click', async (event) => {
  const link = event.target instanceof Element ? event.target.closest('[data-copy]') : null;
  // Browsers allow clipboard writes only in a secure context. Elsewhere, the link leads to the whole id.
  if (!(link instanceof HTMLElement) || !navigator.clipboard) return;
  event.preventDefault();
  let said = 'Copied';
  try {
    await navigator.clipboard.writeText(link.dataset.copy ?? '');
  } catch {
    said = 'Not copied: the browser blocked it';
  }
  link.setAttribute('data-said', said);
  const announcement = document.getElementById('announcement');
  if (announcement) announcement.textContent = said;
  setTimeout(() => link.removeAttribute('data-said'), SHOWN_MS);
});

let current = '';

function showCurrentStep() {
  const strip = document.getElementById('step-strip');
  const step = strip?.querySelector('[aria-current]');
  const name = step?.querySelector('.step-name')?.textContent ?? '';
  // Only when another step begins, so that readers can scroll to the others.
  if (!strip || !(step instanceof HTMLElement) || name === current) return;
  current = name;
  strip.scrollLeft = step.offsetLeft - strip.offsetLeft - 8;
}

showCurrentStep();
document.body.addEventListener('htmx:afterSettle', showCurrentStep);
