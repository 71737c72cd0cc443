import {html, nothing, render} from '../lit-html/lit-html.js';
import {clock, duration} from '../app/format.js';
import {Dialog} from '../parts/dialog.js';
import {icon} from '../parts/icons.js';
import {ApiError} from '../sdk/index.js';

/** @typedef {import('../api/schemas.js').Schemas['FocusSession']} FocusSession */
/** @typedef {import('../api/schemas.js').Task} Task */

/** The focus clock. It renders itself, so that a second that passes does not render the whole screen. */
export class FocusClock {
  element = document.createElement('div');
  /** @type {FocusSession | undefined} */
  session;
  /** @type {Task | undefined} */
  task;
  #view;
  /** Session whose end was looked for already. */
  #ended = '';

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
    this.element.className = 'focus-place';
    const timer = setInterval(() => this.update(), 1000);
    view.leaving.signal.addEventListener('abort', () => clearInterval(timer));
  }

  async load() {
    this.session = (await this.#view.app.api.get('/api/v1/focus/active')).data ?? undefined;
  }

  /** @param {Task[]} tasks those that are known already */
  async loadTask(tasks) {
    const id = this.session?.task_id;
    const known = tasks.find(task => task.id === id) ?? (this.task?.id === id ? this.task : undefined);
    this.task = id && !known ? (await this.#view.app.api.get('/api/v1/tasks/{id}', {path: {id}})).data : known;
  }

  update() {
    const {session, task} = this;
    const now = this.#view.app.clock.now().getTime();
    const seconds = session ? Math.max(0, (now - Date.parse(session.started_at)) / 1000) : 0;
    this.#lookForEnd(seconds);
    render(session && task ? html`
      <section class="focus-clock" aria-label="Focus">
        ${icon('clock')}
        <p><span class="faint">In focus</span><br><strong>${task.title}</strong></p>
        <p class="time"><span role="timer" class="number">${clock(seconds)}</span>
          ${task.estimated_duration === null ? nothing
            : html`<span class="faint">of ${duration(task.estimated_duration)}</span>`}</p>
        <button class="primary" @click=${() => this.stop()}>${icon('stop')} Stop focus</button>
      </section>` : nothing, this.element);
  }

  /** @param {Task} task */
  async start(task) {
    if (this.session && this.session.task_id !== task.id) {
      this.#offerSwitch(task, this.session);
      return;
    }
    await this.#view.act(async () => {
      try {
        await this.#view.app.api.post('/api/v1/focus/start', {body: {task_id: task.id}});
      } catch (thrown) {
        // Started elsewhere since this screen was loaded.
        const running = thrown instanceof ApiError && thrown.code === 'CONFLICT'
          ? /** @type {FocusSession | undefined} */ (thrown.extras.session) : undefined;
        if (!running) {
          throw thrown;
        }
        this.#offerSwitch(task, running);
      }
    });
  }

  async stop() {
    const {session} = this;
    if (session) {
      await this.#view.act(() => this.#end(session.task_id));
    }
  }

  /** @param {string} taskId */
  async #end(taskId) {
    try {
      await this.#view.app.api.post('/api/v1/focus/end', {body: {task_id: taskId}});
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.code === 'CONFLICT')) {
        throw thrown;
      }
      // It has ended by itself or in another tab.
      this.#view.app.changes.announce(['focus', 'tasks']);
    }
  }

  /** @param {Task} task @param {FocusSession} running */
  #offerSwitch(task, running) {
    const name = this.task?.id === running.task_id ? `“${this.task.title}”` : 'another task';
    const dialog = new Dialog('Switch focus?', () => html`
      <p>The clock is running on ${name}. Only one task can be in focus: switching keeps the time spent so far and
        starts the clock on “${task.title}”.</p>
      <div class="row">
        <button class="primary" @click=${() => { dialog.close(); this.#switch(task, running); }}>Switch focus</button>
        <button @click=${() => dialog.close()}>Keep running</button>
      </div>`);
  }

  /** @param {Task} task @param {FocusSession} running */
  #switch(task, running) {
    return this.#view.act(async () => {
      await this.#end(running.task_id);
      await this.#view.app.api.post('/api/v1/focus/start', {body: {task_id: task.id}});
    });
  }

  /** The service ends a session when the planned time is over. @param {number} seconds that have passed */
  #lookForEnd(seconds) {
    const {session, task} = this;
    const isOver = Boolean(task?.estimated_duration) && seconds > Number(task?.estimated_duration) * 60;
    if (session && isOver && this.#ended !== session.session_id) {
      this.#ended = session.session_id;
      this.#view.app.changes.announce(['focus', 'tasks']);
    }
  }
}
