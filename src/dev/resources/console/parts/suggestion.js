import {html, nothing} from '../lit-html/lit-html.js';
import {isSignedOut, sentence} from '../api/failures.js';
import {dateTime} from '../app/format.js';
import {ApiError, Intent} from '../sdk/index.js';
import {icon} from './icons.js';

/** @typedef {import('../api/schemas.js').Schemas['ActionType']} ActionType */

/**
 * What a suggestion would set: fields of a task, or the titles of subtasks.
 * @typedef {object} Data
 * @property {string} [title]
 * @property {string} [description]
 * @property {import('../api/schemas.js').Task['priority']} [priority]
 * @property {string | null} [due_date]
 * @property {number | null} [estimated_duration]
 * @property {{title: string}[]} [subtasks]
 */

/**
 * A suggestion as it can be stored.
 * @typedef {object} Stored
 * @property {string} id
 * @property {ActionType} type
 * @property {string} description one line
 * @property {Data} data
 * @property {'open' | 'confirming' | 'confirmed' | 'refused' | 'dismissed'} [state]
 * @property {string} [message]
 * @property {{key: string, request: string}} [intent]
 */

const PRIORITIES = {low: 'Low', medium: 'Medium', high: 'High'};

/** @type {Record<string, string>} */
const CONFIRM = {
  create_task: 'Create task',
  convert_note: 'Create task',
  update_task: 'Change task',
  complete_task: 'Complete task',
  create_subtasks: 'Add subtasks',
};

/** A change that the assistant suggests. Nothing happens before the person confirms it, which is possible once. */
export class Suggestion {
  /** @param {Stored} stored */
  constructor({id, type, description, data, state = 'open', message = '', intent}) {
    this.id = id;
    this.type = type;
    this.description = description;
    this.data = data;
    // A confirmation that a reload interrupted can be sent again: it has the same key.
    /** @type {NonNullable<Stored['state']>} */
    this.state = state === 'confirming' ? 'open' : state;
    this.message = message;
    this.intent = new Intent(intent);
  }

  /**
   * @param {import('../app/app.js').App} app
   * @param {() => void} changed
   * @returns {Promise<boolean>} whether it has happened
   */
  async confirm(app, changed) {
    this.state = 'confirming';
    this.message = '';
    try {
      const confirming = app.api.post('/api/v1/ai/confirm-action',
          {body: {suggestion_id: this.id}, intent: this.intent});
      changed();
      const {data} = await confirming;
      this.state = 'confirmed';
      this.message = data.due_date_dropped ? 'Done, without the due date, which has passed.' : 'Done.';
      return true;
    } catch (thrown) {
      this.state = isFinal(thrown) ? 'refused' : 'open';
      this.message = isSignedOut(thrown) ? '' : sentence(thrown);
      return false;
    } finally {
      changed();
    }
  }

  dismiss() {
    this.state = 'dismissed';
    this.message = '';
  }

  /** @returns {Stored} */
  toJSON() {
    const {id, type, description, data, state, message, intent} = this;
    return {id, type, description, data, state, message, intent: intent.toJSON()};
  }
}

/** What another attempt cannot change: confirmed before, expired, or the task is another one by now. */
const FINAL = ['CONFLICT', 'NOT_FOUND', 'FORBIDDEN', 'VALIDATION_ERROR'];

/** @param {unknown} thrown */
function isFinal(thrown) {
  return thrown instanceof ApiError && FINAL.includes(thrown.code);
}

/**
 * The card of a suggestion: what would change, and the decision.
 * @param {Suggestion} suggestion
 * @param {{timeZone: string, confirm: () => void, dismiss: () => void, footer?: unknown}} options
 */
export function suggestionCard(suggestion, {timeZone, confirm, dismiss, footer = nothing}) {
  const {id, type, description, data, state, message} = suggestion;
  const isDecided = ['confirmed', 'refused', 'dismissed'].includes(state);
  const isBusy = state === 'confirming';
  return html`
    <div class="suggestion ${state}" role="group" aria-labelledby=${`suggestion-${id}`}>
      <p id=${`suggestion-${id}`} tabindex="-1">
        ${icon(state === 'confirmed' ? 'check' : 'assistant')} <strong>${description}</strong></p>
      ${state === 'dismissed' ? nothing : changes(type, data, timeZone)}
      <div class="row">
        ${isDecided ? nothing : html`
          <button type="button" class="primary" ?disabled=${isBusy} @click=${confirm}>
            ${icon('check')} ${CONFIRM[type] ?? 'Confirm'}</button>
          <button type="button" ?disabled=${isBusy} @click=${dismiss}>Dismiss</button>`}
        <span role="status" class="outcome ${state === 'confirmed' ? '' : 'field-error'}">${message}</span>
        ${state === 'dismissed' ? html`<span class="tag">Dismissed</span>` : nothing}
        ${state === 'confirmed' ? html`<a href="#/today">Show tasks</a>` : nothing}
        ${footer}
      </div>
    </div>`;
}

/** Keeps the focus at a suggestion whose buttons are gone. @param {Suggestion} suggestion */
export function focusSuggestion({id}) {
  document.getElementById(`suggestion-${id}`)?.focus();
}

/** @param {ActionType} type @param {Data} data @param {string} timeZone */
function changes(type, {title, description, priority, due_date, estimated_duration, subtasks}, timeZone) {
  /** @type {[string, string][]} */
  const fields = [];
  // The line above has the title of a new task.
  if (title && type !== 'create_task' && type !== 'convert_note') {
    fields.push(['Title', title]);
  }
  if (description) {
    fields.push(['Description', description]);
  }
  if (priority) {
    fields.push(['Priority', PRIORITIES[priority]]);
  }
  if (due_date) {
    fields.push(['Due', dateTime(due_date, timeZone)]);
  }
  if (estimated_duration) {
    fields.push(['Estimate', `${estimated_duration} min`]);
  }
  return html`
    ${fields.length > 0 ? html`<dl class="changes">${fields.map(([name, value]) => html`
      <div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>` : nothing}
    ${subtasks ? html`<ul class="new-subtasks">${subtasks.map(step => html`<li>${step.title}</li>`)}</ul>` : nothing}`;
}
