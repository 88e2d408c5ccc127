// The log as it grows, and the parts of it before and after what is shown. Lines come as the server writes them, by
// the template of the page itself; the page keeps a bounded number of them, and follows the end until the reader
// scrolls away from it.

const MAX_LINES = 3000;
const NEAR_END = 24;
/** New lines are read at most this often, however fast they are written; less often where showing them takes long. */
const READ_EVERY_MS = 250;
const RETRY_MS = 3000;
/** As the server does it where it links to a line, and where it makes lists of lines. */
const LINES_BEFORE = 20;
const LIST_LINES = 100;

const byId = (id) => document.getElementById(id);
const log = byId('run-log');
const box = byId('log-box');
const list = byId('log-lines');
const follow = byId('follow');
const newLines = byId('new-lines');
const page = new URLSearchParams(location.search);
const filter = [...page].filter(([name]) => ['level', 'q', 'mark'].includes(name));
/** What was searched for is marked also where the filter is left. */
const mark = page.get('q') || page.get('mark') || '';
/** All lines that are shown, in whatever section: the collection is a live one. */
const lines = list.getElementsByClassName('line');

/** The first and the last line that was looked at for what is shown, and the last one that is known of. */
let { from, to, lastSeq } = numbersOf(list);
let isReading = false;
/** That there is more to read than was read. */
let isBehind = false;
let nextRead = 0;
/** Where the box was last, to tell a reader's scrolling from the end moving. */
let lastTop = box.scrollTop;
/** Also where nothing more will come: who opens the log of a run that has ended sees its end. */
let staysAtEnd = false;

function numbersOf({ dataset }) {
  return { from: Number(dataset.from), to: Number(dataset.to), lastSeq: Number(dataset.lastSeq) };
}

const isActive = () => log.dataset.isActive === 'true';
const reachesEnd = () => to >= lastSeq;
/** Whether what is shown grows with the log; it does not where the reader went to an earlier part. */
let isGrowing = reachesEnd();

function grewTo(seq) {
  lastSeq = Math.max(lastSeq, seq);
  list.dataset.lastSeq = lastSeq;
}

log.addEventListener('jobato:grown', ({ detail }) => {
  grewTo(detail.lastSeq ?? 0);
  isBehind = true;
  readNew();
});

/** One reading at a time, none that nobody would see: what was written meanwhile comes with the next one. */
async function readNew() {
  if (isReading || !isBehind || document.hidden) return;
  if (!isGrowing || (!follow.checked && lines.length >= MAX_LINES)) {
    show(newLines, isGrowing);
    showLinks();
    return;
  }
  isReading = true;
  const early = nextRead - performance.now();
  if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  const began = performance.now();
  isBehind = false;
  let retryMs = 0;
  try {
    const part = await read({ after: to });
    if (part) takeNew(part);
    told(true);
  } catch {
    isBehind = true;
    retryMs = RETRY_MS;
    told(false);
  }
  const ended = performance.now();
  nextRead = ended + Math.max(READ_EVERY_MS, ended - began, retryMs);
  isReading = false;
  void readNew();
}

/** @returns what the server shows of that place in the log; null where there is nothing new */
async function read(place) {
  const query = new URLSearchParams([...filter, ...Object.entries(place)]);
  const response = await fetch(`${log.dataset.partHref}?${query}`, {
    headers: { 'HX-Request': 'true' },
    signal: AbortSignal.timeout(15_000),
  });
  if (response.redirected && new URL(response.url).pathname === document.body.dataset.loginHref) {
    document.dispatchEvent(new CustomEvent('jobato:session-ended'));
    return null;
  }
  if (response.status === 204) return null;
  if (!response.ok) throw new Error(`The server answered with ${response.status}.`);
  const part = new DOMParser()
    .parseFromString(await response.text(), 'text/html')
    .getElementById('log-lines');
  document.dispatchEvent(new CustomEvent('jobato:content', { detail: part }));
  return document.adoptNode(part);
}

function told(isRead) {
  const message = isRead ? null : 'Reconnecting: the connection was lost. The log goes on from where it is.';
  document.dispatchEvent(new CustomEvent('jobato:connection', { detail: { source: 'log', message } }));
  log.dispatchEvent(new CustomEvent('jobato:read', { detail: { isRead } }));
}

function takeNew(part) {
  const next = numbersOf(part);
  grewTo(next.lastSeq);
  if (next.from > to + 1) {
    // More was written than is read at once. A clean start is better than a gap, but not under a reader's eyes.
    if (!follow.checked) {
      isGrowing = false;
      show(newLines, true);
      showLinks();
      return;
    }
    list.replaceChildren();
    from = next.from;
  }
  if (part.dataset.stepCount !== byId('log-steps').dataset.count)
    window.htmx.trigger('#log-steps', 'step-begun');
  const hasLines = part.childElementCount > 0;
  to = Math.max(to, next.to);
  append(part);
  if (follow.checked) dropFirst();
  showLinks();
  if (follow.checked) toEnd();
  else if (hasLines) show(newLines, true);
  if (part.dataset.isActive === 'false') end();
  if (!reachesEnd()) isBehind = true; // a search looks through so much at once
}

