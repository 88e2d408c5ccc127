// Puts times into the reader's zone and language, and lets durations go on counting, up or down. The server writes UTC, which
// is what is shown without this script; the exact UTC time stays in the markup and the tooltip.

const language = navigator.language;
const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
const dateAndTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
/** Within a year the year goes without saying; the tooltip has it. */
const day = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
const toTheMinute = {
  today: time,
  thisYear: new Intl.DateTimeFormat(language, day),
  before: dateAndTime,
};
/** Where several may be of the same minute. */
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
  // A tooltip in a drawing is plain text: its time stands at its beginning, up to the name of the server's zone.
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

/** Where each counting element began, by its attribute: an update from the server begins anew. */
const beginnings = new WeakMap();

function count() {
  for (const element of document.querySelectorAll('[data-elapsed-ms]')) {
    const given = element.dataset.elapsedMs;
    write(element, Number(given) + passedMs(element, given));
  }
  for (const element of document.querySelectorAll('[data-left-ms]')) {
    const given = element.dataset.leftMs;
    // Up to the next whole second, as the server does: "0 s" is when it really is over.
    write(element, Math.max(0, Number(given) - passedMs(element, given)) + 999);
  }
}

/** Since the server said so. */
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
  const twoDigits = (value) => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${twoDigits(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${twoDigits(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

localise(document);
document.addEventListener('jobato:content', ({ detail }) => localise(detail));
// A notice is no update of what is there, so it comes without the event above.
document.addEventListener('htmx:afterSwap', ({ detail }) => {
  localise(detail.target);
  count();
});
count();
setInterval(count, 1000);
