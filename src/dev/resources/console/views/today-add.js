import {html, nothing} from '../lit-html/lit-html.js';
import {Queued, sentence} from '../api/failures.js';
import {localInput} from '../app/format.js';
import {errorOf, focusInvalid, formError} from '../parts/field.js';
import {icon} from '../parts/icons.js';
import {loadPlaces, NO_PLACES, placingFields, toggled} from '../parts/placing.js';
import {Repeats} from '../parts/repeats.js';
import {
  DRAFT_FIELDS, dayField, descriptionField, dueField, emptyDraft, entering, estimateField, priorityField, titleField, valuesOf,
} from '../parts/task-fields.js';
import {ApiError, Intent} from '../sdk/index.js';
import {QuickText} from './quick-text.js';
import {limitHelp, limitNotice} from './today-limits.js';

/** @returns {{list_id: string | null, label_ids: string[]}} */
const nowhere = () => ({list_id: null, label_ids: []});

/** Adds a task: by a line in words, or by fields, of which that line is then the title as it is. */
export class AddForm {
  #view;
  #draft = emptyDraft();
  #placing = nowhere();
  #places = NO_PLACES;
  #repeats;
  #quick;
  #intent = new Intent();
  /** Whether the fields count. */
  #isDetailed = false;
  /** What the line said for which there is no field. @type {string[]} */
  #left = [];
  /** @type {unknown} */
  #failure;
  #isBusy = false;
  #added = '';

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
    this.#repeats = new Repeats('add', view.app, () => view.update());
    this.#quick = new QuickText(view.app, () => view.update());
    view.leaving.signal.addEventListener('abort', () => this.#quick.clear());
  }

