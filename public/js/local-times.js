// Shows times in the reader's time zone and language, and keeps durations and countdowns ticking. The server writes
// UTC, which also applies without this script. The exact UTC time stays in the markup and the tooltip.

const language = navigator.language;
const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
const dateAndTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
/** Times of this year omit the year; the tooltip has it. */
const day = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
const toTheMinute = {
  today: time,
  thisYear: new Intl.DateTimeFormat(language, day),
  before: dateAndTime,
};
/** For lists in which several times may fall in the same minute. */
const toTheSecond = {
  today: clock,
  thisYear: new Intl.DateTimeFormat(language, { ...day, second: '2-digit' }),
  before: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
};

function localise(root) {
  for (const element of root.querySelectorAll('time[datetime]:not(.ago)')) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const isWithinLog = element.matches('.line-time, .clock-time');
    element.textContent = isWithinLog ? clock.format(moment) : textOf(moment, 'seconds' in element.dataset);
    element.lang = language;
  }
  // A tooltip in an SVG is plain text. It starts with the time, which ends after the name of the server's zone.
  for (const title of root.querySelectorAll('title[data-at]')) {
    const words = textOf(new Date(title.dataset.at), true);
    title.textContent = title.textContent.replace(/^[^,]* UTC(?=,)/, () => words);
  }
}

function textOf(moment, isToTheSecond) {
  const formats = isToTheSecond ? toTheSecond : toTheMinute;
  const today = new Date();
  if (moment.toDateString() === today.toDateString()) return formats.today.format(moment);
  return (moment.getFullYear() === today.getFullYear() ? formats.thisYear : formats.before).format(moment);
}

/** The start of each counting element, with the attribute value it counts from. A new value restarts the count. */
const beginnings = new WeakMap();

function count() {
  for (const element of document.querySelectorAll('[data-elapsed-ms]')) {
    const given = element.dataset.elapsedMs;
    write(element, Number(given) + passedMs(element, given));
  }
  for (const element of document.querySelectorAll('[data-left-ms]')) {
    const given = element.dataset.leftMs;
    // Rounded up to a whole second, as on the server: "0 s" appears only when the time is over.
    write(element, Math.max(0, Number(given) - passedMs(element, given)) + 999);
  }
}

/** Returns the time in ms since the page received the given value. */
function passedMs(element, given) {
  const now = performance.now();
  let beginning = beginnings.get(element);
  if (beginning?.given !== given) beginnings.set(element, (beginning = { given, at: now }));
  return now - beginning.at;
}

function write(element, ms) {
  const text = durationText(ms);
  if (element.textContent !== text) element.textContent = text;
}

function durationText(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

localise(document);
document.addEventListener('jobato:content', ({ detail }) => localise(detail));
// A notice is swapped in, not morphed, so the event above does not fire for it.
document.addEventListener('htmx:afterSwap', ({ detail }) => {
  localise(detail.target);
  count();
});
count();
setInterval(count, 1000);
