// Listeners of forms.

/** Submits without leaving the page. @param {() => void} submit @returns {(event: Event) => void} */
export function onSubmit(submit) {
  return event => {
    event.preventDefault();
    submit();
  };
}

/** Passes the value of a field. @param {(value: string) => void} use @returns {(event: Event) => void} */
export function onValue(use) {
  return ({target}) => use(/** @type {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} */ (target).value);
}

/** Whether the keys save a longer text, in which Enter begins a line. @param {KeyboardEvent} event */
export function isSaving({key, ctrlKey, metaKey}) {
  return key === 'Enter' && (ctrlKey || metaKey);
}
