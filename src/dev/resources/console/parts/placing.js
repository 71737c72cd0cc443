import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {onValue} from './forms.js';
import {dot} from './icons.js';

/** @typedef {import('../api/schemas.js').Schemas} Schemas */

/**
 * Where a task can be put.
 * @typedef {object} Places
 * @property {Schemas['TaskList'][]} lists
 * @property {Schemas['Label'][]} labels
 */

/** @type {Places} */
export const NO_PLACES = {lists: [], labels: []};

/** @param {import('../api/client.js').ApiClient} api @returns {Promise<Places>} */
export async function loadPlaces(api) {
  const [lists, labels] = await Promise.all([api.get('/api/v1/lists'), api.get('/api/v1/labels')]);
  return {lists: lists.data, labels: labels.data};
}

/**
 * The list and the labels of a task.
 * @param {string} prefix of the ids
 * @param {Places} places
 * @param {{list_id?: string | null, label_ids?: string[]}} task
 * @param {(id: string | null) => void} place
 * @param {(id: string) => void} label adds or removes a label
 */
export function placingFields(prefix, {lists, labels}, {list_id = null, label_ids = []}, place, label) {
  return html`
    <div class="field"><label for=${`${prefix}-list`}>List</label>
      <select id=${`${prefix}-list`} .value=${live(list_id ?? '')} @change=${onValue(value => place(value || null))}>
        <option value="" ?selected=${!list_id}>Inbox</option>
        ${lists.map(({id, name}) => html`<option value=${id} ?selected=${id === list_id}>${name}</option>`)}
      </select></div>
    ${labels.length === 0 ? nothing : html`
      <fieldset class="row"><legend>Labels</legend>${labels.map(({id, name, colour}) => html`
        <label class="choice"><input type="checkbox" .checked=${live(label_ids.includes(id))} @change=${() => label(id)}>
          ${dot(colour)} ${name}</label>`)}</fieldset>`}`;
}

/** With the label added, or removed if it is there. @param {string[]} ids @param {string} id */
export function toggled(ids, id) {
  return ids.includes(id) ? ids.filter(other => other !== id) : [...ids, id];
}
