import {html, nothing} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {View} from '../app/view.js';
import {keepFocus} from '../parts/keep-focus.js';
import {icon} from '../parts/icons.js';
import {between} from '../parts/position.js';
import {ApiError} from '../sdk/index.js';
import {FilterForm} from './filters-form.js';
import {TaskRows} from './today-rows.js';

/** @typedef {import('../api/schemas.js').Schemas['Filter']} Filter */
/** @typedef {import('../api/schemas.js').Task} Task */

/** Tasks per request, and more each time. */
const PAGE = 50;

/** Pages may be empty although more follow; so many are read at once. */
const MOST_PAGES = 10;

/** The tasks that match a filter, and the filters that a person has saved. */
export class FiltersView extends View {
  title = 'Filters';
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'focus'];
  /** @type {Filter[]} */
  #filters = [];
  #form = new FilterForm(this, query => this.#show(query));
  /** What the tasks are of; empty before the first filter. */
  #query = '';
  /** @type {Task[]} */
  #tasks = [];
  #hasMore = false;
  #wanted = PAGE;
  #moved = '';
  #rows = new TaskRows(this);

  /** @param {Set<import('../api/changes.js').Topic>} topics */
  async load(topics) {
    const [{data}] = await Promise.all([
      this.app.api.get('/api/v1/filters'), this.#findAgain(), this.#rows.loadFocus(topics),
    ]);
    this.#filters = data;
    this.#form.known(data);
    await this.#rows.load(this.#tasks);
  }

  async #findAgain() {
    try {
      await (this.#query && this.#find(this.#query));
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.code === 'VALIDATION_ERROR')) {
        throw thrown;
      }
      // A list that it names was renamed, for example.
      this.#forget();
      this.#form.failed(thrown);
    }
  }

  /** @param {string} query */
  async #find(query) {
    /** @type {Map<string, Task>} */
    const found = new Map();
    let cursor = '';
    for (let pages = 0; pages < MOST_PAGES && found.size < this.#wanted && (cursor || pages === 0); pages++) {
      const {data, pagination} = await this.app.api.get('/api/v1/tasks', {
        query: {filter: query, limit: PAGE, ...(cursor && {cursor})}, signal: this.leaving.signal,
      });
      data.forEach(task => found.set(task.id, task));
      cursor = pagination.next_cursor ?? '';
    }
    // The person may have asked for another one meanwhile.
    if (query === this.#query) {
      this.#tasks = [...found.values()];
      this.#hasMore = cursor !== '';
    }
  }

  /** Shows the tasks of a filter. @param {string} query @throws ApiError if it is not valid */
  async #show(query) {
    this.#query = query;
    this.#wanted = PAGE;
    this.#moved = '';
    try {
      await this.#find(query);
      await this.#rows.load(this.#tasks);
    } catch (thrown) {
      this.#forget();
      throw thrown;
    }
  }

  #forget() {
    this.#query = '';
    this.#tasks = [];
    this.#hasMore = false;
  }

  update() {
    keepFocus(document.getElementById('main') ?? document.body, () => {
      super.update();
      this.#rows.focus.update();
    });
  }

  template() {
    return html`
      ${this.#rows.focus.element}
      ${this.#form.template()}
      <p class="hidden" role="status">${this.#moved}</p>
      ${this.#filters.length === 0 ? nothing : html`
        <section class="stack" aria-labelledby="saved-title">
          <h2 id="saved-title">Saved filters</h2>
          <ul class="plain choices" aria-label="Saved filters"
            @keydown=${(/** @type {KeyboardEvent} */ event) => this.#moveByKey(event)}>
            ${repeat(this.#filters, ({id}) => id, (filter, index) => this.#row(filter, index))}</ul>
        </section>`}
      ${this.#query ? html`
        <section class="stack" aria-labelledby="matches-title">
          <h2 id="matches-title">Tasks <span class="faint number">${this.#tasks.length}${this.#hasMore ? ' and more' : nothing}</span></h2>
          ${this.#tasks.length > 0 ? this.#rows.template(this.#tasks)
            : html`<p class="card no-tasks">${this.#hasMore ? 'No task so far.' : 'No task matches.'}</p>`}
          ${this.#hasMore ? html`<button @click=${() => { this.#wanted = this.#tasks.length + PAGE; this.reload(); }}>
            Show more tasks</button>` : nothing}
        </section>` : nothing}`;
  }

  /** @param {Filter} filter @param {number} index */
  #row(filter, index) {
    const {id, name} = filter;
    return html`
      <li class="row" data-row=${id}>
        <button class="quiet wide name" data-control="choose" aria-pressed=${this.#form.chosen?.id === id}
          aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown" @click=${() => this.#form.choose(filter)}>${name}</button>
        <button class="quiet" data-control="up" aria-label=${`Move ${name} up`} title="Move up" ?disabled=${index === 0}
          @click=${() => this.#move(filter, -1)}>${icon('up')}</button>
        <button class="quiet" data-control="down" aria-label=${`Move ${name} down`} title="Move down"
          ?disabled=${index === this.#filters.length - 1} @click=${() => this.#move(filter, 1)}>${icon('down')}</button>
        <button class="quiet" data-control="delete" aria-label=${`Delete ${name}`} title="Delete"
          @click=${() => this.#delete(filter)}>${icon('trash')}</button>
      </li>`;
  }

  /** @param {KeyboardEvent} event */
  #moveByKey(event) {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    const row = /** @type {HTMLElement} */ (event.target).closest('[data-row]')?.getAttribute('data-row');
    const filter = this.#filters.find(({id}) => id === row);
    if (event.altKey && step !== 0 && filter) {
      event.preventDefault();
      this.#move(filter, step);
    }
  }

  /** @param {Filter} filter @param {number} step -1 or 1 */
  async #move(filter, step) {
    const others = this.#filters.filter(other => other !== filter);
    const to = this.#filters.indexOf(filter) + step;
    if (to < 0 || to > others.length) {
      return;
    }
    const position = between(others[to - 1]?.position ?? '', others[to]?.position ?? '');
    await this.act(async () => {
      await this.app.api.patch('/api/v1/filters/{id}',
          {path: {id: filter.id}, body: {version: filter.version, position}, before: filter});
      await this.reload(new Set(['tasks']));
      this.#moved = `${filter.name} is now ${to + 1} of ${this.#filters.length}`;
    });
  }

  /** @param {Filter} filter */
  #delete(filter) {
    return this.act(() => this.app.api.delete('/api/v1/filters/{id}', {path: {id: filter.id}, before: filter}));
  }
}
