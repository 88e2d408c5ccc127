// Tools for the lines shown: wrap, copy, step through search hits.

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const log = byId('run-log');
const box = byId('log-box');
const list = byId('log-lines');

const WRAP = 'jobato.log.wrap';
const wrap = /** @type {HTMLInputElement} */ (byId('wrap'));
try {
  wrap.checked = localStorage.getItem(WRAP) !== 'no';
} catch {
  // Without storage, lines wrap.
}
showWrap();
wrap.addEventListener('change', () => {
  try {
    localStorage.setItem(WRAP, wrap.checked ? 'yes' : 'no');
  } catch {
    // Without storage, the choice lasts for this page only.
  }
  showWrap();
});

function showWrap() {
  box.classList.toggle('is-unwrapped', !wrap.checked);
}

const copy = byId('copy-log');
// Browsers allow clipboard writes only in a secure context.
copy.hidden = !navigator.clipboard;
copy.addEventListener('click', async () => {
  const lines = [...list.getElementsByClassName('line')];
  const count = `${lines.length.toLocaleString()} ${lines.length === 1 ? 'line' : 'lines'}`;
  const isAll = lines.length === Number(list.dataset.lastSeq);
  let said = isAll ? `Copied ${count}.` : `Copied the ${count} shown. Download contains all lines.`;
  const text = lines.map((line) => `${line.querySelector('.line-text')?.textContent}\n`).join('');
  try {
    await navigator.clipboard.writeText(text);
    copy.textContent = isAll ? 'Copied' : `Copied the ${count} shown`;
  } catch {
    said = 'The browser blocked copying.';
    copy.textContent = 'Blocked';
  }
  byId('log-said').textContent = said;
  setTimeout(() => (copy.textContent = 'Copy'), 2000);
});

const hits = list.getElementsByTagName('mark');
/** @type {Element | null} */
let current = null;

/**
 * Starts at the current hit or the linked line. Without either, starts forwards at the first hit, backwards at the
 * last.
 * @param {1 | -1} by
 */
function step(by) {
  if (hits.length === 0) return;
  current ??= list.querySelector('.line:target mark');
  const at = placeOf(current);
  const before = at < 0 && by < 0 ? 0 : at;
  const next = (before + by + hits.length) % hits.length;
  current?.removeAttribute('aria-current');
  current = /** @type {Element} */ (hits[next]);
  current.setAttribute('aria-current', 'true');
  log.dispatchEvent(new CustomEvent('jobato:place', { detail: current }));
  showHitPlace();
  byId('log-said').textContent = byId('hit-place').textContent;
}

/**
 * Returns the index of the hit; -1 if it is no longer shown.
 * @param {Element | null} hit
 */
function placeOf(hit) {
  return [...hits].findIndex((each) => each === hit);
}

/** Updates as the log grows. Screen readers hear it only when the reader steps to a hit. */
function showHitPlace() {
  const at = placeOf(current);
  const isShown = at >= 0;
  byId('hit-place').textContent = isShown
    ? `Hit ${(at + 1).toLocaleString()} of ${hits.length.toLocaleString()}`
    : '';
}

/** A search loads a new page. The focus returns to the search field, so that the reader can type on. */
const SEARCHED = 'jobato.log.searched';
try {
  byId('log-search').addEventListener('submit', () => sessionStorage.setItem(SEARCHED, 'yes'));
  const hasSearched = sessionStorage.getItem(SEARCHED) !== null;
  sessionStorage.removeItem(SEARCHED);
  // After loading, browsers jump to the fragment and move the focus there, so this waits for the next frame.
  const focus = () => requestAnimationFrame(() => byId('log-q').focus({ preventScroll: true }));
  if (hasSearched) window.addEventListener('load', focus);
} catch {
  // Without storage, the focus starts at the top of the page.
}

if (byId('next-hit')) {
  byId('next-hit').addEventListener('click', () => step(1));
  byId('previous-hit').addEventListener('click', () => step(-1));
  log.addEventListener('jobato:shown', showHitPlace);
  const field = /** @type {HTMLInputElement} */ (byId('log-q'));
  // Enter on unchanged text moves to the next hit; changed text submits the form as a new search.
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || field.value.trim() !== field.defaultValue) return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  });
}
