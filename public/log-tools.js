// What a reader does with the lines that are shown: wrap them, copy them, step through what was searched for.

const byId = (id) => document.getElementById(id);
const log = byId('run-log');
const box = byId('log-box');
const list = byId('log-lines');

const WRAP = 'jobato.log.wrap';
const wrap = byId('wrap');
try {
  wrap.checked = localStorage.getItem(WRAP) !== 'no';
} catch {
  // Where nothing may be stored, lines are wrapped.
}
showWrap();
wrap.addEventListener('change', () => {
  try {
    localStorage.setItem(WRAP, wrap.checked ? 'yes' : 'no');
  } catch {
    // Then it holds for this page only.
  }
  showWrap();
});

function showWrap() {
  box.classList.toggle('is-unwrapped', !wrap.checked);
}

const copy = byId('copy-log');
// Browsers let only pages in a secure context write to the clipboard.
copy.hidden = !navigator.clipboard;
copy.addEventListener('click', async () => {
  const lines = [...list.getElementsByClassName('line')];
  const count = `${lines.length.toLocaleString()} ${lines.length === 1 ? 'line' : 'lines'}`;
  const isAll = lines.length === Number(list.dataset.lastSeq);
  let said = isAll ? `Copied ${count}.` : `Copied what is shown, ${count}; Download has all.`;
  const text = lines.map((line) => `${line.querySelector('.line-text').textContent}\n`).join('');
  try {
    await navigator.clipboard.writeText(text);
    copy.textContent = isAll ? 'Copied' : `Copied what is shown, ${count}`;
  } catch {
    said = 'The browser did not allow to copy.';
    copy.textContent = 'Not allowed';
  }
  byId('log-said').textContent = said;
  setTimeout(() => (copy.textContent = 'Copy'), 2000);
});

const hits = list.getElementsByTagName('mark');
let current = null;

/** From where one is, or from the line that was linked to; else forwards from the first one and backwards from the last. */
function step(by) {
  if (hits.length === 0) return;
  current ??= list.querySelector('.line:target mark');
  const at = [...hits].indexOf(current);
  const before = at < 0 && by < 0 ? 0 : at;
  const next = (before + by + hits.length) % hits.length;
  current?.removeAttribute('aria-current');
  current = hits[next];
  current.setAttribute('aria-current', 'true');
  log.dispatchEvent(new CustomEvent('jobato:place', { detail: current }));
  showHitPlace();
  byId('log-said').textContent = byId('hit-place').textContent;
}

/** It goes on with the log, but it is said only when somebody steps. */
function showHitPlace() {
  const at = [...hits].indexOf(current);
  const isShown = at >= 0;
  byId('hit-place').textContent = isShown
    ? `Hit ${(at + 1).toLocaleString()} of ${hits.length.toLocaleString()}`
    : '';
}

/** A search is a page of its own, on which one goes on where one typed. */
const SEARCHED = 'jobato.log.searched';
try {
  byId('log-search').addEventListener('submit', () => sessionStorage.setItem(SEARCHED, 'yes'));
  const hasSearched = sessionStorage.getItem(SEARCHED) !== null;
  sessionStorage.removeItem(SEARCHED);
  // Browsers go to what the address names, and take the focus there, once all is loaded.
  const focus = () => requestAnimationFrame(() => byId('log-q').focus({ preventScroll: true }));
  if (hasSearched) window.addEventListener('load', focus);
} catch {
  // Where nothing may be stored, the focus is at the top of the page.
}

if (byId('next-hit')) {
  byId('next-hit').addEventListener('click', () => step(1));
  byId('previous-hit').addEventListener('click', () => step(-1));
  log.addEventListener('jobato:shown', showHitPlace);
  const field = byId('log-q');
  // The same text again means the next hit; another one is a search of its own, by the form.
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || field.value.trim() !== field.defaultValue) return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  });
}
