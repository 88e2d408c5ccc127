// Says aloud that a status has changed, once, and nothing of what only counts on: each element with `data-announce`
// says what it is worth hearing when that becomes something else.

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
