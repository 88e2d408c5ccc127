// Formats numbers for the reader's language. The server writes them in English format ("1,234.5"), which also
// applies without this script. Elements with such numbers have the attribute data-numbers.

const language = navigator.language;
/** A number written by the server, but not one inside a name, a version or a time. */
const NUMBER = /(?<![\w.,:-])-?(?:0|[1-9]\d{0,2}(?:,\d{3})*)(?:\.\d+)?(?![\w:-]|[.,]\d)/g;

/** @param {ParentNode} root */
function localise(root) {
  for (const element of root.querySelectorAll('[data-numbers=""]')) {
    element.setAttribute('data-numbers', 'local'); // a second pass would parse the localised number as English
    for (const node of element.childNodes) {
      if (node instanceof Text) node.data = node.data.replace(NUMBER, local);
    }
  }
}

/** @param {string} english */
function local(english) {
  const decimals = english.split('.')[1]?.length ?? 0;
  return Number(english.replaceAll(',', '')).toLocaleString(language, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

if ((-1234567.5).toLocaleString(language) !== '-1,234,567.5') {
  localise(document);
  document.addEventListener('jobato:content', ({ detail }) => localise(detail));
  // A notice is swapped in, not morphed, so the event above does not fire for it.
  document.addEventListener('htmx:afterSwap', ({ detail }) => localise(detail.target));
}
