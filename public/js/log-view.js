// Shows the log as it grows, and loads earlier and later parts. The server renders the lines with the template of
// the page. The page keeps a bounded number of lines and follows the end until the reader scrolls away.

const MAX_LINES = 3000;
const NEAR_END = 24;
/** The minimum time between two reads, however fast the log grows. The interval is longer where rendering is slow. */
const READ_EVERY_MS = 250;
const RETRY_MS = 3000;
/** These must match the server, which uses the same values for links to lines and for lists of lines. */
const LINES_BEFORE = 20;
const LIST_LINES = 100;

/** @typedef {{ after: number } | { from: number } | { to: number } | {}} Place */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const log = byId('run-log');
const box = byId('log-box');
const list = byId('log-lines');
const follow = /** @type {HTMLInputElement} */ (byId('follow'));
const newLines = byId('new-lines');
const page = new URLSearchParams(location.search);
const filter = [...page].filter(([name]) => ['level', 'q', 'only', 'mark'].includes(name));
/** The searched text stays marked after the reader leaves the filter. */
const mark = page.get('q') || page.get('mark') || '';
/** All lines shown, in every section; a live collection. */
const lines = list.getElementsByClassName('line');

/** The first and the last line number read for this view, and the last known line number of the log. */
let { from, to, lastSeq } = numbersOf(list);
let isReading = false;
/** True if the log has lines that the page has not read. */
let isBehind = false;
let nextRead = 0;
/** The last scroll position, which separates scrolling by the reader from growth at the end. */
let lastTop = box.scrollTop;
/** True also for a finished log: it opens at the end. */
let staysAtEnd = false;

/** @param {HTMLElement} part */
function numbersOf({ dataset }) {
  return { from: Number(dataset.from), to: Number(dataset.to), lastSeq: Number(dataset.lastSeq) };
}

const isActive = () => log.dataset.isActive === 'true';
const reachesEnd = () => to >= lastSeq;
/** True if the view grows with the log; false after the reader moves to an earlier part. */
let isGrowing = reachesEnd();
log.dataset.isGrowing = String(isGrowing);

/** @param {number} seq */
function grewTo(seq) {
  lastSeq = Math.max(lastSeq, seq);
  list.dataset.lastSeq = String(lastSeq);
}

log.addEventListener('jobato:grown', ({ detail }) => {
  grewTo(detail.lastSeq);
  isBehind = true;
  void readNew();
});

/** Runs one read at a time, and none while the page is hidden. Lines written during a read come with the next one. */
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
    reportRead(true);
  } catch {
    isBehind = true;
    retryMs = RETRY_MS;
    reportRead(false);
  }
  const ended = performance.now();
  nextRead = ended + Math.max(READ_EVERY_MS, ended - began, retryMs);
  isReading = false;
  void readNew();
}

/**
 * Returns the part of the log at that place, as rendered by the server; null if there is nothing new.
 * @param {Place} place
 */
async function read(place) {
  const query = queryOf(place);
  const response = await fetch(`${log.dataset.partHref}?${query}`, {
    headers: { 'HX-Request': 'true' },
    signal: AbortSignal.timeout(15_000),
  });
  if (response.redirected && new URL(response.url).pathname === document.body.dataset.loginHref) {
    document.dispatchEvent(new CustomEvent('jobato:session-ended'));
    return null;
  }
  if (response.status === 204) return null;
  if (!response.ok) throw new Error(`The server returned status ${response.status}.`);
  const answer = new DOMParser().parseFromString(await response.text(), 'text/html');
  const part = /** @type {HTMLElement} */ (answer.getElementById('log-lines'));
  document.dispatchEvent(new CustomEvent('jobato:content', { detail: part }));
  return document.adoptNode(part);
}

/**
 * Returns the query of a link to that place, with the filter of this view.
 * @param {Place} place
 */
function queryOf(place) {
  const query = new URLSearchParams(filter);
  for (const [name, seq] of Object.entries(place)) query.set(name, String(seq));
  return query;
}

/** @param {boolean} isRead */
function reportRead(isRead) {
  log.dispatchEvent(new CustomEvent('jobato:read', { detail: { isRead } }));
}