/** Nothing more will come: what was followed stays at its end, and there is nothing to follow. */
function end() {
  log.dispatchEvent(new CustomEvent('jobato:ended'));
  show(follow.parentElement, false);
}

/** Lines of a step that goes on join its section, and its last list as long as that is short. */
function append(part) {
  const last = list.lastElementChild;
  const first = part.firstElementChild;
  if (last && first && last.dataset.step === first.dataset.step) {
    const short = last.lastElementChild;
    const more = first.querySelector('ol');
    if (short.childElementCount + more.childElementCount <= LIST_LINES) {
      short.append(...more.children);
      more.remove();
    }
    last.append(...first.querySelectorAll('ol'));
    first.remove();
  }
  list.append(...part.children);
}

function prepend(part) {
  const first = list.firstElementChild;
  const last = part.lastElementChild;
  if (first && last && first.dataset.step === last.dataset.step) {
    first.firstElementChild.after(...last.querySelectorAll('ol'));
    last.remove();
  }
  list.prepend(...part.children);
}

function dropFirst() {
  if (lines.length <= MAX_LINES) return;
  const first = lines[lines.length - MAX_LINES];
  const section = first.closest('.log-section');
  while (section.previousElementSibling) section.previousElementSibling.remove();
  drop((range) => {
    range.setStartAfter(section.firstElementChild); // the heading stays
    range.setEndBefore(first);
  });
  from = seqOf(first);
}

function dropLast() {
  if (lines.length <= MAX_LINES) return;
  const last = lines[MAX_LINES - 1];
  const section = last.closest('.log-section');
  while (section.nextElementSibling) section.nextElementSibling.remove();
  drop((range) => {
    range.setStartAfter(last);
    range.setEndAfter(section.lastElementChild);
  });
  to = seqOf(last);
}

/** All at once: line by line the browser would count the others anew for each. */
function drop(place) {
  const range = document.createRange();
  place(range);
  range.deleteContents();
}

const seqOf = (line) => Number(line.id.slice(1));

/** What is read stays where it is while lines come or go above it. */
function keepPlace(change) {
  const lowest = lines[lines.length - 1];
  const anchor = lowest?.offsetParent ? lowest : list.lastElementChild;
  const before = anchor?.getBoundingClientRect().top;
  box.style.overflowAnchor = 'none'; // or browsers that keep the place by themselves would do it twice
  change();
  if (anchor?.isConnected) box.scrollTop += anchor.getBoundingClientRect().top - before;
  lastTop = box.scrollTop;
  requestAnimationFrame(() => (box.style.overflowAnchor = ''));
}

/** The links lead to the same without scripts; here, what they lead to is put where it belongs. */
function loadInPlace(link, place, take) {
  link.addEventListener('click', async (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute('aria-busy') === 'true') return;
    link.setAttribute('aria-busy', 'true');
    try {
      const part = await read(place());
      const count = part?.getElementsByClassName('line').length ?? 0; // before they are taken out of it
      if (part) take(part);
      showLinks();
      say(foundText() ?? `${countText(count)} more`);
      told(true);
    } catch {
      told(false);
    }
    link.removeAttribute('aria-busy');
  });
}

loadInPlace(
  byId('earlier-lines'),
  () => ({ to: from - 1 }),
  (part) => {
    setFollow(false);
    keepPlace(() => prepend(part));
    from = numbersOf(part).from;
    dropLast();
    isGrowing = reachesEnd();
  },
);
loadInPlace(
  byId('later-lines'),
  () => ({ from: to + 1 }),
  (part) => {
    append(part);
    to = Math.max(to, numbersOf(part).to);
    keepPlace(dropFirst);
    isGrowing = reachesEnd();
  },
);

function showLinks() {
  const link = (id, isShown, place) => {
    const element = byId(id);
    show(element, isShown);
    if (isShown) element.href = `?${new URLSearchParams([...filter, ...Object.entries(place)])}#run-log`;
  };
  link('earlier-lines', from > 1, { to: from - 1 });
  const isCut = !isGrowing && !reachesEnd();
  link('later-lines', isCut, { from: to + 1 });
  link('log-end', isCut, {});
  if (lines.length > 0) byId('log-empty').hidden = true;
  if (linkedSeq() <= lastSeq) forgetMissingLine();
  log.dispatchEvent(new CustomEvent('jobato:shown'));
  if (!byId('log-found')) return;
  const texts = { 'found-count': lines.length, 'searched-from': from };
  for (const [id, number] of Object.entries(texts)) {
    const text = number.toLocaleString();
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }
  for (const id of ['searched-part', 'empty-so-far']) byId(id).hidden = from <= 1;
  byId('searched-all').hidden = from > 1;
}

/** Who acted by what goes away goes on in the log, and not at the top of the page. */
function show(element, isShown) {
  const hadFocus = element.contains(document.activeElement);
  element.hidden = !isShown;
  if (hadFocus && !isShown) box.focus({ preventScroll: true });
}

/** What a search found; null where nothing was searched for. */
function foundText() {
  return byId('log-found')?.innerText ?? null;
}

