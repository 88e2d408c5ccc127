// Steps through the matches of a search, also through those of which the page shows no lines. The server counts them.

/** This must match the server, which counts no further. */
const MAX_MATCHES = 1000;
const COUNT_EVERY_MS = 1000;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const log = byId('run-log');
const list = byId('log-lines');
const place = document.getElementById('hit-place');
const page = new URLSearchParams(location.search);

/** @type {[seq: number, count: number][]} the lines with matches, in the order of the log */
const matching = [];
let total = 0;
/** The last line searched by the server. */
let searchedTo = 0;
let isCounting = false;
let isMoving = false;
/** The index of the current match; -1 before the first step. */
let current = -1;
/** @type {() => void} */
let firstFound;
/** Resolves with the first match, or without one at the end of the log. */
const found = new Promise((resolve) => (firstFound = () => resolve(undefined)));

if (place) {
  void count();
  log.addEventListener('jobato:shown', () => {
    void count();
    showPlace();
  });
  byId('next-hit').addEventListener('click', () => void step(1));
  byId('previous-hit').addEventListener('click', () => void step(-1));
  const field = /** @type {HTMLInputElement} */ (byId('log-q'));
  // Enter on unchanged text moves to the next match; changed text submits the form as a new search.
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || field.value.trim() !== field.defaultValue) return;
    event.preventDefault();
    void step(event.shiftKey ? -1 : 1);
  });
}

/** Reads the matches of lines that were not searched yet, in as many requests as the server needs. */
async function count() {
  if (isCounting) return;
  isCounting = true;
  try {
    while (total < MAX_MATCHES && (searchedTo < Number(list.dataset.lastSeq) || searchedTo === 0)) {
      const query = new URLSearchParams(
        [...page].filter(([name]) => ['level', 'q', 'only', 'mark'].includes(name)),
      );
      query.set('after', String(searchedTo));
      query.set('known', String(total));
      const response = await fetch(`${log.dataset.partHref}/matches?${query}`, {
        headers: { 'HX-Request': 'true' },
        signal: AbortSignal.timeout(15_000),
      });
      if (!response.ok || response.redirected) break; // other requests report the reason
      const { lines, to, isWhole } = await response.json();
      for (const line of lines) {
        matching.push(line);
        total += line[1];
      }
      searchedTo = to;
      showPlace();
      if (total > 0 || isWhole) firstFound();
      if (!isWhole) continue;
      // A log that grows is searched again, but not for each line.
      await new Promise((resolve) => setTimeout(resolve, COUNT_EVERY_MS));
      if (searchedTo === 0) break;
    }
  } catch {
    // The next lines or the next step try again.
  }
  firstFound();
  isCounting = false;
}

/** @param {1 | -1} by */
async function step(by) {
  if (isMoving) return;
  isMoving = true;
  void count();
  await found;
  if (total === 0) {
    isMoving = false;
    return;
  }
  const start = current < 0 ? startAt(by) : current + by;
  current = (start + total) % total;
  const mark = await markAt(current);
  isMoving = false;
  for (const other of list.querySelectorAll('mark[aria-current]')) other.removeAttribute('aria-current');
  if (mark) {
    mark.setAttribute('aria-current', 'true');
    log.dispatchEvent(new CustomEvent('jobato:place', { detail: mark }));
  }
  showPlace();
  byId('log-said').textContent = byId('hit-place').textContent;
}

/**
 * Begins behind the linked line, or before it. Without one, begins forwards at the first match, backwards at the last.
 * @param {1 | -1} by
 */
function startAt(by) {
  const line = list.querySelector('.is-linked')?.id.slice(1);
  if (line === undefined) return by > 0 ? 0 : total - 1;
  let index = 0;
  for (const [seq, hits] of matching) {
    if (seq === Number(line)) return index + by;
    if (seq > Number(line)) break;
    index += hits;
  }
  return by > 0 ? index : index - 1;
}

/**
 * Returns the mark of a match, after its part of the log is loaded; null if that fails.
 * @param {number} index
 * @returns {Promise<Element | null>}
 */
async function markAt(index) {
  let before = 0;
  const [seq] = matching.find(([, hits]) => (before += hits) > index) ?? [0, 0];
  const inLine = index - (before - (matching.find(([number]) => number === seq)?.[1] ?? 0));
  if (!document.getElementById(`L${seq}`)) {
    await new Promise((done) => log.dispatchEvent(new CustomEvent('jobato:seek', { detail: { seq, done } })));
  }
  const marks = document.getElementById(`L${seq}`)?.querySelectorAll('mark:not([data-continued])') ?? [];
  return marks[Math.min(inLine, marks.length - 1)] ?? null;
}

/** Updates as the log grows. Screen readers hear it only when the reader steps to a match. */
function showPlace() {
  const isCut = total >= MAX_MATCHES;
  const all = total.toLocaleString();
  const some = isCut ? `the first ${all}` : all;
  let text = current < 0 ? `${isCut ? 'First ' : ''}${all} ${total === 1 ? 'match' : 'matches'}` : '';
  if (current >= 0) text = `${(current + 1).toLocaleString()} of ${some}`;
  if (place && place.textContent !== text) place.textContent = text;
}
