// Sends an incomplete date, such as 30 February, as text that the server rejects at its field. Browsers would send
// nothing, which means "not given". Without JavaScript, the browser shows its own message.

const form = /** @type {HTMLFormElement} */ (document.getElementById('run-form'));
form.noValidate = true;

form.addEventListener('formdata', ({ formData }) => {
  for (const field of form.elements) {
    if (field instanceof HTMLInputElement && field.type === 'date' && field.validity.badInput)
      formData.set(field.name, 'incomplete');
  }
});
