// Keeps the values typed into a project form when the session ends before the form is sent. They are stored for
// this tab only and restored after signing in. Secrets are not stored.

const TYPED = 'jobato.typed';
const form = /** @type {HTMLFormElement} */ (document.getElementById('run-form'));
/** @param {string} name */
const isSecret = (name) =>
  /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name))?.type === 'password';
/** @param {string} name */
const isKept = (name) => name === 'scope' || (name.startsWith('param.') && !isSecret(name));

document.addEventListener('jobato:session-ended', () => {
  const values = [...new FormData(form)].filter(([name]) => isKept(name));
  try {
    sessionStorage.setItem(TYPED, JSON.stringify({ path: location.pathname, values }));
  } catch {
    // Without storage, the values must be typed again.
  }
});

function takeBack() {
  /** @type {{ path?: string, values?: [string, string][] }} */
  const { path, values = [] } = JSON.parse(sessionStorage.getItem(TYPED) ?? '{}');
  sessionStorage.removeItem(TYPED);
  if (path !== location.pathname) return;
  for (const element of form.elements) {
    const field = /** @type {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} */ (element);
    const typed = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (typed[0] === undefined || field.type === 'hidden') continue;
    // Each checkbox has a hidden "false" field before it.
    if (field instanceof HTMLInputElement && field.type === 'checkbox')
      field.checked = typed.includes(field.value);
    else field.value = typed[0];
  }
  document.querySelector('details.params')?.setAttribute('open', '');
  document.getElementById('scope')?.dispatchEvent(new Event('change', { bubbles: true }));
}

try {
  takeBack();
} catch {
  // Without storage, there is nothing to restore.
}
