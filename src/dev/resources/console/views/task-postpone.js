import {html} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {date, day, instantOf, plusDays, time} from '../app/format.js';
import {onSubmit, onValue} from '../parts/forms.js';

/** @typedef {import('../api/schemas.js').Task} Task */

/** Moves a task to another day; its time stays, and so does the rule by which it repeats. */
export class Postponing {
  #dialog;
  #save;
  #chosen = '';

  /**
   * @param {import('../parts/live-dialog.js').LiveDialog} dialog
   * @param {(task: Task, body: {due_on: string} | {due_date: string}) => void} save
   */
  constructor(dialog, save) {
    this.#dialog = dialog;
    this.#save = save;
  }

  /** @param {Task} task */
  template(task) {
    const {clock, timeZone} = this.#dialog.app;
    const today = day(clock.now(), timeZone);
    // As in a text of quick add, the next week begins on Monday.
    const monday = plusDays(today, (8 - new Date(today).getUTCDay()) % 7 || 7);
    return html`
      <section class="stack part" aria-labelledby="postpone-title">
        <h3 id="postpone-title">Postpone</h3>
        <div class="row">
          <button @click=${() => this.#move(task, plusDays(today, 1))}>To tomorrow</button>
          <button @click=${() => this.#move(task, monday)}>To next week, ${date(monday)}</button>
        </div>
        <form class="row" aria-label="Postpone to a day" @submit=${onSubmit(() => this.#move(task, this.#chosen))}>
          <input type="date" aria-label="Postpone to" required min=${today} .value=${live(this.#chosen)}
            @input=${onValue(value => { this.#chosen = value; })}>
          <button>Postpone</button>
        </form>
      </section>`;
  }

  /** @param {Task} task @param {string} to YYYY-MM-DD */
  #move(task, to) {
    const {timeZone} = this.#dialog.app;
    this.#save(task, task.due_date && !task.due_on
      ? {due_date: instantOf(`${to}T${time(task.due_date, timeZone)}`, timeZone)} : {due_on: to});
  }
}
