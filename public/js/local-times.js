// Shows times in the reader's time zone and language, and keeps durations and countdowns ticking. The server writes
// UTC, which also applies without this script. The exact UTC time stays in the markup and the tooltip.

const language = navigator.language;
const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
const dateAndTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
/** @type {Intl.DateTimeFormatOptions} times of this year omit the year; the tooltip has it */
const day = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
/** @typedef {{ today: Intl.DateTimeFormat, thisYear: Intl.DateTimeFormat, before: Intl.DateTimeFormat }} Formats */

/** @type {Formats} */
const toTheMinute = {
  today: time,
  thisYear: new Intl.DateTimeFormat(language, day),
  before: dateAndTime,
};
/** @type {Formats} for lists in which several times may fall in the same minute */
const toTheSecond = {
  today: clock,
  thisYear: new Intl.DateTimeFormat(language, { ...day, second: '2-digit' }),
  before: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
};

/** @type {Intl.DateTimeFormatOptions} for the one time that dates a run, and for the next start */
const dayAndZone = {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
};
const withZone = new Intl.DateTimeFormat(language, dayAndZone);
const withZoneToTheSecond = new Intl.DateTimeFormat(language, { ...dayAndZone, second: '2-digit' });

/** @param {ParentNode} root */
function localise(root) {
  for (const found of root.querySelectorAll('time[datetime]:not(.ago)')) {
    const element = /** @type {HTMLTimeElement} */ (found);
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    if (element.matches('.line-time, .clock-time')) element.textContent = clock.format(moment);
    else if (element.closest('.with-zone') || (element.closest('.zone-unless-today') && !isToday(moment)))
      element.textContent = withZoneText(moment, 'seconds' in element.dataset);
    else element.textContent = textOf(moment, 'seconds' in element.dataset);
    element.lang = language;
  }
  // A tooltip in an SVG is plain text. It starts with the time, which ends after the name of the server's zone.
  for (const found of root.querySelectorAll('title[data-at]')) {
    const title = /** @type {SVGTitleElement} */ (found);
    const words = textOf(new Date(title.dataset.at ?? ''), true);
    title.textContent = title.textContent.replace(/^[^,]* UTC(?=,)/, () => words);
  }
}

/** @param {Date} moment */
function isToday(moment) {
  return moment.toDateString() === new Date().toDateString();
}

/**
 * @param {Date} moment
 * @param {boolean} isToTheSecond
 */
function withZoneText(moment, isToTheSecond) {
  return (isToTheSecond ? withZoneToTheSecond : withZone).format(moment);
}

/**
 * @param {Date} moment
 * @param {boolean} isToTheSecond
 */
function textOf(moment, isToTheSecond) {
  const formats = isToTheSecond ? toTheSecond : toTheMinute;
  if (isToday(moment)) return formats.today.format(moment);
  return (moment.getFullYear() === new Date().getFullYear() ? formats.thisYear : formats.before).format(
    moment,
  );
}

/**
 * The start of each counting element, with the attribute value it counts from. A new value restarts the count.
 * @type {WeakMap<Element, { given: string, at: number }>}
 */
const beginnings = new WeakMap();

function count() {
  for (const element of document.querySelectorAll('[data-elapsed-ms]')) {
    const given = element.getAttribute('data-elapsed-ms') ?? '';
    write(element, Number(given) + passedMs(element, given));
  }
  for (const element of document.querySelectorAll('[data-left-ms]')) {
    const given = element.getAttribute('data-left-ms') ?? '';
    // Rounded up to a whole second, as on the server: "0 s" appears only when the time is over.
    write(element, Math.max(0, Number(given) - passedMs(element, given)) + 999);
  }
}

/**
 * Returns the time in ms since the page received the given value.
 * @param {Element} element
 * @param {string} given
 */
function passedMs(element, given) {
  const now = performance.now();
  let beginning = beginnings.get(element);
  if (beginning?.given !== given) {
    beginning = { given, at: now };
    beginnings.set(element, beginning);
  }
  return now - beginning.at;
}

/**
 * @param {Element} element
 * @param {number} ms
 */
function write(element, ms) {
  const text = durationText(ms);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {number} ms */
function durationText(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Says once for all times of the page what zone they are in. */
function showZone() {
  const shown = document.getElementById('time-zone');
  const zone = new Intl.DateTimeFormat(language, { timeZoneName: 'short' })
    .formatToParts(new Date())
    .find(({ type }) => type === 'timeZoneName');
  if (shown && zone) shown.textContent = `Times in ${zone.value}`;
}

showZone();
localise(document);
document.addEventListener('jobato:content', ({ detail }) => localise(detail));
// A notice is swapped in, not morphed, so the event above does not fire for it.
document.addEventListener('htmx:afterSwap', ({ detail }) => {
  localise(detail.target);
  count();
});
count();
setInterval(count, 1000);
