// The session is over: what the server answers with is the page to sign in at, which is no part of this one. All that
// read from the server hear of it at about the same time; the page is left once, or each would cut off the one before.

let isLeaving = false;

document.addEventListener('jobato:session-ended', () => {
  if (isLeaving) return;
  isLeaving = true;
  const next = encodeURIComponent(location.pathname + location.search + location.hash);
  location.assign(`${document.body.dataset.loginHref}?ended=on&next=${next}`);
});
// Who comes back to the page as it was is led there again.
window.addEventListener('pageshow', () => (isLeaving = false));
