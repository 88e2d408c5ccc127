// Keyboard handling of the log. Each line number is a link, and there are thousands. The Tab key therefore stops at
// one visible line, and the arrow keys move from there. Without scripts a link skips all lines.

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const log = byId('run-log');
const box = byId('log-box');
const list = byId('log-lines');
const field = /** @type {HTMLInputElement} */ (byId('log-q'));
/** Height in px of the sticky heading at the top of the box. A line that ends above this is fully covered. */
const HEADING = 40;

/** @type {HTMLElement | null} the line number at which the Tab key stops */
let stop = null;

/** @param {Element} root */
function takeOutOfTabOrder(root) {
  for (const number of root.getElementsByClassName('line-number')) number.setAttribute('tabindex', '-1');
}

/** @param {HTMLElement | null} number */
function stopAt(number) {
  if (stop) stop.tabIndex = -1;
  stop = number;
  if (stop) stop.tabIndex = 0;
}

/**
 * Returns the first line number in view, or the next one below it; null if all steps are folded.
 * @returns {HTMLElement | null}
 */
function numberInView() {
  const top = Math.max(box.getBoundingClientRect().top, 0) + HEADING;
  /** @param {Element} element */
  const isInView = (element) => element.getBoundingClientRect().bottom > top;
  const lists = [...list.querySelectorAll('.log-section[open] > ol')];
  const seen = lists.find(isInView) ?? lists.at(-1);
  const line = seen && ([...seen.children].find(isInView) ?? seen.lastElementChild);
  return line?.querySelector('a') ?? null;
}

function openNumbers() {
  return /** @type {HTMLElement[]} */ ([...list.querySelectorAll('.log-section[open] .line-number')]);
}

takeOutOfTabOrder(list);
document.addEventListener('jobato:content', ({ detail }) => takeOutOfTabOrder(detail));

box.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const target = /** @type {Element} */ (event.target);
  const number = /** @type {HTMLElement | null} */ (target.closest('.line-number'));
  if (event.key === 'Tab') {
    if (number) stopAt(number);
    else if (target === box || !stop?.isConnected) stopAt(numberInView());
    // Without this, Tab would focus a step heading far above and scroll the reader there.
    if (target !== box || event.shiftKey || !stop) return;
    event.preventDefault();
    stop.focus();
  } else if (number && !event.shiftKey && ['ArrowUp', 'ArrowDown'].includes(event.key)) {
    event.preventDefault();
    const numbers = openNumbers();
    const next = numbers[numbers.indexOf(number) + (event.key === 'ArrowUp' ? -1 : 1)];
    if (!next) return;
    stopAt(next);
    next.focus();
  }
});

// Keys without a modifier act only while the log has the focus: speech-input software may type such keys anywhere.
field.title = 'Press / in the log to search';
field.setAttribute('aria-keyshortcuts', '/');
log.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === field) return;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  field.focus();
  field.select();
});