function countText(count) {
  return `${count.toLocaleString()} ${count === 1 ? 'line' : 'lines'}`;
}

function say(text) {
  byId('log-said').textContent = text;
}

function toEnd() {
  box.scrollTop = box.scrollHeight;
  lastTop = box.scrollTop;
  show(newLines, false);
}

function isWithinEnd(distance) {
  return box.scrollHeight - box.scrollTop - box.clientHeight <= distance;
}

/** Who goes from line to line by keyboard is not carried away from them. */
function isAmongLines() {
  return list.contains(document.activeElement) && document.activeElement.matches(':focus-visible');
}

function setFollow(isFollowing) {
  follow.checked = isFollowing;
  staysAtEnd = isFollowing;
  if (!isFollowing) return;
  if (!isGrowing && !reachesEnd()) {
    isGrowing = true; // a jump over what lies between: the next reading begins anew at the end
    isBehind = true;
  }
  void readNew();
  toEnd();
}

/** The number of the line that the address names; 0 for none. */
function linkedSeq() {
  return Number(/^#L(\d+)$/.exec(location.hash)?.[1] ?? 0);
}

/** A link to a line leads to where it is: here, or in another part of the log. */
function showLinkedLine() {
  const seq = linkedSeq();
  if (seq === 0 || seq > lastSeq) return false;
  const line = byId(`L${seq}`);
  if (line) {
    goTo(line);
  } else {
    const place = Math.max(1, seq - LINES_BEFORE);
    // Where the lines before it are so long that it has no room beside them, it is shown by itself.
    const next = Number(page.get('from')) === place ? seq : place;
    const query = new URLSearchParams(mark ? { mark, from: next } : { from: next });
    if (Number(page.get('from')) !== next) location.replace(`?${query}#L${seq}`);
  }
  return true;
}

function noteMissingLine() {
  const seq = linkedSeq();
  if (seq <= lastSeq) return;
  const missing = `There is no line ${seq.toLocaleString()}`;
  byId('log-note').textContent = isActive()
    ? `${missing} yet.`
    : `${missing}: the log has ${countText(lastSeq)}.`;
  log.scrollIntoView({ block: 'nearest' });
}

function forgetMissingLine() {
  byId('log-note').textContent = '';
}

/** In the middle of the box, amid what came before and after; the box in the window, with the tools above it. */
function goTo(element) {
  setFollow(false);
  element.closest('.log-section').open = true;
  log.scrollIntoView({ block: 'nearest' });
  const { top, height } = element.getBoundingClientRect();
  box.scrollTop += top + height / 2 - (box.getBoundingClientRect().top + box.clientHeight / 2);
  element.scrollIntoView({ block: 'nearest', inline: 'nearest' }); // in a window that is lower than the log
  lastTop = box.scrollTop;
}

log.addEventListener('jobato:place', ({ detail }) => goTo(detail));

for (const element of log.querySelectorAll('.needs-script')) element.hidden = false;
box.addEventListener('scroll', () => {
  const isUp = box.scrollTop < lastTop;
  const isDown = box.scrollTop > lastTop;
  lastTop = box.scrollTop;
  // The smallest step up lets go: a touchpad makes many small ones, and each would be undone by the next line.
  if (isUp && !isWithinEnd(1)) setFollow(false);
  else if (isDown && isWithinEnd(NEAR_END) && isGrowing && !follow.checked && isActive() && !isAmongLines())
    setFollow(true);
});
/** The browser scrolls after the key or the wheel, and a line that comes before the first step would stop it. */
function scrollsUp() {
  if (box.scrollTop > 0) setFollow(false);
}
box.addEventListener('keydown', ({ key, shiftKey }) => {
  if (['ArrowUp', 'PageUp', 'Home'].includes(key) || (key === ' ' && shiftKey)) scrollsUp();
});
box.addEventListener('wheel', ({ deltaY, ctrlKey }) => deltaY < 0 && !ctrlKey && scrollsUp(), { passive: true });
follow.addEventListener('change', () => setFollow(follow.checked));
newLines.addEventListener('click', () => setFollow(true));
// Lines come to their height when they are seen, wrapped or not, in a window of whatever width; and what comes and goes
// above them takes its room from the box.
const sizes = new ResizeObserver(() => {
  if (staysAtEnd) toEnd();
});
sizes.observe(list);
sizes.observe(box);
document.addEventListener('visibilitychange', () => void readNew());
list.addEventListener('focusin', () => {
  if (isAmongLines()) setFollow(false);
});
window.addEventListener('hashchange', () => {
  forgetMissingLine();
  showLinkedLine();
  noteMissingLine();
});
window.addEventListener('load', () => {
  // The count goes on with the log, but it is said only when somebody searches.
  say(foundText() ?? '');
  noteMissingLine();
  // Browsers go to what the address names once more, and would leave the line at the edge.
  requestAnimationFrame(showLinkedLine);
});
if (!showLinkedLine()) {
  if (isGrowing && isActive()) setFollow(true);
  else if (!page.has('from')) {
    staysAtEnd = true;
    toEnd();
  }
}