/** @param {HTMLElement} part */
function takeNew(part) {
  const next = numbersOf(part);
  grewTo(next.lastSeq);
  if (next.from > to + 1) {
    // One read did not cover all new lines. A view that follows the end restarts there, without a gap. A view that
    // does not follow stays unchanged for its reader.
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
  if (!reachesEnd()) isBehind = true; // one search request covers a limited number of lines
}

/** The log is complete: the view stays at the end if it followed, and the follow switch disappears. */
function end() {
  log.dispatchEvent(new CustomEvent('jobato:ended'));
  show(/** @type {HTMLElement} */ (follow.parentElement), false);
}

/** @param {HTMLElement} part */
function sectionsOf(part) {
  return /** @type {HTMLCollectionOf<HTMLDetailsElement>} */ (part.children);
}

/**
 * Adds lines of the same step to the existing section, and to its last list while that list is short.
 * @param {HTMLElement} part
 */
function append(part) {
  const last = sectionsOf(list)[list.childElementCount - 1];
  const first = sectionsOf(part)[0];
  if (last && first && last.dataset.step === first.dataset.step) {
    const short = last.lastElementChild;
    const more = first.querySelector('ol');
    if (short && more && short.childElementCount + more.childElementCount <= LIST_LINES) {
      short.append(...more.children);
      more.remove();
    }
    last.append(...first.querySelectorAll('ol'));
    first.remove();
  }
  list.append(...part.children);
}

/** @param {HTMLElement} part */
function prepend(part) {
  const first = sectionsOf(list)[0];
  const last = sectionsOf(part)[part.childElementCount - 1];
  if (first && last && first.dataset.step === last.dataset.step) {
    first.firstElementChild?.after(...last.querySelectorAll('ol'));
    last.remove();
  }
  list.prepend(...part.children);
}

function dropFirst() {
  const first = lines[lines.length - MAX_LINES];
  const section = first?.closest('.log-section');
  const heading = section?.firstElementChild;
  if (!first || !section || !heading || lines.length === MAX_LINES) return;
  while (section.previousElementSibling) section.previousElementSibling.remove();
  drop((range) => {
    range.setStartAfter(heading); // the heading stays
    range.setEndBefore(first);
  });
  from = seqOf(first);
}

function dropLast() {
  const last = lines[MAX_LINES - 1];
  const section = last?.closest('.log-section');
  const end = section?.lastElementChild;
  if (!last || !section || !end || lines.length === MAX_LINES) return;
  while (section.nextElementSibling) section.nextElementSibling.remove();
  drop((range) => {
    range.setStartAfter(last);
    range.setEndAfter(end);
  });
  to = seqOf(last);
}

/**
 * Deletes one range at once: after each single line the browser would renumber the rest.
 * @param {(range: Range) => void} place sets the start and the end
 */
function drop(place) {
  const range = document.createRange();
  place(range);
  range.deleteContents();
}

/** @param {Element} line */
const seqOf = (line) => Number(line.id.slice(1));

/**
 * Keeps the visible lines in place while lines above them are added or removed.
 * @param {() => void} change
 */
function keepPlace(change) {
  const lowest = /** @type {HTMLElement | undefined} */ (lines[lines.length - 1]);
  const anchor = lowest?.offsetParent ? lowest : list.lastElementChild;
  const before = anchor?.getBoundingClientRect().top ?? 0;
  box.style.overflowAnchor = 'none'; // scroll anchoring by the browser would move the box a second time
  change();
  if (anchor?.isConnected) box.scrollTop += anchor.getBoundingClientRect().top - before;
  lastTop = box.scrollTop;
  requestAnimationFrame(() => (box.style.overflowAnchor = ''));
}

/**
 * Loads the target of the link into the page. Without scripts, the same links load it as a new page.
 * @param {HTMLElement} link
 * @param {() => Place} place
 * @param {(part: HTMLElement) => void} take
 */
function loadInPlace(link, place, take) {
  link.addEventListener('click', async (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute('aria-busy') === 'true') return;
    link.setAttribute('aria-busy', 'true');
    try {
      const part = await read(place());
      const count = part?.getElementsByClassName('line').length ?? 0; // take() moves the lines out of the part
      if (part) take(part);
      showLinks();
      say(foundText() ?? `${countText(count)} more`);
      reportRead(true);
    } catch {
      reportRead(false);
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
  list.dataset.from = String(from);
  list.dataset.to = String(to);
  log.dataset.isGrowing = String(isGrowing);
  /**
   * @param {string} id
   * @param {boolean} isShown
   * @param {Place} place
   */
  const link = (id, isShown, place) => {
    const element = byId(id);
    show(element, isShown);
    if (isShown) element.setAttribute('href', `?${queryOf(place)}#run-log`);
  };
  link('earlier-lines', from > 1, { to: from - 1 });
  const isCut = !isGrowing && !reachesEnd();
  link('later-lines', isCut, { from: to + 1 });
  link('log-end', isCut, {});
  if (lines.length > 0) byId('log-empty').hidden = true;
  if (linkedSeq() <= lastSeq) forgetMissingLine();
  log.dispatchEvent(new CustomEvent('jobato:shown'));
  if (!document.getElementById('log-found')) return;
  const texts = { 'found-count': lines.length, 'searched-from': from, 'searched-to': to };
  for (const [id, number] of Object.entries(texts)) {
    const text = number.toLocaleString();
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }
  for (const id of ['searched-part', 'empty-so-far']) byId(id).hidden = from <= 1;
  byId('searched-down').hidden = !isCut;
  byId('searched-all').hidden = from > 1 || isCut;
}

/**
 * If the hidden element had the focus, moves the focus to the log and not to the top of the page.
 * @param {HTMLElement} element
 * @param {boolean} isShown
 */
function show(element, isShown) {
  const hadFocus = element.contains(document.activeElement);
  element.hidden = !isShown;
  if (hadFocus && !isShown) box.focus({ preventScroll: true });
}

/** Returns the summary of the search; null without a search. */
function foundText() {
  return document.getElementById('log-found')?.innerText ?? null;
}

/** @param {number} count */
function countText(count) {
  return `${count.toLocaleString()} ${count === 1 ? 'line' : 'lines'}`;
}

/** @param {string} text */
function say(text) {
  byId('log-said').textContent = text;
}

function toEnd() {
  box.scrollTop = box.scrollHeight;
  lastTop = box.scrollTop;
  show(newLines, false);
}

/** @param {number} distance in px */
function isWithinEnd(distance) {
  return box.scrollHeight - box.scrollTop - box.clientHeight <= distance;
}

/** True while the reader moves through the lines by keyboard: following the end would move the focus out of view. */
function isAmongLines() {
  const active = document.activeElement;
  return active !== null && list.contains(active) && active.matches(':focus-visible');
}

/** @param {boolean} isFollowing */
function setFollow(isFollowing) {
  follow.checked = isFollowing;
  staysAtEnd = isFollowing;
  if (!isFollowing) return;
  if (!isGrowing && !reachesEnd()) {
    isGrowing = true; // skips the lines in between: the next read restarts at the end
    isBehind = true;
  }
  void readNew();
  toEnd();
}

/** Returns the first line number in the address; 0 if there is none. */
function linkedSeq() {
  const [, one, other] = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash) ?? ['', '0'];
  return Math.min(Number(one), Number(other ?? one));
}

/** Scrolls to the linked line, or loads the part of the log that has it. */
function showLinkedLine() {
  const seq = linkedSeq();
  if (seq === 0 || seq > lastSeq) return false;
  const line = document.getElementById(`L${seq}`);
  if (line) {
    goTo(line);
  } else {
    const place = Math.max(1, seq - LINES_BEFORE);
    // If the lines before it fill the whole part, the part starts at the linked line itself.
    const next = Number(page.get('from')) === place ? seq : place;
    const query = new URLSearchParams({ ...(mark && { mark }), from: String(next) });
    if (Number(page.get('from')) !== next) location.replace(`?${query}${location.hash}`);
  }
  return true;
}

function noteMissingLine() {
  const seq = linkedSeq();
  if (seq <= lastSeq) return;
  const missing = `Line ${seq.toLocaleString()} does not exist`;
  byId('log-note').textContent = isActive()
    ? `${missing} yet.`
    : `${missing}: the log has ${countText(lastSeq)}.`;
  log.scrollIntoView({ block: 'nearest' });
}

function forgetMissingLine() {
  byId('log-note').textContent = '';
}

/**
 * Scrolls the line to the middle of the box, and the window so that the box and its tools are visible.
 * @param {Element} element
 */
function goTo(element) {
  setFollow(false);
  element.closest('.log-section')?.setAttribute('open', '');
  log.scrollIntoView({ block: 'nearest' });
  const { top, height } = element.getBoundingClientRect();
  box.scrollTop += top + height / 2 - (box.getBoundingClientRect().top + box.clientHeight / 2);
  element.scrollIntoView({ block: 'nearest', inline: 'nearest' }); // for a window that is lower than the log
  lastTop = box.scrollTop;
}

log.addEventListener('jobato:place', ({ detail }) => goTo(detail));
log.addEventListener('jobato:selected', () => {
  forgetMissingLine();
  setFollow(false);
});
log.addEventListener('jobato:seek', ({ detail: { seq, done } }) => void replaceBy(seq).then(done));

/**
 * Replaces the shown part of the log by the part with this line.
 * @param {number} seq
 */
async function replaceBy(seq) {
  try {
    // A filtered part has few lines of the log, so that it needs no lines before.
    const isFiltered = document.getElementById('log-found') !== null;
    const part = await read({ from: isFiltered ? seq : Math.max(1, seq - LINES_BEFORE) });
    if (!part) return;
    setFollow(false);
    ({ from, to } = numbersOf(part));
    grewTo(numbersOf(part).lastSeq);
    list.replaceChildren(...part.children);
    list.dataset.from = String(from);
    isGrowing = reachesEnd();
    showLinks();
    reportRead(true);
  } catch {
    reportRead(false);
  }
}

for (const element of log.querySelectorAll('.needs-script')) element.removeAttribute('hidden');
box.addEventListener('scroll', () => {
  const isUp = box.scrollTop < lastTop;
  const isDown = box.scrollTop > lastTop;
  lastTop = box.scrollTop;
  // Even the smallest scroll up stops following: a touchpad sends many small ones, and each new line would undo
  // them.
  if (isUp && !isWithinEnd(1)) setFollow(false);
  else if (isDown && isWithinEnd(NEAR_END) && isGrowing && !follow.checked && isActive() && !isAmongLines())
    setFollow(true);
});
/**
 * Stops following before the browser scrolls for the key or wheel: a line that arrives first would cancel the
 * scroll.
 */
function scrollsUp() {
  if (box.scrollTop > 0) setFollow(false);
}
box.addEventListener('keydown', ({ key, shiftKey }) => {
  if (['ArrowUp', 'PageUp', 'Home'].includes(key) || (key === ' ' && shiftKey)) scrollsUp();
});
box.addEventListener('wheel', ({ deltaY, ctrlKey }) => deltaY < 0 && !ctrlKey && scrollsUp(), {
  passive: true,
});
follow.addEventListener('change', () => setFollow(follow.checked));
newLines.addEventListener('click', () => setFollow(true));
// The height of the list changes when lines become visible, wrap or the window resizes. Elements above the box also
// take room from it.
const sizes = new ResizeObserver(() => {
  if (staysAtEnd) toEnd();
});
sizes.observe(list);
sizes.observe(box);
sizes.observe(byId('log-open'));
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
  // The count updates as the log grows. Screen readers hear it only after a search.
  say(foundText() ?? '');
  noteMissingLine();
  // Browsers jump to the fragment again after loading, which would leave the line at the edge of the box.
  requestAnimationFrame(showLinkedLine);
});
if (!showLinkedLine()) {
  if (isGrowing && isActive()) setFollow(true);
  else if (!page.has('from')) {
    staysAtEnd = true;
    toEnd();
  }
}
