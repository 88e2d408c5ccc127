// Writes numbers as the reader's language does. The server writes them as English does, "1,234.5", which is what is
// shown without this script. Elements that hold such numbers have the attribute data-numbers.

const language = navigator.language;
/** One of ours, by itself: not a part of a name, a version or a time. */
const NUMBER = /(?<![\w.,:-])-?(?:0|[1-9]\d{0,2}(?:,\d{3})*)(?:\.\d+)?(?![\w:-]|[.,]\d)/g;

function localise(root) {
  for (const element of root.querySelectorAll('[data-numbers=""]')) {
    element.dataset.numbers = 'local'; // or it would be read once more, as if it were English
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) node.nodeValue = node.nodeValue.replace(NUMBER, local);
    }
  }
}

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
  // A notice is no update of what is there, so it comes without the event above.
  document.addEventListener('htmx:afterSwap', ({ detail }) => localise(detail.target));
}
