// What a reader does with the lines that are shown: wrap them, copy them, step through what was searched for.

const byId = (id) => document.getElementById(id);
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

/** From where one is; at the start, from the last one, which is nearest to the end of the log. */
function step(by) {
  if (hits.length === 0) return;
  const at = [...hits].indexOf(current);
  const next = at < 0 ? hits.length - 1 : (at + by + hits.length) % hits.length;
  current?.removeAttribute('aria-current');
  current = hits[next];
  current.setAttribute('aria-current', 'true');
  byId('follow').checked = false;
  byId('follow').dispatchEvent(new Event('change'));
  current.closest('.log-section').open = true;
  current.scrollIntoView({ block: 'center' });
  byId('hit-place').textContent = `Hit ${next + 1} of ${hits.length}`;
}

if (byId('next-hit')) {
  byId('next-hit').addEventListener('click', () => step(1));
  byId('previous-hit').addEventListener('click', () => step(-1));
  const field = byId('log-q');
  // The same text again means the next hit; another one is a search of its own, by the form.
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || field.value.trim() !== field.defaultValue) return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  });
}
