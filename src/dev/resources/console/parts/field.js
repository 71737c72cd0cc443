import {html, nothing} from '../lit-html/lit-html.js';
import {sentence} from '../api/failures.js';
import {ApiError} from '../sdk/index.js';

/**
 * A label, its control, and what the service found wrong with it. The message is no part of the label, so that the name
 * of the control stays the same; the control refers to it by `aria-describedby=${id}-error`.
 * @param {string} id of the control
 * @param {string} label
 * @param {unknown} control template
 * @param {string} error empty if there is none
 */
export function field(id, label, control, error) {
  return html`<div class="field"><label for=${id}>${label}</label>${control}
    <p class="field-error" id=${`${id}-error`}>${error}</p></div>`;
}

/** What is wrong with a field; empty if nothing is. @param {unknown} failure @param {string} name */
export function errorOf(failure, name) {
  return failure instanceof ApiError ? failure.field(name) : '';
}

/**
 * The failure of a form, as far as no field shows it.
 * @param {unknown} failure undefined if there is none
 * @param {string[]} names of the fields that show their part
 */
export function formError(failure, names) {
  if (failure === undefined) {
    return nothing;
  }
  const details = failure instanceof ApiError ? failure.details : [];
  const others = details.filter(({field: name}) => !names.includes(name));
  const text = details.length === 0
    ? sentence(failure)
    : others.length > 0
      ? others.map(({field: name, message}) => `${name} ${message}`).join('; ')
      : 'Check the marked fields.';
  return html`<p class="failure" role="alert">${text}</p>`;
}

/** Moves the focus to the first field that is invalid. @param {ParentNode | null} form */
export function focusInvalid(form) {
  const control = form?.querySelector('[aria-invalid="true"]');
  if (control instanceof HTMLElement) {
    control.focus();
  }
}
