// Lets htmx update an element in place, with Idiomorph. Focus, selection, open <details>, typed values and scrolling
// survive.

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
 * Keeps what readers opened, typed or chose, which is unknown to the server.
 * @param {Element} target
 * @returns {IdiomorphCallbacks}
 */
function callbacksFor(target) {
  const chosen = new Set([...target.querySelectorAll('select')].filter(isChosen));
  return {
    beforeNodeMorphed: (current, wanted) =>
      !(current instanceof Element && wanted instanceof Element && isKept(current, wanted)),
    beforeAttributeUpdated(name, element) {
      if (name === 'open') return !(element instanceof HTMLDetailsElement);
      if (element instanceof HTMLOptionElement)
        return name !== 'selected' || !chosen.has(/** @type {HTMLSelectElement} */ (element.parentElement));
      if (!(element instanceof HTMLInputElement)) return true;
      if (name === 'checked') return element.checked === element.defaultChecked;
      return name !== 'value' || element.value === element.defaultValue;
    },
  };
}

/**
 * Returns true if the reader chose another option than the page had.
 * @param {HTMLSelectElement} select
 */
function isChosen({ options }) {
  const isAsWritten = [...options].every((option) => option.selected === option.defaultSelected);
  const hasDefault = [...options].some((option) => option.defaultSelected);
  return hasDefault ? !isAsWritten : options.selectedIndex > 0;
}

/**
 * Keeps the order of rows while the page is open: a row that moved away would be hard to follow and to press. New rows
 * come last. A reload sorts them.
 * @param {Element} target
 * @param {Element} next
 */
function keepOrder(target, next) {
  for (const list of next.querySelectorAll('[data-stable-order]')) {
    const present = [...(target.querySelector('[data-stable-order]')?.children ?? [])].map(({ id }) => id);
    const place = new Map(present.map((id, index) => [id, index]));
    const placeOf = (/** @type {Element} */ { id }) => place.get(id) ?? Infinity;
    const rows = [...list.children];
    list.append(
      ...rows.sort((one, other) =>
        placeOf(one) < placeOf(other) ? -1 : placeOf(one) > placeOf(other) ? 1 : 0,
      ),
    );
  }
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
    keepOrder(target, next);
    window.Idiomorph.morph(target, next, { callbacks: callbacksFor(target) });
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
