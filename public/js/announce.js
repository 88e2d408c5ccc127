// Announces each status change to screen readers once, and leaves out counters that only tick. An element with
// `data-announce` carries its text, which is announced when it changes.

const place = document.getElementById('announcement');
const heard = new Map();

function listen(isFirst) {
  const news = [];
  for (const { id, dataset } of document.querySelectorAll('[data-announce]')) {
    if (!isFirst && heard.has(id) && heard.get(id) !== dataset.announce) news.push(dataset.announce);
    heard.set(id, dataset.announce);
  }
  if (news.length > 0) place.textContent = news.join(' ');
}

listen(true);
document.body.addEventListener('htmx:afterSettle', () => listen(false));