  /** Prepares a task for a day, without a time. @param {string} day YYYY-MM-DD */
  planFor(day) {
    if (this.#isDetailed) {
      Object.assign(this.#draft, {due_date: '', due_on: day});
      this.#repeats.startAt(day);
    } else {
      this.#draft.title = `${this.#draft.title.replace(/(^|\s+)\d{4}-\d{2}-\d{2}$/, '')} ${day}`;
      this.#quick.changed(this.#draft.title);
    }
    this.#view.update();
    const input = /** @type {HTMLInputElement | null} */ (document.getElementById('add-title'));
    input?.focus();
    // The title is written before the day.
    const end = this.#draft.title.length - (this.#isDetailed ? 0 : day.length + 1);
    input?.setSelectionRange(end, end);
  }

  template() {
    const failure = this.#failure;
    return html`
      <form class="card add" aria-label="Add a task" @input=${this.#entering}
        @submit=${(/** @type {SubmitEvent} */ event) => this.#add(event)}>
        <div class="add-line">
          ${this.#isDetailed ? titleField('add', 'New task', this.#draft, failure)
            : this.#quick.template(this.#draft.title, errorOf(failure, 'text'))}
          <button class="primary" ?disabled=${this.#isBusy}>${icon('plus')} Add task</button>
        </div>
        <details ?open=${this.#isDetailed}>
          <summary @click=${(/** @type {Event} */ event) => this.#toggle(event)}>Details: date, priority, repetition</summary>
          ${this.#isDetailed ? this.#fields() : nothing}
        </details>
        ${this.#failureTemplate()}
        <p class="hidden" role="status">${this.#added ? `Added: ${this.#added}` : nothing}</p>
      </form>`;
  }

  #fields() {
    const failure = this.#failure;
    const repeats = Boolean(this.#repeats.rule);
    return html`
      <div class="stack">
        ${this.#left.length > 0 ? html`<p class="notice">Without a field here: ${this.#left.join(' ')}</p>` : nothing}
        <div class="columns">
          ${dueField('add', repeats ? 'First due' : 'Due', this.#draft,
              errorOf(failure, repeats ? 'starts_at' : 'due_date'))}
          ${dayField('add', repeats ? 'First due, all day' : 'All day', 'due_on', this.#draft, failure)}
          ${repeats ? nothing : dayField('add', 'Start', 'start_on', this.#draft, failure)}
        </div>
        <div class="columns">
          ${priorityField('add', this.#draft, failure)}
          ${estimateField('add', this.#draft, failure)}
        </div>
        ${descriptionField('add', this.#draft, failure)}
        ${placingFields('add', this.#places, this.#placing, list_id => { this.#placing.list_id = list_id; },
            id => { this.#placing.label_ids = toggled(this.#placing.label_ids, id); })}
        ${this.#repeats.template(errorOf(failure, 'rrule'))}
      </div>`;
  }

  #failureTemplate() {
    const failure = this.#failure;
    if (failure instanceof ApiError && failure.code === 'LIMIT_EXCEEDED') {
      const {user} = this.#view.app;
      return this.#isDetailed ? limitHelp(failure, 'tasks', user) : limitNotice(sentence(failure), user);
    }
    return errorOf(failure, 'text') ? nothing : formError(failure, [...DRAFT_FIELDS, 'starts_at', 'rrule']);
  }

  #entering = (/** @type {Event} */ event) => {
    entering(this.#draft, () => this.#view.update())(event);
    if (!this.#isDetailed) {
      this.#quick.changed(this.#draft.title);
      this.#view.update();
    } else if (this.#repeats.start !== (this.#draft.due_date || this.#draft.due_on)) {
      this.#repeats.startAt(this.#draft.due_date || this.#draft.due_on);
    }
  };

  /** @param {Event} event */
  #toggle(event) {
    // The form opens it, with its fields.
    event.preventDefault();
    this.#isDetailed = !this.#isDetailed;
    this.#failure = undefined;
    if (this.#isDetailed) {
      this.#fill();
      this.#view.act(async () => { this.#places = await loadPlaces(this.#view.app.api); });
    } else {
      this.#quick.changed(this.#draft.title);
    }
    this.#view.update();
  }

  /** Puts into the fields what the line was understood as. */
  #fill() {
    const preview = this.#quick.understood(this.#draft.title);
    this.#quick.clear();
    this.#left = [];
    if (!preview || preview.spans.length === 0) {
      return;
    }
    const {data, template, labels_created, reminders} = preview;
    const {timeZone} = this.#view.app;
    const isNew = new Set(labels_created.map(({name}) => name));
    this.#left = preview.spans
        .filter(({kind, value}) => (kind === 'label' && isNew.has(value)) || (kind === 'reminder' && reminders.length > 0) ||
          (kind === 'recurrence' && template?.anchor === 'completion'))
        .map(({text}) => text);
    const due_date = data.due_date && !data.due_on ? localInput(data.due_date, timeZone) : '';
    Object.assign(this.#draft, {
      title: preview.title, priority: data.priority, due_date, due_on: data.due_on ?? '', start_on: data.start_on ?? '',
    });
    this.#placing = {list_id: data.list_id, label_ids: data.label_ids};
    if (template) {
      this.#repeats.choose(template.rrule, due_date || this.#draft.due_on);
    }
  }

  /** @param {SubmitEvent} event */
  async #add(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const {title} = this.#draft;
    this.#isBusy = true;
    this.#view.update();
    try {
      await (!this.#isDetailed ? this.#addText(title)
        : this.#repeats.rule === undefined ? this.#addTask() : this.#addTemplate(this.#repeats.rule));
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown instanceof Queued ? undefined : thrown;
    }
    if (this.#failure === undefined) {
      this.#added = title;
      // What was written meanwhile stays.
      const written = this.#draft.title;
      Object.assign(this.#draft, emptyDraft(), written === title ? {} : {title: written});
      this.#placing = nowhere();
      this.#left = [];
      this.#repeats.reset();
      this.#quick.clear();
    }
    this.#isBusy = false;
    this.#view.update();
    if (this.#failure === undefined) {
      form.querySelector('input')?.focus();
    } else {
      focusInvalid(form);
    }
  }

  /** @param {string} text */
  async #addText(text) {
    const {template} = await this.#view.app.api.post('/api/v1/tasks/quick', {body: {text}, intent: this.#intent});
    this.#announce(template);
  }

  async #addTask() {
    await this.#view.app.api.post('/api/v1/tasks',
        {body: {...valuesOf(this.#draft, this.#view.app.timeZone), ...this.#placing}, intent: this.#intent});
  }

  /** @param {string} rrule */
  async #addTemplate(rrule) {
    const {app} = this.#view;
    const {due_date: starts_at, due_on: starts_on, start_on: _start, ...values} = valuesOf(this.#draft, app.timeZone);
    const {data} = await app.api.post('/api/v1/templates', {
      body: {...values, ...this.#placing, rrule, timezone: app.timeZone, ...(starts_at && {starts_at}), ...(starts_on && {starts_on})},
      intent: this.#intent,
    });
    this.#announce(data);
  }

  /** @param {{title: string, rrule_text: string} | null} template */
  #announce(template) {
    if (template) {
      this.#view.app.toasts.show({text: `“${template.title}” repeats ${template.rrule_text}.`});
    }
  }
}
