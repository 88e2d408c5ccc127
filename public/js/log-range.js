// Links to lines: a click on a line number selects the line, with Shift up to that line. The address names the lines.
// A button beside the number copies the link.

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const log = byId('run-log');
const list = byId('log-lines');
const copy = /** @type {HTMLButtonElement} */ (byId('copy-link'));
const COPIED_MS = 2000;
/** The line at which a range began, so that Shift selects from there. */
let anchor = 0;

/** @typedef {{ first: number, last: number }} Range */

/**
 * Returns the lines in the address; null for none.
 * @returns {Range | null}
 */
function linked() {
  const inQuery = new URLSearchParams(location.search).get('lines') ?? '';
  const found = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash) ?? /^(\d+)(?:-(\d+))?$/.exec(inQuery);
  if (!found) return null;
  const [one, other] = [Number(found[1]), Number(found[2] ?? found[1])];
  return { first: Math.min(one, other), last: Math.max(one, other) };
}

/** @param {Range} range */
const nameOf = ({ first, last }) => (first === last ? `L${first}` : `L${first}-L${last}`);
/** @param {Range} range */
const wordsOf = ({ first, last }) =>
  first === last
    ? `line ${first.toLocaleString()}`
    : `lines ${first.toLocaleString()} to ${last.toLocaleString()}`;
/** @param {Element} number a line number */
const seqOf = (number) => Number(/** @type {Element} */ (number.closest('.line')).id.slice(1));
/** @param {Element | EventTarget | null} target */
const numberOf = (target) =>
  /** @type {HTMLElement | null} */ (target instanceof Element ? target.closest('.line-number') : null);

function mark() {
  const range = linked();
  for (const line of list.querySelectorAll('.is-linked')) line.classList.remove('is-linked');
  if (!range) return;
  const from = Math.max(range.first, Number(list.dataset.from));
  const to = Math.min(range.last, Number(list.dataset.to));
  for (let seq = from; seq <= to; seq++) document.getElementById(`L${seq}`)?.classList.add('is-linked');
}

/** @param {Range} range */
function select(range) {
  const hash = `#${nameOf(range)}`;
  if (location.hash === hash) return;
  history.pushState(history.state, '', hash);
  mark();
  log.dispatchEvent(new CustomEvent('jobato:selected'));
  byId('log-said').textContent = `Selected ${wordsOf(range)}`;
}

list.addEventListener('click', (event) => {
  const number = numberOf(event.target);
  if (!number || event.metaKey || event.ctrlKey || event.altKey) return;
  // In a filtered log, the number leads to its place in the whole log.
  if (!number.getAttribute('href')?.startsWith('#')) return;
  event.preventDefault();
  const seq = seqOf(number);
  const start = anchor || linked()?.first || seq;
  if (!event.shiftKey) anchor = seq;
  select(
    event.shiftKey ? { first: Math.min(start, seq), last: Math.max(start, seq) } : { first: seq, last: seq },
  );
});
// Shift would select the text between two clicks.
list.addEventListener('mousedown', (event) => {
  if (event.shiftKey && numberOf(event.target)) event.preventDefault();
});
window.addEventListener('hashchange', mark);
window.addEventListener('popstate', mark);
log.addEventListener('jobato:shown', mark);
mark();

/** The link for a line: the selected lines if the line is one of them. @param {number} seq */
function rangeFor(seq) {
  const range = linked();
  return range && seq >= range.first && seq <= range.last ? range : { first: seq, last: seq };
}

/** @param {Element} number */
function showCopy(number) {
  const line = number.closest('.line');
  if (!line || copy.parentElement === line) return;
  const { first, last } = rangeFor(seqOf(number));
  copy.textContent = 'Copy link';
  copy.setAttribute('aria-label', `Copy link to ${wordsOf({ first, last })}`);
  copy.hidden = false;
  number.after(copy);
}

/** @param {EventTarget | null} to the element that the pointer or the focus goes to */
function hideCopy(to) {
  const line = copy.closest('.line');
  if (copy.hidden || (to instanceof Element && (to === copy || to === line?.querySelector('.line-number'))))
    return;
  copy.hidden = true;
  log.append(copy);
}

// Browsers allow clipboard writes only in a secure context.
if (navigator.clipboard) {
  for (const kind of /** @type {const} */ (['mouseover', 'focusin'])) {
    list.addEventListener(kind, ({ target }) => {
      const number = numberOf(target);
      if (number) showCopy(number);
    });
  }
  list.addEventListener('mouseout', ({ relatedTarget }) => {
    if (!copy.closest('.line')?.contains(document.activeElement)) hideCopy(relatedTarget);
  });
  list.addEventListener('focusout', ({ relatedTarget }) => hideCopy(relatedTarget));
  copy.addEventListener('click', async () => {
    const number = copy.closest('.line')?.querySelector('.line-number');
    if (!number) return;
    const range = rangeFor(seqOf(number));
    const lines = range.first === range.last ? range.first : `${range.first}-${range.last}`;
    let said = `Copied the link to ${wordsOf(range)}`;
    try {
      // The query loads the lines at any distance from the end, also without scripts.
      await navigator.clipboard.writeText(
        `${location.origin}${location.pathname}?lines=${lines}#${nameOf(range)}`,
      );
      copy.textContent = 'Copied';
    } catch {
      said = 'The browser blocked copying.';
      copy.textContent = 'Blocked';
    }
    byId('log-said').textContent = said;
    setTimeout(() => (copy.textContent = 'Copy link'), COPIED_MS);
  });
}
