// Tools for the lines shown: wrap, copy, and the focus after a search.

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
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
