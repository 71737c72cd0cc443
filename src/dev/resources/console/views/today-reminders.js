import {html, nothing} from '../lit-html/lit-html.js';
import {Queued} from '../api/failures.js';
import {dateTime, duration, instantOf} from '../app/format.js';
import {errorOf, field, focusInvalid, formError} from '../parts/field.js';
import {icon} from '../parts/icons.js';
import {entering} from '../parts/task-fields.js';
import {isDeleting, waitingMark} from '../parts/waiting.js';
import {ApiError, Intent} from '../sdk/index.js';
import {limitHelp} from './today-limits.js';

/** @typedef {import('../api/schemas.js').TaskDetail} TaskDetail */
/** @typedef {import('../api/schemas.js').Schemas['Reminder']} Reminder */
/** @typedef {import('../api/schemas.js').Schemas['ReminderCreate']} ReminderCreate */

const UNITS = {minutes: 1, hours: 60, days: 1440};

const METHODS = {in_app: 'In the app', push: 'In the app and as a push message'};

/** The reminders of a task: those that exist, and a form for another. */
export class Reminders {
  #dialog;
  #draft = {type: 'before', amount: '30', unit: 'minutes', at: '', method: 'in_app'};
  #intent = new Intent();
  /** @type {unknown} */
  #failure;

  /** @param {import('../parts/live-dialog.js').LiveDialog} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
  }

  /** @param {TaskDetail} task */
  template(task) {
    return html`
      <section class="stack part" aria-labelledby="reminders-title">
        <h3 id="reminders-title">Reminders</h3>
        ${task.reminders.length > 0 ? nothing
          : html`<p class="faint">No reminder yet. Choose below when to be reminded of this task.</p>`}
        <ul class="plain task-lines">${task.reminders.map(reminder => this.#row(task, reminder))}</ul>
        ${task.archived ? nothing : this.#form(task)}
      </section>`;
  }

  /** @param {TaskDetail} task @param {Reminder} reminder */
  #row(task, reminder) {
    const {app} = this.#dialog;
    const words = wordsOf(reminder, app.timeZone);
    return html`
      <li>
        <p>${words} ${waitingMark(app.outbox, reminder.id)} ${reminder.fired ? html`<span class="tag">${icon('check')} Sent</span>`
          : reminder.scheduled_at ? html`<span class="tag accent">Waiting</span>`
            : html`<span class="tag warm">Waits for a due date</span>`}<br>
          <span class="faint">${reminder.type !== 'absolute' && reminder.scheduled_at
            ? `${dateTime(reminder.scheduled_at, app.timeZone)} · ` : ''}${METHODS[reminder.method]}</span></p>
        <button class="quiet" aria-label=${`Delete reminder ${words}`} title="Delete"
          ?disabled=${isDeleting(app.outbox, reminder.id)}
          @click=${() => this.#delete(task, reminder.id)}>${icon('trash')}</button>
      </li>`;
  }

  /** @param {TaskDetail} task */
  #form(task) {
    const draft = this.#draft;
    const isRelative = draft.type !== 'absolute';
    const error = errorOf(this.#failure, isRelative ? 'offset_minutes' : 'scheduled_at');
    return html`
      <form @input=${(/** @type {Event} */ event) => { entering(draft)(event); this.#dialog.update(); }}
        @submit=${(/** @type {SubmitEvent} */ event) => this.#add(event, task)}>
        <div class="columns">
          ${field('reminder-type', 'Remind me', html`<select id="reminder-type" name="type" .value=${draft.type}>
            <option value="before">Before due</option><option value="after">After due</option>
            <option value="absolute">At a time</option></select>`, errorOf(this.#failure, 'type'))}
          ${isRelative ? this.#offsetFields(error) : field('reminder-at', 'Time', html`
            <input id="reminder-at" name="at" type="datetime-local" required .value=${draft.at}
              aria-invalid=${Boolean(error)} aria-describedby="reminder-at-error">`, error)}
          ${field('reminder-method', 'How', html`<select id="reminder-method" name="method" .value=${draft.method}>
            <option value="in_app">In the app</option><option value="push">Push as well</option></select>`, '')}
        </div>
        ${isRelative && !task.due_date
          ? html`<p class="faint">The task has no due date: save one, or choose “At a time”.</p>` : nothing}
        ${this.#failure instanceof ApiError && this.#failure.code === 'LIMIT_EXCEEDED'
          ? limitHelp(this.#failure, 'reminders', this.#dialog.app.user)
          : formError(this.#failure, ['type', 'offset_minutes', 'scheduled_at'])}
        <div class="row"><button ?disabled=${isRelative && !task.due_date}>${icon('bell')} Add reminder</button></div>
      </form>`;
  }

  /** @param {string} error */
  #offsetFields(error) {
    return html`
      ${field('reminder-amount', 'How long', html`
        <input id="reminder-amount" name="amount" type="number" min="0" required .value=${this.#draft.amount}
          aria-invalid=${Boolean(error)} aria-describedby="reminder-amount-error">`, error)}
      ${field('reminder-unit', 'Unit', html`<select id="reminder-unit" name="unit" .value=${this.#draft.unit}>
        <option value="minutes">Minutes</option><option value="hours">Hours</option>
        <option value="days">Days</option></select>`, '')}`;
  }

  /** @param {SubmitEvent} event @param {TaskDetail} task */
  async #add(event, {id, title}) {
    event.preventDefault();
    try {
      await this.#dialog.app.api.post('/api/v1/reminders',
          {body: {task_id: id, ...this.#body()}, before: {title}, intent: this.#intent});
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown instanceof Queued ? undefined : thrown;
    }
    this.#dialog.update();
    focusInvalid(/** @type {HTMLFormElement} */ (event.target));
  }

  /** @returns {ReminderCreate} */
  #body() {
    const {type, amount, unit, at} = this.#draft;
    const method = this.#draft.method === 'push' ? 'push' : 'in_app';
    if (type === 'before' || type === 'after') {
      const minutes = Number(amount) * UNITS[/** @type {keyof typeof UNITS} */ (unit)];
      return {type, offset_minutes: Math.round(minutes), method};
    }
    return {type: 'absolute', scheduled_at: instantOf(at, this.#dialog.app.timeZone), method};
  }

  /** @param {TaskDetail} task @param {string} id */
  async #delete({title}, id) {
    const {api, outbox} = this.#dialog.app;
    if (!outbox.withdraw(id)) {
      await this.#dialog.act(() => api.delete('/api/v1/reminders/{id}', {path: {id}, before: {title}}));
    }
  }
}

/** "30 min before it is due". @param {Reminder} reminder @param {string} timeZone */
function wordsOf({type, offset_minutes, scheduled_at}, timeZone) {
  if (type === 'absolute') {
    return scheduled_at ? dateTime(scheduled_at, timeZone) : '';
  }
  const minutes = offset_minutes ?? 0;
  const days = minutes / UNITS.days;
  return minutes === 0 ? 'when it is due'
    : `${Number.isInteger(days) ? `${days} d` : duration(minutes)} ${type} it is due`;
}
