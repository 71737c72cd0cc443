import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {instantOf} from '../app/format.js';
import {icon} from '../parts/icons.js';
import {ACTIONS} from './activity-words.js';

/** @typedef {import('../api/schemas.js').Schemas['EntityType']} EntityType */
/** @typedef {import('../api/schemas.js').Schemas['ActivitySource']} ActivitySource */

/** @type {Record<EntityType, string>} */
const TYPES = {
  task: 'Tasks',
  subtask: 'Subtasks',
  template: 'Recurring tasks',
  list: 'Lists',
  label: 'Labels',
  filter: 'Filters',
  note: 'Notes',
  reminder: 'Reminders',
  focus: 'Focus',
  ai: 'Assistant',
  credit: 'Credits',
  subscription: 'Subscription',
  achievement: 'Achievements',
  user: 'Account',
};

/** @type {Record<ActivitySource, string>} */
export const SOURCES = {user: 'You', ai: 'Assistant', system: 'System'};

const NONE = {entity_type: '', entity_id: '', action: '', source: '', since: ''};

/** Which entries of the log are wanted. */
export class Filters {
  #values = NONE;
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  get isActive() {
    return Object.values(this.#values).some(Boolean);
  }

  /**
   * As the contract names them.
   * @param {string} timeZone in which a day begins
   */
  query(timeZone) {
    const {entity_type, entity_id, action, source, since} = this.#values;
    return {
      entity_type: /** @type {EntityType | undefined} */ (entity_type || undefined),
      entity_id,
      action,
      source: /** @type {ActivitySource | undefined} */ (source || undefined),
      since: since ? instantOf(`${since}T00:00`, timeZone) : undefined,
    };
  }

  /** Only what happened to one thing. @param {string} id */
  only(id) {
    this.#set({...NONE, entity_id: id});
  }

  template() {
    const {entity_type, action, source, since, entity_id} = this.#values;
    const actions = Object.entries(ACTIONS).filter(([name]) => isOf(name, entity_type));
    return html`
      <search class="filters" aria-label="Filters">
        ${this.#select('About', 'entity_type', entity_type, Object.entries(TYPES))}
        ${this.#select('Action', 'action', action, actions.map(([name, {label}]) => [name, label]))}
        ${this.#select('By', 'source', source, Object.entries(SOURCES))}
        <label>Since <input type="date" .value=${live(since)} @change=${this.#changedField('since')}></label>
      </search>
      ${this.isActive ? html`
        <div class="row">
          <span class="faint">${entity_id ? 'Only entries of one thing' : 'Filtered'}</span>
          <button class="link" @click=${() => this.#set(NONE)}>${icon('close')} Show all activity</button>
        </div>` : nothing}`;
  }

  /**
   * @param {string} label
   * @param {keyof typeof NONE} name
   * @param {string} value
   * @param {[string, string][]} options
   */
  #select(label, name, value, options) {
    return html`
      <label>${label}
        <select .value=${live(value)} @change=${this.#changedField(name)}>
          <option value="">All</option>
          ${repeat(options, ([id]) => id, ([id, text]) => html`<option value=${id}>${text}</option>`)}
        </select></label>`;
  }

  /** @param {keyof typeof NONE} name */
  #changedField(name) {
    return (/** @type {Event} */ event) => {
      const value = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target).value;
      const values = {...this.#values, [name]: value};
      this.#set(isOf(values.action, values.entity_type) ? values : {...values, action: ''});
    };
  }

  /** @param {typeof NONE} values */
  #set(values) {
    this.#values = values;
    this.#changed();
  }
}

/**
 * Whether an action can be one of a type: it begins with the type, unless it is about a payment.
 * @param {string} action
 * @param {string} type
 */
function isOf(action, type) {
  const isPayment = action.startsWith('payment_') && ['credit', 'subscription'].includes(type);
  return !type || !action || action.startsWith(type) || isPayment;
}
