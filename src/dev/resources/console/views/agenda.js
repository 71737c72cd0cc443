import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {counted, date, day, plusDays} from '../app/format.js';
import {View} from '../app/view.js';
import {icon} from '../parts/icons.js';
import {keepFocus} from '../parts/keep-focus.js';
import {withWaitingTasks} from '../parts/waiting.js';
import {AddForm} from './today-add.js';
import {dayWords} from './today-groups.js';
import {TaskRows} from './today-rows.js';

/** @typedef {import('../api/schemas.js').Schemas['Agenda']} Agenda */
/** @typedef {import('../api/schemas.js').Task} Task */

/** As time passes, tasks become overdue, and days begin; in milliseconds. */
const RELOAD_MS = 60_000;

/** A day, and the week after it. */
export class AgendaView extends View {
  title = 'Agenda';
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'focus', 'user'];
  /** @type {Agenda | undefined} */
  #agenda;
  /** The day that the person has chosen; empty for today. */
  #date = '';
  #add = new AddForm(this);
  #rows = new TaskRows(this);

  /** @param {HTMLElement} parent */
  async enter(parent) {
    const timer = setInterval(() => this.reload(new Set(['tasks'])), RELOAD_MS);
    this.leaving.signal.addEventListener('abort', () => clearInterval(timer));
    await super.enter(parent);
  }

  /** @param {Set<import('../api/changes.js').Topic>} topics */
  async load(topics) {
    const [{data}] = await Promise.all([
      this.app.api.get('/api/v1/agenda', {query: this.#date ? {date: this.#date} : {}}),
      this.#rows.loadFocus(topics),
    ]);
    this.#agenda = data;
    await this.#rows.load([
      ...data.overdue.tasks, ...data.today.tasks, ...data.upcoming.days.flatMap(({tasks}) => tasks),
    ]);
  }

  update() {
    keepFocus(document.getElementById('main') ?? document.body, () => {
      super.update();
      this.#rows.focus.update();
    });
  }

  template() {
    const agenda = this.#agenda;
    const waiting = withWaitingTasks([], this.app.outbox);
    return agenda ? html`
      ${this.#tools(agenda)}
      ${this.#rows.focus.element}
      ${this.#add.template()}
      ${waiting.length === 0 ? nothing : this.#section('waiting', 'Not sent yet', waiting.length, waiting, '')}
      ${agenda.overdue.count === 0 ? nothing
        : this.#section('overdue', 'Overdue', agenda.overdue.count, agenda.overdue.tasks, '')}
      ${this.#section('today', this.#name(agenda.date), agenda.today.count, agenda.today.tasks, agenda.date)}
      ${agenda.upcoming.days.map(({date: value, count, tasks}) =>
        this.#section(value, this.#name(value), count, tasks, value))}` : nothing;
  }

  /** @param {Agenda} agenda */
  #tools(agenda) {
    return html`
      <div class="row today-summary">
        <p class="row">
          <span>${date(agenda.date)}</span>
          <span class="tag number">${counted(agenda.completed_count, 'task')} completed</span>
        </p>
        <div class="row tools">
          <button class="quiet wide" @click=${() => this.#show(plusDays(agenda.date, -1))}>Day before</button>
          <input type="date" aria-label="Day" required .value=${live(agenda.date)}
            @change=${(/** @type {Event} */ {target}) => this.#show(/** @type {HTMLInputElement} */ (target).value)}>
          <button class="quiet wide" @click=${() => this.#show(plusDays(agenda.date, 1))}>Day after</button>
          <button class="quiet wide" ?disabled=${!this.#date} @click=${() => this.#show('')}>Today</button>
        </div>
      </div>`;
  }

  /**
   * @param {string} id
   * @param {string} title
   * @param {number} count of all
   * @param {Task[]} tasks
   * @param {string} planned the day for which tasks can be added; empty for none
   */
  #section(id, title, count, tasks, planned) {
    const isPast = planned < day(this.app.clock.now(), this.app.timeZone);
    return html`
      <section class="task-group ${id === 'overdue' ? id : ''}" aria-labelledby=${`group-${id}`}>
        <div class="row">
          <h2 id=${`group-${id}`}>${title} <span class="faint number">${count}</span></h2>
          ${isPast ? nothing : html`<button class="quiet" aria-label=${`Add a task for ${title}`} title="Add a task"
            @click=${() => this.#add.planFor(planned)}>${icon('plus')}</button>`}
        </div>
        ${tasks.length > 0 ? this.#rows.template(tasks) : count === 0 ? html`<p class="faint">Nothing planned.</p>` : nothing}
        ${tasks.length < count ? html`<p class="faint">${counted(count - tasks.length, 'more task')}, on Today.</p>` : nothing}
      </section>`;
  }

  /** "Tomorrow", "Friday", "Fri, Nov 4". @param {string} value */
  #name(value) {
    const words = dayWords(value, this.app.clock.now(), this.app.timeZone);
    return `${words[0]?.toUpperCase()}${words.slice(1)}`;
  }

  /** @param {string} value YYYY-MM-DD, or empty for today */
  #show(value) {
    this.#date = value;
    return this.act(() => this.reload(new Set(['tasks'])));
  }
}
