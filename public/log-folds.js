// Steps whose lines were folded are folded again when the page is loaded anew, for as long as the tab is open. This comes
// before a line that is linked to is shown, which opens what it is in.

const byId = (id) => document.getElementById(id);
const list = byId('log-lines');
const FOLDED = `jobato.log.folded.${byId('run-log').dataset.runId}`;

// What was searched for is shown, wherever it is.
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
      folded.add(section.dataset.step); // it is about to be folded
    else folded.delete(section.dataset.step);
    try {
      sessionStorage.setItem(FOLDED, JSON.stringify([...folded]));
    } catch {
      // Where nothing may be stored, it holds until the page is left.
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
