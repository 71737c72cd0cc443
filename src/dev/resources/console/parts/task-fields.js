import {html} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {instantOf, localInput} from '../app/format.js';
import {errorOf, field} from './field.js';

/** @typedef {import('../api/schemas.js').Task} Task */
/** @typedef {import('../api/schemas.js').Schemas['Priority']} Priority */

/**
 * What the fields of a task contain: texts, as in the controls.
 * @typedef {object} Draft
 * @property {string} title
 * @property {string} description
 * @property {Priority} priority
 * @property {string} due_date local date and time, or empty
 * @property {string} due_on the day of an all-day task, or empty
 * @property {string} start_on the day before which it is not shown as one of today, or empty
 * @property {string} estimated_duration minutes, or empty
 */

/** @typedef {keyof Draft} DraftField */

/** @type {DraftField[]} */
export const DRAFT_FIELDS = ['title', 'description', 'priority', 'due_date', 'due_on', 'start_on', 'estimated_duration'];

/** @returns {Draft} */
export function emptyDraft() {
  return {title: '', description: '', priority: 'medium', due_date: '', due_on: '', start_on: '', estimated_duration: ''};
}

/**
 * @param {Pick<Task, 'title' | 'description' | 'priority' | 'estimated_duration'> & Partial<Pick<Task, 'due_date' | 'due_on' | 'start_on'>>} task
 * @param {string} timeZone
 * @returns {Draft}
 */
export function draftOf(task, timeZone) {
  return {
    title: task.title,
    description: task.description,
    priority: task.priority,
    // That of an all-day task is the end of its day.
    due_date: task.due_date && !task.due_on ? localInput(task.due_date, timeZone) : '',
    due_on: task.due_on ?? '',
    start_on: task.start_on ?? '',
    estimated_duration: task.estimated_duration === null ? '' : String(task.estimated_duration),
  };
}

/** As the service wants it. @param {Draft} draft @param {string} timeZone */
export function valuesOf(draft, timeZone) {
  return {
    title: draft.title,
    description: draft.description,
    priority: draft.priority,
    due_date: draft.due_date ? instantOf(draft.due_date, timeZone) : null,
    due_on: draft.due_on || null,
    start_on: draft.start_on || null,
    estimated_duration: draft.estimated_duration ? Number(draft.estimated_duration) : null,
  };
}

/** A task is due at a time or on a day. @type {Record<string, DraftField>} */
const INSTEAD_OF = {due_date: 'due_on', due_on: 'due_date'};

/**
 * Writes what a person enters into the draft; for `@input` of a form.
 * @param {object} draft
 * @param {() => void} [update] renders the form again, if that empties another field
 */
export function entering(draft, update) {
  return (/** @type {Event} */ {target}) => {
    const isControl = target instanceof HTMLInputElement || target instanceof HTMLSelectElement ||
        target instanceof HTMLTextAreaElement;
    if (isControl && Object.hasOwn(draft, target.name)) {
      Reflect.set(draft, target.name, target.value);
      const other = INSTEAD_OF[target.name];
      if (other && update && target.value && Reflect.get(draft, other)) {
        Reflect.set(draft, other, '');
        update();
      }
    }
  };
}

/**
 * @param {string} prefix of the ids
 * @param {string} label
 * @param {Draft} draft
 * @param {unknown} failure
 */
export function titleField(prefix, label, draft, failure) {
  const id = `${prefix}-title`;
  const error = errorOf(failure, 'title');
  return field(id, label, html`<input id=${id} name="title" required autocomplete="off" .value=${live(draft.title)}
    aria-invalid=${Boolean(error)} aria-describedby=${`${id}-error`}>`, error);
}

/** @param {string} prefix @param {Draft} draft @param {unknown} failure */
export function descriptionField(prefix, draft, failure) {
  const id = `${prefix}-description`;
  const error = errorOf(failure, 'description');
  return field(id, 'Description', html`<textarea id=${id} name="description" rows="3" .value=${live(draft.description)}
    aria-invalid=${Boolean(error)} aria-describedby=${`${id}-error`}></textarea>`, error);
}

/** @param {string} prefix @param {Draft} draft @param {unknown} failure */
export function priorityField(prefix, draft, failure) {
  const id = `${prefix}-priority`;
  return field(id, 'Priority', html`<select id=${id} name="priority" .value=${live(draft.priority)}
    aria-describedby=${`${id}-error`}>
    <option value="high">High</option><option value="medium">Medium</option><option value="low">Low</option>
  </select>`, errorOf(failure, 'priority'));
}

/** @param {string} prefix @param {Draft} draft @param {unknown} failure */
export function estimateField(prefix, draft, failure) {
  const id = `${prefix}-estimate`;
  const error = errorOf(failure, 'estimated_duration');
  return field(id, 'Estimated minutes', html`<input id=${id} name="estimated_duration" type="number" inputmode="numeric"
    .value=${live(draft.estimated_duration)} aria-invalid=${Boolean(error)} aria-describedby=${`${id}-error`}>`, error);
}

/**
 * @param {string} prefix
 * @param {string} label
 * @param {Draft} draft
 * @param {string} error
 */
export function dueField(prefix, label, draft, error) {
  const id = `${prefix}-due`;
  return field(id, label, html`<input id=${id} name="due_date" type="datetime-local" .value=${live(draft.due_date)}
    aria-invalid=${Boolean(error)} aria-describedby=${`${id}-error`}>`, error);
}

/**
 * A day without a time.
 * @param {string} prefix
 * @param {string} label
 * @param {'due_on' | 'start_on'} name
 * @param {Draft} draft
 * @param {unknown} failure
 */
export function dayField(prefix, label, name, draft, failure) {
  const id = `${prefix}-${name}`;
  const error = errorOf(failure, name);
  return field(id, label, html`<input id=${id} name=${name} type="date" .value=${live(draft[name])}
    aria-invalid=${Boolean(error)} aria-describedby=${`${id}-error`}>`, error);
}
