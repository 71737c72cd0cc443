import {html, nothing} from '../lit-html/lit-html.js';
import {date, dateTime, duration, instantOf} from '../app/format.js';
import {DRAFT_FIELDS} from '../parts/task-fields.js';

/** @typedef {import('../parts/task-fields.js').Draft} Draft */
/** @typedef {import('../parts/task-fields.js').DraftField} DraftField */

/** @type {Record<DraftField, string>} */
const LABELS = {
  title: 'Title',
  description: 'Description',
  priority: 'Priority',
  due_date: 'Due',
  due_on: 'All day',
  start_on: 'Start',
  estimated_duration: 'Estimated minutes',
};

/**
 * A field that was changed elsewhere in the meantime, and has another value here.
 * @typedef {object} Difference
 * @property {DraftField} name
 * @property {string} mine
 * @property {string} theirs
 * @property {'mine' | 'theirs'} kept
 */

/** The fields that differ because the task was saved elsewhere after it was opened here, and the choice for each. */
export class Conflict {
  /**
   * @param {Draft} before as it was opened
   * @param {Draft} mine as it is in the form
   * @param {import('../api/schemas.js').Task} task as it is saved now
   * @param {Draft} theirs the same as a draft
   */
  constructor(before, mine, task, theirs) {
    this.task = task;
    this.theirs = theirs;
    /** @type {Difference[]} */
    this.differences = DRAFT_FIELDS
        .filter(name => theirs[name] !== before[name] && theirs[name] !== mine[name])
        .map(name => ({
          name,
          mine: mine[name],
          theirs: theirs[name],
          // By default, a field that was not edited here keeps the saved value.
          kept: mine[name] === before[name] ? 'theirs' : 'mine',
        }));
  }

  /** The fields that were edited here, and elsewhere to something else. */
  get contested() {
    return this.differences.filter(({kept}) => kept === 'mine');
  }

  /** The names of all fields that differ, for people. */
  get names() {
    return this.differences.map(({name}) => LABELS[name]).join(', ');
  }

  /** The form's content after the choice. @param {Draft} mine @returns {Draft} */
  resolved(mine) {
    const taken = this.differences.filter(({kept}) => kept === 'theirs').map(({name, theirs}) => [name, theirs]);
    return {...mine, ...Object.fromEntries(taken)};
  }

  /**
   * @param {string} timeZone
   * @param {() => void} save
   * @param {() => void} back
   */
  template(timeZone, save, back) {
    return html`
      <section class="stack conflict" aria-labelledby="conflict-title">
        <h3 id="conflict-title" tabindex="-1">This task was changed in the meantime</h3>
        <p>Choose for each field what stays.</p>
        ${this.differences.map(difference => html`
          <fieldset><legend>${LABELS[difference.name]}</legend>
            ${choice(difference, 'mine', 'Keep mine', timeZone)}
            ${choice(difference, 'theirs', 'Take theirs', timeZone)}
          </fieldset>`)}
        <div class="row"><button class="primary" @click=${save}>Save my choice</button>
          <button @click=${back}>Back to editing</button></div>
      </section>`;
  }

  /**
   * Both texts of each field, beside the form that is still being edited.
   * @param {string} timeZone
   * @param {() => void} choose
   */
  notice(timeZone, choose) {
    return html`
      <div class="notice stack" role="status">
        <p>This task was changed on another device while you edit it.</p>
        <dl class="changes">${this.differences.map(({name, mine, theirs}) => html`
          <div><dt>${LABELS[name]}</dt>
            <dd>Saved now: ${shown(name, theirs, timeZone)}<br>Yours: ${shown(name, mine, timeZone)}</dd></div>`)}</dl>
        <div class="row"><button type="button" @click=${choose}>Choose what stays</button></div>
      </div>`;
  }
}

/**
 * @param {Difference} difference
 * @param {'mine' | 'theirs'} side
 * @param {string} label
 * @param {string} timeZone
 */
function choice(difference, side, label, timeZone) {
  return html`
    <label class="choice"><input type="radio" name=${`keep-${difference.name}`} .checked=${difference.kept === side}
      @change=${() => { difference.kept = side; }}>
      <span><strong>${label}</strong>${side === 'theirs' ? ' (saved now)' : nothing}<br>
        <span class="value">${shown(difference.name, difference[side], timeZone)}</span></span></label>`;
}

/** @param {DraftField} name @param {string} value @param {string} timeZone */
function shown(name, value, timeZone) {
  if (value === '') {
    return 'nothing';
  }
  return name === 'due_date' ? dateTime(instantOf(value, timeZone), timeZone)
    : name === 'due_on' || name === 'start_on' ? date(value)
      : name === 'estimated_duration' ? duration(Number(value)) : value;
}
