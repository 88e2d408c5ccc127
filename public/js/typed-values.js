// Keeps the values typed into a project form when the session ends before the form is sent. They are stored for
// this tab only and restored after signing in.

const TYPED = 'jobato.typed';
const form = document.getElementById('run-form');
const isKept = (name) => name === 'scope' || name.startsWith('param.');

document.addEventListener('jobato:session-ended', () => {
  const values = [...new FormData(form)].filter(([name]) => isKept(name));
  try {
    sessionStorage.setItem(TYPED, JSON.stringify({ path: location.pathname, values }));
  } catch {
    // Without storage, the values must be typed again.
  }
});

function takeBack() {
  const { path, values } = JSON.parse(sessionStorage.getItem(TYPED) ?? '{}');
  sessionStorage.removeItem(TYPED);
  if (path !== location.pathname) return;
  for (const field of form.elements) {
    const typed = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (typed.length === 0 || field.type === 'hidden') continue;
    // Each checkbox has a hidden "false" field before it.
    if (field.type === 'checkbox') field.checked = typed.includes(field.value);
    else field.value = typed[0];
  }
  document.querySelector('details.params')?.setAttribute('open', '');
  form.elements.scope.dispatchEvent(new Event('change', { bubbles: true }));
}

try {
  takeBack();
} catch {
  // Without storage, there is nothing to restore.
}
