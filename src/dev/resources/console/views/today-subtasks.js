import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {Queued} from '../api/failures.js';
import {errorOf, formError} from '../parts/field.js';
import {icon} from '../parts/icons.js';
import {Ticks} from '../parts/ticks.js';
import {isDeleting, waitingMark, withWaitingParts} from '../parts/waiting.js';
import {ApiError, Intent} from '../sdk/index.js';
import {limitHelp} from './today-limits.js';

/** @typedef {import('../api/schemas.js').TaskDetail} TaskDetail */
/** @typedef {import('../api/schemas.js').Schemas['Subtask']} Subtask */

/** The subtasks of one task, below its row. */
export class Subtasks {
  /** Undefined until it is loaded. @type {TaskDetail | undefined} */
  task;
  #view;
  #title = '';
  #intent = new Intent();
  /** @type {unknown} */
  #failure;
  /** Id of the subtask that is renamed. */
  #renamed = '';
  /** Its title when that began, which a change of another device does not replace under the cursor. */
  #renamedFrom = '';
  #isBusy = false;
  #ticks = new Ticks();

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  template() {
    if (!this.task) {
      return html`<p class="faint" aria-busy="true">Loading …</p>`;
    }
    const task = withWaitingParts(this.task, this.#view.app.outbox);
    return html`
      <ul class="plain" aria-label=${`Subtasks of ${task.title}`}>${repeat(task.subtasks, ({id}) => id,
          (subtask, index) => this.#row(task, subtask, index))}</ul>
      ${task.archived ? html`<p class="faint">An archived task cannot be changed.</p>` : this.#form(task)}`;
  }

  /** @param {TaskDetail} task @param {Subtask} subtask @param {number} index */
  #row(task, subtask, index) {
    const isLast = index === task.subtasks.length - 1;
    const {id, title} = subtask;
    const completed = this.#ticks.shown(id, subtask.completed);
    const {outbox} = this.#view.app;
    return html`
      <li class="subtask ${completed ? 'completed' : ''}" data-row=${id}>
        <input type="checkbox" data-control="done" aria-label=${`Done: ${title}`} .checked=${live(completed)}
          ?disabled=${task.archived}
          @change=${(/** @type {Event} */ event) =>
            this.#complete(subtask, /** @type {HTMLInputElement} */ (event.target).checked)}>
        ${this.#renamed === id ? this.#renameField(subtask) : html`
          <span class="title">${title}
            ${subtask.source === 'ai' ? html`<span class="tag">${icon('assistant')} AI</span>` : nothing}
            ${waitingMark(outbox, id)}</span>
          ${isDeleting(outbox, id) ? html`<span class="tools">
            ${this.#tool('Keep', 'undo', title, false, () => outbox.keep(id))}</span>` : task.archived ? nothing : html`<span class="tools">
            ${this.#tool('Move up', 'up', title, index === 0, () => this.#move(task, index, -1))}
            ${this.#tool('Move down', 'down', title, isLast, () => this.#move(task, index, 1))}
            ${this.#tool('Rename', 'edit', title, false, () => this.#rename(subtask))}
            ${this.#tool('Delete', 'trash', title, false, () => this.#delete(subtask))}
          </span>`}`}
      </li>`;
  }

