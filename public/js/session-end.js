// After the session ends, the server answers with the sign-in page, which must not be shown inside this one.
// Several readers detect that at about the same time. The page navigates only once, because a second navigation
// would cancel the first.

let isLeaving = false;

document.addEventListener('jobato:session-ended', () => {
  if (isLeaving) return;
  isLeaving = true;
  const next = encodeURIComponent(location.pathname + location.search + location.hash);
  location.assign(`${document.body.dataset.loginHref}?ended=on&next=${next}`);
});
// A page restored from the back-forward cache must be able to redirect again.
window.addEventListener('pageshow', () => (isLeaving = false));
