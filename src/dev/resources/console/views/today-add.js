import {html, nothing} from '../lit-html/lit-html.js';
import {Queued} from '../api/failures.js';
import {date} from '../app/format.js';
import {errorOf, focusInvalid, formError} from '../parts/field.js';
import {icon} from '../parts/icons.js';
import {Repeats} from '../parts/repeats.js';
import {
  DRAFT_FIELDS, dayField, descriptionField, dueField, emptyDraft, entering, estimateField, priorityField, titleField, valuesOf,
} from '../parts/task-fields.js';
import {ApiError, Intent} from '../sdk/index.js';
import {limitHelp} from './today-limits.js';

/** Adds a task: a line for its title, and optional details. */
export class AddForm {
  #view;
  #draft = emptyDraft();
  #repeats;
  #intent = new Intent();
  /** @type {unknown} */
  #failure;
  #isBusy = false;
  #added = '';

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
    this.#repeats = new Repeats('add', view.app, () => view.update());
  }

  /** Prepares a task for a day, without a time. @param {string} day YYYY-MM-DD */
  planFor(day) {
    this.#repeats.reset();
    Object.assign(this.#draft, {due_date: '', due_on: day});
    this.#view.update();
    document.getElementById('add-title')?.focus();
  }

  template() {
    const failure = this.#failure;
    const repeats = Boolean(this.#repeats.rule);
    return html`
      <form class="card add" aria-label="Add a task" @input=${this.#entering}
        @submit=${(/** @type {SubmitEvent} */ event) => this.#add(event)}>
        <div class="add-line">
          ${titleField('add', 'New task', this.#draft, failure)}
          <button class="primary" ?disabled=${this.#isBusy}>${icon('plus')} Add task</button>
        </div>
        ${this.#draft.due_on ? html`<p class="faint">Due ${date(this.#draft.due_on)}, all day</p>` : nothing}
        <details>
          <summary>Details: date, priority, repetition</summary>
          <div class="stack">
            <div class="columns">
              ${dueField('add', repeats ? 'First due' : 'Due', this.#draft,
                  errorOf(failure, repeats ? 'starts_at' : 'due_date'))}
              ${repeats ? nothing : html`${dayField('add', 'All day', 'due_on', this.#draft, failure)}
                ${dayField('add', 'Start', 'start_on', this.#draft, failure)}`}
            </div>
            <div class="columns">
              ${priorityField('add', this.#draft, failure)}
              ${estimateField('add', this.#draft, failure)}
            </div>
            ${descriptionField('add', this.#draft, failure)}
            ${this.#repeats.template(errorOf(failure, 'rrule'))}
          </div>
        </details>
        ${failure instanceof ApiError && failure.code === 'LIMIT_EXCEEDED'
          ? limitHelp(failure, 'tasks', this.#view.app.user)
          : formError(failure, [...DRAFT_FIELDS, 'starts_at', 'rrule'])}
        <p class="hidden" role="status">${this.#added ? `Added: ${this.#added}` : nothing}</p>
      </form>`;
  }

  #entering = (/** @type {Event} */ event) => {
    entering(this.#draft, () => this.#view.update())(event);
    if (this.#repeats.start !== this.#draft.due_date) {
      this.#repeats.startAt(this.#draft.due_date);
    }
  };

  /** @param {SubmitEvent} event */
  async #add(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    this.#isBusy = true;
    this.#view.update();
    try {
      await (this.#repeats.rule === undefined ? this.#addTask() : this.#addTemplate(this.#repeats.rule));
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown instanceof Queued ? undefined : thrown;
    }
    if (this.#failure === undefined) {
      this.#added = this.#draft.title;
      Object.assign(this.#draft, emptyDraft());
      this.#repeats.reset();
    }
    this.#isBusy = false;
    this.#view.update();
    if (this.#failure === undefined) {
      form.querySelector('input')?.focus();
    } else {
      this.#showInvalid(form);
    }
  }

  async #addTask() {
    await this.#view.app.api.post('/api/v1/tasks',
        {body: valuesOf(this.#draft, this.#view.app.timeZone), intent: this.#intent});
  }

  /** @param {string} rrule */
  async #addTemplate(rrule) {
    const {app} = this.#view;
    const {due_date: starts_at, due_on: _on, start_on: _start, ...values} = valuesOf(this.#draft, app.timeZone);
    const {data} = await app.api.post('/api/v1/templates', {
      body: {...values, rrule, timezone: app.timeZone, ...(starts_at && {starts_at})},
      intent: this.#intent,
    });
    app.toasts.show({text: `“${data.title}” repeats ${data.rrule_text}.`});
  }

  /** @param {HTMLFormElement} form */
  #showInvalid(form) {
    const details = form.querySelector('details');
    if (details?.querySelector('[aria-invalid="true"]')) {
      details.open = true;
    }
    focusInvalid(form);
  }
}
