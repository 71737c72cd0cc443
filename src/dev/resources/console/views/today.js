import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {View} from '../app/view.js';
import {icon} from '../parts/icons.js';
import {keepFocus} from '../parts/keep-focus.js';
import {withWaitingTasks} from '../parts/waiting.js';
import {AchievementsDialog} from './today-achievements.js';
import {AddForm} from './today-add.js';
import {DeletedDialog} from './today-deleted.js';
import {groupsOf, longDay} from './today-groups.js';
import {TaskList} from './today-lists.js';
import {TaskRows} from './today-rows.js';
import {TemplatesDialog} from './today-templates.js';

/** @typedef {import('../api/schemas.js').Task} Task */

/** As time passes, tasks become overdue; looked at this often, in milliseconds. */
const GLANCE_MS = 20_000;

/** Today: what there is to do, and the clock for the task that is being done. */
export class TodayView extends View {
  title = 'Today';
  isUsefulUnloaded = true;
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'focus', 'achievements'];
  #open = new TaskList({completed: false, sort: 'due_date'}, 50);
  #completed = new TaskList({completed: true, sort: 'updated_at'}, 10);
  #hidden = new TaskList({hidden: true, sort: 'updated_at'}, 25);
  #archived = new TaskList({archived: true, sort: 'updated_at'}, 25);
  #both = new TaskList({hidden: true, archived: true, sort: 'updated_at'}, 25);
  #isCompletedShown = false;
  #isAsideShown = false;
  /** @type {import('../api/schemas.js').Schemas['OwnAchievements'] | undefined} */
  #own;
  #add = new AddForm(this);
  #rows = new TaskRows(this);

  /** @param {HTMLElement} parent */
  async enter(parent) {
    const timer = setInterval(() => this.update(), GLANCE_MS);
    const {signal} = this.leaving;
    signal.addEventListener('abort', () => clearInterval(timer));
    await super.enter(parent);
  }

  /** @param {Set<import('../api/changes.js').Topic>} topics */
  async load(topics) {
    const {api} = this.app;
    const [own] = await Promise.all([
      topics.has('achievements') ? api.get('/api/v1/achievements/me') : undefined,
      topics.has('tasks') ? Promise.all(this.#shownLists().map(list => list.load(api))) : undefined,
      this.#rows.loadFocus(topics),
    ]);
    this.#own = own?.data ?? this.#own;
    await this.#rows.load(this.#shownLists().flatMap(list => list.tasks));
  }

  update() {
    keepFocus(document.getElementById('main') ?? document.body, () => {
      super.update();
      this.#rows.focus.update();
    });
  }

  template() {
    return html`
      ${this.#summary()}
      ${this.#rows.focus.element}
      ${this.#add.template()}
      ${this.#isAsideShown ? this.#aside() : this.#day()}`;
  }

  #summary() {
    const {stats, effective_limits: limits, unlocked, progress} = this.#own ?? {};
    const own = this.#own;
    const {app} = this;
    return html`
      <div class="row today-summary">
        <p class="row">
          <span>${longDay(app.clock.now(), app.timeZone)}</span>
          <span class="tag warm">${icon('flame')}
            ${stats?.current_streak ? `${stats.current_streak}-day streak` : 'No streak yet'}</span>
          <span class="tag number">${this.#open.total} of ${limits?.max_tasks} open tasks</span>
        </p>
        <div class="row tools">
          <button class="quiet wide" @click=${() => own && new AchievementsDialog(app, own).open()}>
            ${icon('trophy')} Achievements <span class="number">${unlocked?.length}/${progress?.length}</span></button>
          <button class="quiet wide" @click=${() => new TemplatesDialog(app).open()}>
            ${icon('repeat')} Repeating</button>
          <button class="quiet wide" @click=${() => new DeletedDialog(app).open()}>
            ${icon('trash')} Deleted</button>
          <label class="choice"><input type="checkbox" role="switch" .checked=${live(this.#isAsideShown)}
            @change=${() => this.#toggleAside()}>Hidden and archived</label>
        </div>
      </div>`;
  }

  #day() {
    const tasks = withWaitingTasks(this.#open.tasks, this.app.outbox);
    const groups = groupsOf(tasks, this.app.clock.now(), this.app.timeZone);
    return html`
      ${groups.length === 0 ? html`<p class="card no-tasks">Nothing to do. Your tasks will be here, by when
        they are due: write the first one above and press Enter.</p>` : nothing}
      ${repeat(groups, ({id}) => id, ({id, title, tasks}) => this.#section(id, title, tasks, nothing))}
      ${this.#more(this.#open, 'Show more tasks')}
      <details class="completed-tasks" ?open=${this.#isCompletedShown}
        @toggle=${(/** @type {Event} */ event) => this.#toggleCompleted(event)}>
        <summary><h2>Completed</h2></summary>
        ${this.#completed.tasks.length === 0 ? html`<p class="faint">Completed tasks will be here.</p>`
          : this.#rows.template(this.#completed.tasks)}
        ${this.#more(this.#completed, 'Show more completed tasks')}
      </details>`;
  }

  /** Tasks that are out of sight. */
  #aside() {
    const archived = [...this.#archived.tasks, ...this.#both.tasks];
    return html`
      ${this.#section('hidden', 'Hidden', this.#hidden.tasks,
          html`<p class="faint">Tasks that you hide will be here; they do not count against the limit.</p>`)}
      ${this.#more(this.#hidden, 'Show more hidden tasks')}
      ${this.#section('archived', 'Archived', archived,
          html`<p class="faint">Tasks that you archive will be here; they cannot be changed.</p>`)}
      ${this.#more(this.#archived, 'Show more archived tasks')}
      ${this.#more(this.#both, 'Show more hidden and archived tasks')}`;
  }

  /** @param {string} id @param {string} title @param {Task[]} tasks @param {unknown} empty */
  #section(id, title, tasks, empty) {
    return html`
      <section class="task-group ${id === 'overdue' ? id : ''}" aria-labelledby=${`group-${id}`}>
        <h2 id=${`group-${id}`}>${title} <span class="faint number">${tasks.length}</span></h2>
        ${tasks.length === 0 ? empty : this.#rows.template(tasks)}
      </section>`;
  }

  /** @param {TaskList} list @param {string} label */
  #more(list, label) {
    return list.hasMore ? html`<button @click=${() => { list.showMore(); this.reload(); }}>${label}
      <span class="faint number">${list.tasks.length} of ${list.total}</span></button>` : nothing;
  }

  #shownLists() {
    // Of the open tasks, the number is shown in any case.
    return this.#isAsideShown ? [this.#open, this.#hidden, this.#archived, this.#both]
      : this.#isCompletedShown ? [this.#open, this.#completed] : [this.#open];
  }

  /** @param {Event} event */
  #toggleCompleted({target}) {
    const isShown = /** @type {HTMLDetailsElement} */ (target).open;
    if (isShown !== this.#isCompletedShown) {
      this.#isCompletedShown = isShown;
      this.reload();
    }
  }

  #toggleAside() {
    this.#isAsideShown = !this.#isAsideShown;
    return this.reload();
  }
}
