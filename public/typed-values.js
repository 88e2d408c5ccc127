// What is typed into the form of a project is not lost where the session ends before it is sent: it waits, in this tab only,
// for who comes back to the page by signing in.

const TYPED = 'jobato.typed';
const form = document.getElementById('run-form');
const isKept = (name) => name === 'scope' || name.startsWith('param.');

document.addEventListener('jobato:session-ended', () => {
  const values = [...new FormData(form)].filter(([name]) => isKept(name));
  try {
    sessionStorage.setItem(TYPED, JSON.stringify({ path: location.pathname, values }));
  } catch {
    // Where nothing may be stored, it has to be typed again.
  }
});

function takeBack() {
  const { path, values } = JSON.parse(sessionStorage.getItem(TYPED) ?? '{}');
  sessionStorage.removeItem(TYPED);
  if (path !== location.pathname) return;
  for (const field of form.elements) {
    const typed = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (typed.length === 0 || field.type === 'hidden') continue;
    // A checkbox is preceded by its "false".
    if (field.type === 'checkbox') field.checked = typed.includes(field.value);
    else field.value = typed[0];
  }
  document.querySelector('details.params')?.setAttribute('open', '');
  form.elements.scope.dispatchEvent(new Event('change', { bubbles: true }));
}

try {
  takeBack();
} catch {
  // As above.
}
