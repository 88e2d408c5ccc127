// What the keyboard does in the log. The number of each line is a link, and there are thousands: for the Tab key they are
// one stop, a line in view, from which the arrow keys lead to the others. Without scripts a link skips them all.

const byId = (id) => document.getElementById(id);
const log = byId('run-log');
const box = byId('log-box');
const list = byId('log-lines');
const field = byId('log-q');
/** What reaches below the top of the box by this much is not all beneath the heading that sticks there. */
const HEADING = 40;

let stop = null;

function takeOutOfTabOrder(root) {
  for (const number of root.getElementsByClassName('line-number')) number.tabIndex = -1;
}

function stopAt(number) {
  if (stop) stop.tabIndex = -1;
  stop = number;
  if (stop) stop.tabIndex = 0;
}

/** The first that is in view, or the next one below; null where all is folded. */
function numberInView() {
  const top = Math.max(box.getBoundingClientRect().top, 0) + HEADING;
  const isInView = (element) => element.getBoundingClientRect().bottom > top;
  const lists = [...list.querySelectorAll('.log-section[open] > ol')];
  const seen = lists.find(isInView) ?? lists.at(-1);
  return seen ? ([...seen.children].find(isInView) ?? seen.lastElementChild).firstElementChild : null;
}

function openNumbers() {
  return [...list.querySelectorAll('.log-section[open] .line-number')];
}

takeOutOfTabOrder(list);
document.addEventListener('jobato:content', ({ detail }) => takeOutOfTabOrder(detail));

box.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const number = event.target.closest('.line-number');
  if (event.key === 'Tab') {
    if (number) stopAt(number);
    else if (event.target === box || !stop?.isConnected) stopAt(numberInView());
    // The headings of steps far above would come first, and carry the reader there.
    if (event.target !== box || event.shiftKey || !stop) return;
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

// A key without Ctrl or the like acts only from within the log, so that it is in nobody's way who speaks to the page.
field.title = 'From anywhere in the log, the key / leads here.';
field.setAttribute('aria-keyshortcuts', '/');
log.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === field) return;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  field.focus();
  field.select();
});
