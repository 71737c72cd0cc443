import {html} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {isTemporary} from '../api/commands.js';
import {Ticks} from '../parts/ticks.js';
import {isDeleting, waitingMark} from '../parts/waiting.js';
import {TaskEditor} from './today-editor.js';
import {FocusClock} from './today-focus.js';
import {Expanded} from './today-lists.js';
import {taskRow} from './today-row.js';

/** @typedef {import('../api/schemas.js').Task} Task */
/** @typedef {import('../api/changes.js').Topic} Topic */

/** The rows of tasks of a screen, what a person does with them, and the focus clock. */
export class TaskRows {
  #view;
  #expanded;
  #ticks = new Ticks();
  /** @type {import('../api/schemas.js').Schemas['Label'][]} */
  #labels = [];

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
    this.#expanded = new Expanded(view);
    this.focus = new FocusClock(view);
    view.app.outbox.addEventListener('sent',
        event => this.#expanded.rename(/** @type {CustomEvent} */ (event).detail.ids), {signal: view.leaving.signal});
  }

  /** @param {Set<Topic>} topics that may have changed */
  async loadFocus(topics) {
    // A change of its task may end the session.
    if (topics.has('focus') || this.focus.session) {
      await this.focus.load();
    }
  }

  /** Loads what belongs to tasks that were loaded. @param {Task[]} tasks */
  async load(tasks) {
    await Promise.all([this.#expanded.load(tasks), this.focus.loadTask(tasks), this.#loadLabels(tasks)]);
  }

  /** @param {Task[]} tasks */
  async #loadLabels(tasks) {
    if (tasks.some(({label_ids}) => label_ids?.length)) {
      this.#labels = (await this.#view.app.api.get('/api/v1/labels')).data;
    }
  }

  /** @param {Task[]} tasks */
  template(tasks) {
    const {app} = this.#view;
    const now = app.clock.now();
    return html`<ul class="plain tasks">${repeat(tasks, ({id}) => id, task => taskRow(task, {
      isCompleted: this.#ticks.shown(task.id, task.completed),
      now,
      labels: this.#labels,
      timeZone: app.timeZone,
      mark: waitingMark(app.outbox, task.id),
      isDeleting: isDeleting(app.outbox, task.id),
      isFocused: this.focus.session?.task_id === task.id,
      subtasks: this.#expanded.templateOf(task),
      actions: this.#actions,
    }))}</ul>`;
  }

  /** @type {import('./today-row.js').RowActions} */
  #actions = {
    complete: (task, completed) => this.#complete(task, completed),
    edit: task => new TaskEditor(this.#view.app, task, deleted => this.#remove(deleted)).open(),
    expand: task => this.#expanded.toggle(task),
    startFocus: task => this.focus.start(task),
    stopFocus: () => this.focus.stop(),
    remove: task => this.#remove(task),
    keep: ({id}) => this.#view.app.outbox.keep(id),
    bringBack: (task, body) => this.#view.act(() =>
      this.#view.app.api.patch('/api/v1/tasks/{id}', {path: {id: task.id}, body, before: task})),
  };

  /** @param {Task} task @param {boolean} completed */
  async #complete(task, completed) {
    const view = this.#view;
    await view.act(() => this.#ticks.during(task.id, completed, async () => {
      await view.app.api.patch('/api/v1/tasks/{id}', {path: {id: task.id}, body: {completed}, before: task});
      await view.reload(new Set(['tasks']));
    }));
  }

  /** @param {Task} task */
  async #remove(task) {
    const {api, outbox} = this.#view.app;
    if (!isTemporary(task.id) || !outbox.withdraw(task.id)) {
      await this.#view.act(() => api.delete('/api/v1/tasks/{id}', {path: {id: task.id}, before: task}));
    }
  }
}
