// Folded steps stay folded after a reload, for as long as the tab is open. This must run before the page scrolls to
// a linked line, because that opens the step of the line.

const byId = (id) => document.getElementById(id);
const list = byId('log-lines');
const FOLDED = `jobato.log.folded.${byId('run-log').dataset.runId}`;

// Search hits are always shown, also in steps that were folded.
if (!byId('log-found')) remember();

function remember() {
  const folded = new Set(stored());
  const fold = (sections) => {
    for (const section of sections) section.open = !folded.has(section.dataset.step);
  };
  fold(list.children);
  document.addEventListener('jobato:content', ({ detail }) => fold(detail.querySelectorAll('.log-section')));
  list.addEventListener('click', ({ target }) => {
    const section = target.closest('summary')?.parentElement;
    if (!section) return;
    if (section.open)
      folded.add(section.dataset.step); // the click is about to fold it
    else folded.delete(section.dataset.step);
    try {
      sessionStorage.setItem(FOLDED, JSON.stringify([...folded]));
    } catch {
      // Without storage, folds last until the page is left.
    }
  });
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(FOLDED)) ?? [];
  } catch {
    return [];
  }
}
