// The log as it grows. Lines are added as text, once a frame; the page keeps the latest of them, and follows the end
// until the reader scrolls away from it.

const MAX_LINES = 2000;
const NEAR_END = 24;

const log = document.getElementById('run-log');
const box = document.getElementById('log-box');
const list = document.getElementById('log-lines');
const follow = document.getElementById('follow');
const wrap = document.getElementById('wrap');
const newLines = document.getElementById('new-lines');
const earlier = document.getElementById('earlier-lines');
const empty = document.getElementById('log-empty');
const isLatest = log.dataset.isLatest === 'true';
const clock = new Intl.DateTimeFormat(navigator.language, { timeStyle: 'medium' });

/** The last line that is known of, shown or not. */
let lastSeq = Number(log.dataset.lastSeq);
let waiting = [];
let frame = null;

log.addEventListener('jobato:line', ({ detail }) => {
  lastSeq = detail.seq;
  if (!isLatest) return;
  waiting.push(detail);
  if (waiting.length > 2 * MAX_LINES) waiting = waiting.slice(-MAX_LINES);
  frame ??= requestAnimationFrame(show);
});

function show() {
  frame = null;
  // Nothing is taken from under the eyes of somebody who reads further up: there, new lines wait.
  const room = follow.checked ? Infinity : Math.max(0, MAX_LINES - list.childElementCount);
  if (waiting.length > room) {
    newLines.hidden = false;
    if (room === 0) return;
  }
  add(waiting.splice(0, Math.min(room, waiting.length)));
  if (follow.checked) toEnd();
  else newLines.hidden = false;
}

function add(lines) {
  const latest = lines.slice(-MAX_LINES);
  if (latest.length === 0) return;
  const last = Number(list.lastElementChild?.id.slice(1) ?? latest[0].seq - 1);
  if (latest[0].seq !== last + 1) list.replaceChildren(); // lines between were let go: better a clean start than a gap
  const fragment = document.createDocumentFragment();
  for (const line of latest) fragment.append(row(line));
  list.append(fragment);
  while (list.childElementCount > MAX_LINES) list.firstElementChild.remove();
  empty.hidden = true;
  showEarlier();
}

function row({ seq, at, stream, step, text }) {
  const item = document.createElement('li');
  item.id = `L${seq}`;
  item.className = `line${stream === 'stderr' ? ' is-error' : ''}${stream === 'system' ? ' is-system' : ''}`;
  const number = part('a', 'line-number', String(seq));
  number.href = `#L${seq}`;
  const time = part('time', 'line-time', clock.format(new Date(at)));
  time.dateTime = at;
  time.title = at.replace('T', ' ').replace('Z', ' UTC');
  item.append(number, ' ', time, ' ', part('span', 'line-step', step ?? ''), ' ');
  if (stream === 'stderr') item.append(part('span', 'visually-hidden', 'error output: '));
  item.append(part('span', 'line-text', text));
  return item;
}

function part(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function showEarlier() {
  const first = Number(list.firstElementChild.id.slice(1));
  earlier.hidden = first <= 1;
  if (first > 1) earlier.href = `?to=${first - 1}#run-log`;
}

function toEnd() {
  box.scrollTop = box.scrollHeight;
  newLines.hidden = true;
}

function isAtEnd() {
  return box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_END;
}

function setFollow(isFollowing) {
  follow.checked = isFollowing;
  if (!isFollowing) return;
  if (waiting.length > 0) frame ??= requestAnimationFrame(show);
  toEnd();
}

/** A link to a line leads to where it is: in this window of the log, or in an earlier one. */
function showLinkedLine() {
  const seq = Number(/^#L(\d+)$/.exec(location.hash)?.[1] ?? 0);
  if (seq === 0) return false;
  const line = document.getElementById(`L${seq}`);
  if (line) {
    setFollow(false);
    line.scrollIntoView({ block: 'center' });
  } else if (seq <= lastSeq) {
    location.replace(`?to=${Math.min(seq + 100, lastSeq)}#L${seq}`);
  }
  return true;
}

for (const element of log.querySelectorAll('.needs-script')) element.hidden = false;
let lastTop = box.scrollTop;
box.addEventListener('scroll', () => {
  // Up lets go, the end takes hold; lines that are added move nothing upwards.
  if (box.scrollTop < lastTop && !isAtEnd()) setFollow(false);
  else if (isAtEnd() && isLatest && !follow.checked) setFollow(true);
  lastTop = box.scrollTop;
});
follow.addEventListener('change', () => setFollow(follow.checked));
newLines.addEventListener('click', () => setFollow(true));
wrap.addEventListener('change', () => {
  box.classList.toggle('is-unwrapped', !wrap.checked);
  if (follow.checked) toEnd();
});
window.addEventListener('hashchange', showLinkedLine);
if (!showLinkedLine()) {
  if (isLatest && log.dataset.isActive === 'true') setFollow(true);
  else toEnd();
}
