// Lets htmx update an element in place. Focus, selection, open <details> and scrolling survive. htmx 4 has
// "outerMorph" built in; this extension gives htmx 2 the same.

/**
 * Set by readers or by scripts of the page, and unknown to the server. Updates keep them.
 * @type {Record<string, string[] | undefined>}
 */
const KEPT_ATTRIBUTES = { DETAILS: ['open'] };

/**
 * @param {Element} current
 * @param {Element} next
 */
function morph(current, next) {
  if (current.tagName !== next.tagName) {
    current.replaceWith(next);
    return;
  }
  morphAttributes(current, next);
  morphChildren(current, next);
}

/**
 * @param {Element} current
 * @param {Element} next
 */
function morphAttributes(current, next) {
  const kept = KEPT_ATTRIBUTES[current.tagName] ?? [];
  for (const { name, value } of [...next.attributes]) {
    if (!kept.includes(name) && current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  for (const { name } of [...current.attributes]) {
    if (!kept.includes(name) && !next.hasAttribute(name)) current.removeAttribute(name);
  }
}

/**
 * An answer stays beside its button until the next answer, although updates contain none. An answer about a run
 * stays only while `data-kept` of the update names that run.
 * @param {Element} element
 * @param {Element} wanted
 */
function isKept(element, wanted) {
  if (!element.hasAttribute('data-kept')) return false;
  const about = element.firstElementChild?.getAttribute('data-about');
  return !about || about === wanted.getAttribute('data-kept');
}

/**
 * Matches children with an id wherever they are, and the others in their order.
 * @param {Element} current
 * @param {Element} next
 */
function morphChildren(current, next) {
  let place = current.firstChild;
  for (const wanted of [...next.childNodes]) {
    const match = matchFor(wanted, place, current, next);
    if (match === null) {
      current.insertBefore(wanted, place);
      continue;
    }
    if (match === place) place = place.nextSibling;
    else current.insertBefore(match, place);
    if (!(match instanceof Element && wanted instanceof Element)) {
      if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue;
    } else if (!isKept(match, wanted) && !match.isEqualNode(wanted)) {
      morphAttributes(match, wanted);
      morphChildren(match, wanted);
    }
  }
  while (place !== null) {
    const following = place.nextSibling;
    place.remove();
    place = following;
  }
}

/**
 * @param {Node} wanted
 * @param {Node | null} place
 * @param {Element} current
 * @param {Element} next
 */
function matchFor(wanted, place, current, next) {
  if (wanted instanceof Element && wanted.id) {
    return (
      [...current.children].find((child) => child.id === wanted.id && child.tagName === wanted.tagName) ??
      null
    );
  }
  for (let candidate = place; candidate !== null; candidate = candidate.nextSibling) {
    const id = candidate instanceof Element ? candidate.id : '';
    if (candidate.nodeName === wanted.nodeName && !id) return candidate;
    if (id && next.querySelector(`#${CSS.escape(id)}`) !== null) return null;
  }
  return null;
}

window.htmx.defineExtension('morph', {
  isInlineSwap: (swapStyle) => swapStyle === 'outerMorph',
  handleSwap(swapStyle, target, fragment) {
    const next = /** @type {DocumentFragment} */ (fragment).firstElementChild;
    if (swapStyle !== 'outerMorph' || !(target instanceof Element) || !next) return false;
    const focused = document.activeElement ?? document.body;
    const row = focused.closest('tr, li');
    // Lets scripts of the page localise the new content before the comparison with the current content.
    document.dispatchEvent(new CustomEvent('jobato:content', { detail: next }));
    morph(target, next);
    keepFocusNear(focused, row);
    return [target];
  },
});

/**
 * If the focused element is gone or disabled, moves the focus nearby: to the link of its row or to its bar. Never
 * focuses another button, because the next key press would trigger it.
 * @param {Element} focused
 * @param {Element | null} row
 */
function keepFocusNear(focused, row) {
  if (focused === document.body || (focused.isConnected && !focused.matches(':disabled'))) return;
  const name = row?.isConnected ? row.querySelector('a[href]') : null;
  const near = name ?? document.querySelector('.operation-bar') ?? document.getElementById('main');
  /** @type {HTMLElement} */ (near).focus({ preventScroll: true });
}
