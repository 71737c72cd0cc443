import {html, nothing} from '../lit-html/lit-html.js';
import {isTemporary} from '../api/commands.js';
import {Queued} from '../api/failures.js';
import {errorOf, focusInvalid, formError} from '../parts/field.js';
import {icon} from '../parts/icons.js';
import {LiveDialog} from '../parts/live-dialog.js';
import {
  DRAFT_FIELDS, dayField, descriptionField, draftOf, dueField, entering, estimateField, priorityField, titleField, valuesOf,
} from '../parts/task-fields.js';
import {withWaitingParts} from '../parts/waiting.js';
import {ApiError, Intent} from '../sdk/index.js';
import {Conflict} from './today-conflict.js';
import {Placing} from './task-placing.js';
import {Postponing} from './task-postpone.js';
import {Reminders} from './today-reminders.js';
import {spent} from './today-row.js';

/** @typedef {import('../api/schemas.js').Task} Task */
/** @typedef {import('../api/schemas.js').TaskDetail} TaskDetail */
/** @typedef {import('../api/schemas.js').Schemas['TaskPatch']} TaskPatch */

/** Everything about one task. */
export class TaskEditor extends LiveDialog {
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'notifications'];
  /** The task as the form was filled from it. @type {Task} */
  #before;
  #draft;
  /** The task as it is now. @type {TaskDetail | undefined} */
  #now;
  #rule = '';
  #intent = new Intent();
  /** @type {unknown} */
  #saving;
  #isBusy = false;
  /** @type {Conflict | undefined} */
  #conflict;
  /** What was changed elsewhere while it is edited here. @type {Conflict | undefined} */
  #elsewhere;
  #reminders = new Reminders(this);
  #placing = new Placing(this);
  #postponing = new Postponing(this, (task, body) => this.#postpone(task, body));
  #remove;

  /**
   * @param {import('../app/app.js').App} app
   * @param {Task} task
   * @param {(task: Task) => void} remove
   */
  constructor(app, task, remove) {
    super(app, 'Edit task');
    this.#before = task;
    this.#draft = draftOf(task, app.timeZone);
    this.#remove = remove;
  }

  async load() {
    const {api} = this.app;
    const {id, template_id} = this.#before;
    const known = this.app.outbox.resolved(id);
    await this.#placing.load();
    if (isTemporary(known)) {
      this.#now = {...this.#before, subtasks: [], reminders: []};
      return;
    }
    this.#now = (await api.get('/api/v1/tasks/{id}', {path: {id: known}})).data;
    this.#merge(this.#now);
    if (template_id && !this.#rule) {
      this.#rule = (await api.get('/api/v1/templates/{id}', {path: {id: template_id}})).data.rrule_text;
    }
  }

  /** Takes over what was saved elsewhere, unless it was edited here as well. @param {TaskDetail} task */
  #merge(task) {
    if (task.version === this.#before.version || this.#isBusy || this.#conflict) {
      return;
    }
    const {timeZone} = this.app;
    const theirs = draftOf(task, timeZone);
    const found = new Conflict(draftOf(this.#before, timeZone), this.#draft, task, theirs);
    if (found.contested.length === 0) {
      this.#draft = found.resolved(this.#draft);
      this.#before = task;
    }
    if (found.differences.length > 0) {
      this.#elsewhere = found;
    }
  }

  template() {
    if (this.#conflict) {
      return this.#conflict.template(this.app.timeZone, () => this.#saveChoice(), () => this.#closeConflict());
    }
    const task = this.#now && withWaitingParts(this.#now, this.app.outbox);
    return html`
      ${this.#form()}
      <p class="faint task-facts">
        ${this.#before.template_id ? html`<span>${icon('repeat')} Repeats ${this.#rule}</span>` : nothing}
        ${task?.focus_time_seconds
          ? html`<span>${icon('clock')} ${spent(task.focus_time_seconds)} in focus</span>` : nothing}
      </p>
      ${task && !isTemporary(task.id) && !task.archived ? this.#placing.template(task) : nothing}
      ${task && !isTemporary(task.id) && !task.archived && !task.completed ? this.#postponing.template(task) : nothing}
      ${task ? this.#reminders.template(task) : html`<p class="faint" aria-busy="true">Loading …</p>`}
      ${task ? this.#actions(task) : nothing}`;
  }

  #form() {
    const failure = this.#saving;
    const isArchived = this.#before.archived;
    return html`
      <form @input=${entering(this.#draft, () => this.update())} @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event)}>
        ${isArchived ? html`<p class="notice">An archived task cannot be changed. Unarchive it first.</p>` : nothing}
        <fieldset class="stack" ?disabled=${isArchived}>
          ${titleField('edit', 'Title', this.#draft, failure)}
          ${descriptionField('edit', this.#draft, failure)}
          <div class="columns">
            ${dueField('edit', 'Due', this.#draft, errorOf(failure, 'due_date'))}
            ${dayField('edit', 'All day', 'due_on', this.#draft, failure)}
            ${dayField('edit', 'Start', 'start_on', this.#draft, failure)}
          </div>
          <div class="columns">
            ${priorityField('edit', this.#draft, failure)}
            ${estimateField('edit', this.#draft, failure)}
          </div>
          ${formError(failure, DRAFT_FIELDS)}
          ${this.#notice()}
          <div class="row"><button class="primary" ?disabled=${this.#isBusy}>Save</button></div>
        </fieldset>
      </form>`;
  }

  #notice() {
    const elsewhere = this.#elsewhere;
    if (!elsewhere) {
      return nothing;
    }
    return elsewhere.contested.length > 0
      ? elsewhere.notice(this.app.timeZone, () => this.#choose(elsewhere))
      : html`<p class="notice" role="status">Changed on another device: ${elsewhere.names}.</p>`;
  }

  /** @param {TaskDetail} task */
  #actions(task) {
    return html`
      <section class="stack part" aria-labelledby="actions-title">
        <h3 id="actions-title">Actions</h3>
        <div class="row">
          ${task.completed || task.archived ? nothing : html`
            <button @click=${() => this.#forceComplete(task)}>${icon('check')} Complete with all subtasks</button>
            ${task.template_id ? html`
              <button @click=${() => this.#skip(task)}>${icon('repeat')} Skip this occurrence</button>` : nothing}`}
          ${task.archived ? nothing : html`
            <button @click=${() => this.#set({hidden: !task.hidden})}>
              ${icon('hide')} ${task.hidden ? 'Show again' : 'Hide'}</button>`}
          <button @click=${() => this.#set({archived: !task.archived})}>
            ${icon('archive')} ${task.archived ? 'Unarchive' : 'Archive'}</button>
          <button class="danger" @click=${() => this.#delete()}>${icon('trash')} Delete</button>
        </div>
      </section>`;
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    await this.#save();
    focusInvalid(/** @type {HTMLFormElement} */ (event.target));
  }

  /** Sends only what was changed here, so that it overwrites nothing else. */
  async #save() {
    const before = draftOf(this.#before, this.app.timeZone);
    const changed = DRAFT_FIELDS.filter(name => this.#draft[name] !== before[name]);
    if (changed.length === 0) {
      this.close();
      return;
    }
    const values = valuesOf(this.#draft, this.app.timeZone);
    /** @type {TaskPatch} */
    const body = {version: this.#before.version, ...Object.fromEntries(changed.map(name => [name, values[name]]))};
    this.#isBusy = true;
    this.update();
    try {
      await this.app.api.patch('/api/v1/tasks/{id}',
          {path: {id: this.#before.id}, body, before: this.#before, intent: this.#intent});
      this.close();
    } catch (thrown) {
      if (thrown instanceof Queued) {
        this.close();
        return;
      }
      this.#saving = thrown;
      if (thrown instanceof ApiError && thrown.extras.current_version !== undefined) {
        await this.act(() => this.#compare());
      }
    }
    this.#isBusy = false;
    this.update();
  }

  /** Somebody else was faster: shows what differs. */
  async #compare() {
    const {timeZone, api} = this.app;
    const {data: task} = await api.get('/api/v1/tasks/{id}', {path: {id: this.#before.id}});
    const conflict = new Conflict(draftOf(this.#before, timeZone), this.#draft, task, draftOf(task, timeZone));
    this.#saving = undefined;
    if (conflict.differences.length === 0) {
      // A subtask, for example, also makes a new version.
      this.#before = task;
      await this.#save();
      return;
    }
    this.#choose(conflict);
  }

  /** Asks which values stay. @param {Conflict} conflict */
  #choose(conflict) {
    this.#elsewhere = undefined;
    this.#conflict = conflict;
    this.update();
    document.getElementById('conflict-title')?.focus();
  }

  async #saveChoice() {
    if (this.#conflict) {
      this.#draft = this.#conflict.resolved(this.#draft);
      this.#before = this.#conflict.task;
      this.#conflict = undefined;
      await this.#save();
    }
  }

  #closeConflict() {
    this.#conflict = undefined;
    this.update();
    document.getElementById('edit-title')?.focus();
  }

  /** @param {TaskDetail} task */
  #forceComplete(task) {
    const {id, version} = task;
    return this.#finish(async () => {
      await this.app.api.post('/api/v1/tasks/{id}/force-complete', {path: {id}, body: {version}, before: task});
    });
  }

  /** @param {Task} task */
  #skip(task) {
    const {id, version} = task;
    return this.#finish(async () => {
      await this.app.api.post('/api/v1/tasks/{id}/skip', {path: {id}, body: {version}, before: task});
    });
  }

  /** @param {Task} task @param {{due_on: string} | {due_date: string}} body */
  #postpone(task, body) {
    const {id, version} = task;
    return this.#finish(async () => {
      await this.app.api.post('/api/v1/tasks/{id}/postpone', {path: {id}, body: {...body, version}, before: task});
    });
  }

  /** @param {{hidden: boolean} | {archived: boolean}} body */
  #set(body) {
    return this.#finish(async () => {
      await this.app.api.patch('/api/v1/tasks/{id}', {path: {id: this.#before.id}, body, before: this.#before});
    });
  }

  #delete() {
    this.close();
    this.#remove(this.#before);
  }

  /** Runs an action after which the dialog is no longer needed. @param {() => Promise<void>} action */
  async #finish(action) {
    await this.act(async () => {
      try {
        await action();
      } catch (thrown) {
        if (!(thrown instanceof Queued)) {
          throw thrown;
        }
      }
      this.close();
    });
  }
}
