// Shows the lines that programs have not finished, such as a prompt or a progress bar, below the last line of the log.
// They change in place. A finished line replaces its open line at the moment at which the log shows it.

/** A line that stays the same for so long is probably a prompt, so screen readers hear it. A progress bar is not read. */
const PROMPT_AFTER_MS = 2000;
const MAX_SAID = 200;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const log = byId('run-log');
const list = byId('log-lines');
const open = byId('log-open');
const page = new URLSearchParams(location.search);
const only = page.get('only');
const searched = (page.get('q') ?? '').trim().toLowerCase();
/** @type {(string | null)[] | null} null: every level */
const levels = { warnings: ['error', 'warning'], errors: ['error'] }[page.get('level') ?? ''] ?? null;

/** @type {Map<string, OpenLogLine>} by step and stream, as shown */
const lines = new Map();
/** @type {Map<string, { line: OpenLogLine, seq: number }>} for when the log shows the line with that number */
const pending = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let said = '';

log.addEventListener('jobato:line', ({ detail: line }) => {
  if (line === null) {
    pending.clear();
    lines.clear();
    return draw();
  }
  const source = `${line.stream} ${line.step ?? ''}`;
  // A change that waits keeps its place, so that lines that keep coming cannot hold it up.
  pending.set(source, { line, seq: pending.get(source)?.seq ?? Number(list.dataset.lastSeq) });
  update();
});
log.addEventListener('jobato:shown', update);
log.addEventListener('jobato:ended', () => {
  pending.clear();
  lines.clear();
  draw();
});

function update() {
  for (const [source, { line, seq }] of pending) {
    if (seq > Number(list.dataset.to) && log.dataset.isGrowing === 'true') continue;
    pending.delete(source);
    if (line.text === '') lines.delete(source);
    else lines.set(source, line);
  }
  draw();
}

/** @param {OpenLogLine} line */
function isWanted({ step, text, level }) {
  return (
    (only === null || step === only) &&
    text.toLowerCase().includes(searched) &&
    (levels === null || levels.includes(level))
  );
}

/** Reuses the elements, so that a selection and the place of the lines stay. */
function draw() {
  const shown = log.dataset.isGrowing === 'true' ? [...lines.values()].filter(isWanted) : [];
  while (open.children.length > shown.length) open.lastElementChild?.remove();
  const lastSection = /** @type {HTMLElement | null} */ (list.lastElementChild);
  for (const [index, line] of shown.entries()) {
    const item = open.children[index] ?? open.appendChild(newItem());
    const classes = ['line', 'is-open'];
    if (line.stream === 'stderr') classes.push('is-stderr');
    if (line.level === 'error') classes.push('is-error');
    if (line.level === 'warning') classes.push('is-warning');
    item.className = classes.join(' ');
    const [step, text] = item.querySelectorAll('span');
    put(step, line.step === (lastSection?.dataset.step || null) ? '' : (line.step ?? ''));
    put(text, line.text);
  }
  open.hidden = shown.length === 0;
  if (shown.length > 0) byId('log-empty').hidden = true;
  sayLater(shown.at(-1)?.text.trim() ?? '');
}

function newItem() {
  const item = document.createElement('li');
  for (const name of ['open-step', 'line-text']) {
    const part = document.createElement('span');
    part.className = name;
    item.append(part);
  }
  return item;
}

/**
 * @param {Element | undefined} element
 * @param {string} text
 */
function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {string} text */
function sayLater(text) {
  if (text === said) return;
  said = text;
  clearTimeout(timer);
  if (text === '') return;
  timer = setTimeout(() => {
    byId('log-said').textContent = `Unfinished line: ${text.slice(-MAX_SAID)}`;
  }, PROMPT_AFTER_MS);
}
