// Copies the text of the element that a button names in `data-copy`.

for (const found of document.querySelectorAll('[data-copy]')) {
  const button = /** @type {HTMLButtonElement} */ (found);
  // Browsers allow clipboard writes only in a secure context.
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy ?? '')?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Blocked by the browser';
    }
  });
}
