// Folded steps stay folded after a reload, for as long as the tab is open. This must run before the page scrolls to
// a linked line, because that opens the step of the line.

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const list = byId('log-lines');
const FOLDED = `jobato.log.folded.${byId('run-log').dataset.runId}`;

// Search hits are always shown, also in steps that were folded.
if (!document.getElementById('log-found')) remember();

function remember() {
  const folded = new Set(stored());
  /** @param {ParentNode} root */
  const fold = (root) => {
    for (const found of root.querySelectorAll('.log-section')) {
      const section = /** @type {HTMLDetailsElement} */ (found);
      section.open = !folded.has(section.dataset.step);
    }
  };
  fold(list);
  document.addEventListener('jobato:content', ({ detail }) => fold(detail));
  list.addEventListener('click', ({ target }) => {
    const summary = /** @type {Element} */ (target).closest('summary');
    const section = /** @type {HTMLDetailsElement | null | undefined} */ (summary?.parentElement);
    if (!section) return;
    // The click is about to fold or unfold it.
    if (section.open) folded.add(section.dataset.step);
    else folded.delete(section.dataset.step);
    try {
      sessionStorage.setItem(FOLDED, JSON.stringify([...folded]));
    } catch {
      // Without storage, folds last until the page is left.
    }
  });
}

/** @returns {(string | undefined)[]} the names of the folded steps */
function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(FOLDED) ?? '[]');
  } catch {
    return [];
  }
}