  /**
   * @param {string} label
   * @param {import('../parts/icons.js').IconName} name
   * @param {string} title
   * @param {boolean} isDisabled
   * @param {() => void} run
   */
  #tool(label, name, title, isDisabled, run) {
    return html`<button class="quiet" data-control=${name} title=${label} aria-label=${`${label} ${title}`}
      ?disabled=${isDisabled} @click=${run}>${icon(name)}</button>`;
  }

  /** @param {Subtask} subtask */
  #renameField(subtask) {
    const {id} = subtask;
    const title = this.#renamedFrom;
    const save = (/** @type {EventTarget | null} */ target) => {
      // Enter and leaving the field come one after the other.
      if (this.#renamed === id && target instanceof HTMLInputElement) {
        this.#renamed = '';
        if (target.value === title) {
          this.#view.update();
        } else {
          this.#retitle(subtask, target.value);
        }
      }
    };
    return html`<input class="rename" data-control="edit" aria-label=${`New title of ${title}`} .value=${title}
      @blur=${(/** @type {Event} */ event) => save(event.target)}
      @keydown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Enter') {
          save(event.target);
        } else if (event.key === 'Escape') {
          this.#renamed = '';
          this.#view.update();
        }
      }}>`;
  }

  /** @param {Subtask} subtask */
  #rename({id, title}) {
    this.#renamed = id;
    this.#renamedFrom = title;
    this.#view.update();
    const input = document.querySelector('.subtask .rename');
    if (input instanceof HTMLInputElement) {
      input.focus();
      input.select();
    }
  }

  /** @param {TaskDetail} task */
  #form(task) {
    const id = `new-subtask-${task.id}`;
    const error = errorOf(this.#failure, 'title');
    return html`
      <form class="add-line" @submit=${(/** @type {Event} */ event) => this.#add(event, task)}>
        <input id=${id} aria-label=${`New subtask of ${task.title}`} placeholder="Add a subtask" required
          autocomplete="off" .value=${live(this.#title)}
          aria-invalid=${Boolean(error)} aria-describedby=${`${id}-error`}
          @input=${(/** @type {Event} */ {target}) => {
            this.#title = /** @type {HTMLInputElement} */ (target).value;
          }}>
        <button ?disabled=${this.#isBusy}>Add subtask</button>
        <p class="field-error" id=${`${id}-error`}>${error}</p>
        ${this.#failure instanceof ApiError && this.#failure.code === 'LIMIT_EXCEEDED'
          ? limitHelp(this.#failure, 'subtasks', this.#view.app.user) : formError(this.#failure, ['title'])}
      </form>`;
  }

  /** @param {Event} event @param {TaskDetail} task */
  async #add(event, task) {
    event.preventDefault();
    this.#isBusy = true;
    try {
      await this.#view.app.api.post('/api/v1/tasks/{id}/subtasks',
          {path: {id: task.id}, body: {title: this.#title}, intent: this.#intent});
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown instanceof Queued ? undefined : thrown;
    }
    if (this.#failure === undefined) {
      this.#title = '';
    }
    this.#isBusy = false;
    this.#view.update();
  }

  /** @param {Subtask} subtask @param {boolean} completed */
  #complete(subtask, completed) {
    const {id} = subtask;
    return this.#view.act(() => this.#ticks.during(id, completed, async () => {
      await this.#view.app.api.patch('/api/v1/subtasks/{id}', {path: {id}, body: {completed}, before: subtask});
      await this.#view.reload(new Set(['tasks']));
    }));
  }

  /** @param {Subtask} subtask @param {string} title */
  #retitle(subtask, title) {
    return this.#view.act(() => this.#view.app.api.patch('/api/v1/subtasks/{id}',
        {path: {id: subtask.id}, body: {title, version: subtask.version}, before: subtask}));
  }

  /** @param {Subtask} subtask */
  async #delete(subtask) {
    const {api, outbox} = this.#view.app;
    if (!outbox.withdraw(subtask.id)) {
      await this.#view.act(() => api.delete('/api/v1/subtasks/{id}', {path: {id: subtask.id}, before: subtask}));
    }
  }

  /** @param {TaskDetail} task @param {number} index @param {-1 | 1} step */
  #move(task, index, step) {
    const ids = task.subtasks.map(({id}) => id);
    const [moved] = ids.splice(index, 1);
    ids.splice(index + step, 0, moved ?? '');
    return this.#view.act(() => this.#view.app.api.put('/api/v1/tasks/{id}/subtasks/reorder',
        {path: {id: task.id}, body: {subtask_ids: ids}, before: {title: task.title}}));
  }
}
