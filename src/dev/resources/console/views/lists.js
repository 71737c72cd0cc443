import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {View} from '../app/view.js';
import {onSubmit, onValue} from '../parts/forms.js';
import {icon} from '../parts/icons.js';
import {keepFocus} from '../parts/keep-focus.js';
import {DeleteListDialog} from './lists-delete.js';
import {LabelsSection} from './lists-labels.js';
import {TaskList} from './today-lists.js';
import {TaskRows} from './today-rows.js';

/** @typedef {import('../api/schemas.js').Schemas['TaskList']} List */

/** Tasks that are shown at first. */
const PAGE = 100;

/** In the place of an id: the tasks of no list. */
const INBOX = 'inbox';

/** The lists and labels of a person, and the tasks of one list in their own order. */
export class ListsView extends View {
  title = 'Lists';
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'focus'];
  /** @type {List[]} */
  #lists = [];
  #isArchived = false;
  /** Of the list whose tasks are shown, or empty. */
  #chosen = '';
  /** @type {TaskList | undefined} */
  #tasks;
  #name = '';
  #listName = '';
  #moved = '';
  #labels = new LabelsSection(this);
  #rows = new TaskRows(this);

  /** @param {Set<import('../api/changes.js').Topic>} topics */
  async load(topics) {
    const {api} = this.app;
    const [lists] = await Promise.all([
      api.get('/api/v1/lists', {query: {archived: this.#isArchived}}), this.#labels.load(), this.#rows.loadFocus(topics),
    ]);
    this.#lists = lists.data;
    if (this.#chosen !== INBOX && !this.#list) {
      this.#forget();
    }
    await this.#tasks?.load(api);
    await this.#rows.load(this.#tasks?.tasks ?? []);
  }

  /** The list whose tasks are shown; undefined for the inbox. */
  get #list() {
    return this.#lists.find(({id}) => id === this.#chosen);
  }

  update() {
    keepFocus(document.getElementById('main') ?? document.body, () => {
      super.update();
      this.#rows.focus.update();
    });
  }

  template() {
    const list = this.#list;
    return html`
      ${this.#rows.focus.element}
      <form class="card add" aria-label="Add a list" @submit=${onSubmit(() => this.#addList())}>
        <div class="add-line">
          <div class="field"><label for="list-name">New list</label>
            <input id="list-name" required maxlength="100" autocomplete="off" .value=${live(this.#listName)}
              @input=${onValue(value => { this.#listName = value; })}></div>
          <button class="primary">Add list</button>
        </div>
      </form>
      <p class="hidden" role="status">${this.#moved}</p>
      <section class="stack" aria-labelledby="lists-title">
        <div class="row spread">
          <h2 id="lists-title">${this.#isArchived ? 'Archived lists' : 'Lists in order'}</h2>
          <label class="choice"><input type="checkbox" role="switch" .checked=${live(this.#isArchived)}
            @change=${() => this.#showArchived()}>Archived</label>
        </div>
        <ul class="plain choices" aria-label="Lists" @keydown=${(/** @type {KeyboardEvent} */ event) => this.#moveListByKey(event)}>
          ${this.#isArchived ? nothing : html`<li class="row" data-row=${INBOX}>
            <button class="quiet wide name" data-control="choose" aria-pressed=${this.#chosen === INBOX}
              @click=${() => this.#choose(INBOX, 'Inbox')}>Inbox</button></li>`}
          ${repeat(this.#lists, ({id}) => id, (one, index) => this.#row(one, index))}</ul>
        ${this.#lists.length === 0 ? html`<p class="faint">No lists.</p>` : nothing}
      </section>
      ${list || this.#chosen === INBOX ? this.#content(list) : nothing}
      ${this.#labels.template()}`;
  }

  /** @param {List} list @param {number} index */
  #row({id, name, open_count}, index) {
    return html`
      <li class="row" data-row=${id}>
        <button class="quiet wide name" data-control="choose" aria-pressed=${id === this.#chosen}
          aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown" @click=${() => this.#choose(id, name)}>${name}
          <span class="faint number">${open_count}</span></button>
        <button class="quiet" data-control="up" aria-label=${`Move list ${name} up`} title="Move up" ?disabled=${index === 0}
          @click=${() => this.#moveList(index, -1)}>${icon('up')}</button>
        <button class="quiet" data-control="down" aria-label=${`Move list ${name} down`} title="Move down"
          ?disabled=${index === this.#lists.length - 1} @click=${() => this.#moveList(index, 1)}>${icon('down')}</button>
      </li>`;
  }

  /** The tasks of a list or the inbox. @param {List | undefined} list undefined for the inbox */
  #content(list) {
    return html`
      <section class="stack" aria-labelledby="list-title">
        <h2 id="list-title">${list ? list.name : 'Inbox'}</h2>
        ${list ? html`
          <form class="row" aria-label="Rename the list" @submit=${onSubmit(() => this.#patch(list, {name: this.#name.trim()}))}>
            <input aria-label="Name of the list" required maxlength="100" .value=${live(this.#name)}
              @input=${onValue(value => { this.#name = value; })}>
            <button>Rename</button>
          </form>
          <div class="row">
            <button @click=${() => this.#patch(list, {archived: !list.archived})}>
              ${icon('archive')} ${list.archived ? 'Unarchive' : 'Archive'} list</button>
            <button class="danger" @click=${() => this.#delete(list)}>${icon('trash')} Delete list</button>
          </div>` : nothing}
        <p class="faint">Alt+Up and Alt+Down move a task, and a list.</p>
        ${this.#tasks && this.#tasks.tasks.length === 0 ? html`<p class="faint">No open tasks.</p>` : nothing}
        <div @keydown=${(/** @type {KeyboardEvent} */ event) => this.#move(event)}>${this.#rows.template(this.#tasks?.tasks ?? [])}</div>
        ${this.#tasks?.hasMore ? html`<button @click=${() => { this.#tasks?.showMore(); this.reload(); }}>Show more tasks</button>` : nothing}
      </section>`;
  }

  #addList() {
    return this.act(async () => {
      await this.app.api.post('/api/v1/lists', {body: {name: this.#listName.trim()}});
      this.#listName = '';
    });
  }

  #showArchived() {
    this.#isArchived = !this.#isArchived;
    this.#forget();
    return this.act(() => this.reload());
  }

  /** @param {string} id @param {string} name */
  #choose(id, name) {
    this.#chosen = id;
    this.#name = name;
    this.#moved = '';
    this.#tasks = new TaskList({list_id: id, sort: 'position', completed: false}, PAGE);
    return this.act(() => this.reload());
  }

  #forget() {
    this.#chosen = '';
    this.#tasks = undefined;
  }

  /** @param {List} list @param {{name: string} | {archived: boolean}} change */
  #patch(list, change) {
    const {id, version} = list;
    return this.act(async () => {
      await this.app.api.patch('/api/v1/lists/{id}', {path: {id}, body: {version, ...change}, before: list});
    });
  }

  /** @param {List} list */
  #delete(list) {
    new DeleteListDialog(this.app, list, () => {
      this.#forget();
      this.update();
    }).open();
  }

  /** @param {KeyboardEvent} event */
  #moveListByKey(event) {
    const step = stepOf(event);
    const from = this.#lists.findIndex(({id}) => id === rowOf(event));
    if (step !== 0 && from >= 0) {
      event.preventDefault();
      this.#moveList(from, step);
    }
  }

  /** @param {number} from @param {number} step -1 or 1 */
  async #moveList(from, step) {
    const list = this.#lists[from];
    const other = this.#lists[from + step];
    if (list && other) {
      await this.act(async () => {
        await this.app.api.post('/api/v1/lists/{id}/move',
            {path: {id: list.id}, body: step < 0 ? {before: other.id} : {after: other.id}, before: list});
        await this.reload(new Set(['tasks']));
        this.#moved = `${list.name} is now ${from + step + 1} of ${this.#lists.length}`;
      });
    }
  }

  /** @param {KeyboardEvent} event */
  async #move(event) {
    const step = stepOf(event);
    const tasks = this.#tasks?.tasks ?? [];
    const from = tasks.findIndex(({id}) => id === rowOf(event));
    const task = tasks[from];
    const other = tasks[from + step];
    if (step === 0 || !task) {
      return;
    }
    event.preventDefault();
    if (other) {
      await this.act(async () => {
        await this.app.api.post('/api/v1/tasks/{id}/move',
            {path: {id: task.id}, body: step < 0 ? {before: other.id} : {after: other.id}});
        await this.reload(new Set(['tasks']));
        this.#moved = `${task.title} is now ${from + step + 1} of ${tasks.length}`;
        this.update();
      });
    }
  }
}

/** How far Alt+Up and Alt+Down move something: -1 or 1; 0 for other keys. @param {KeyboardEvent} event */
function stepOf({altKey, key}) {
  return !altKey ? 0 : key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : 0;
}

/** @param {KeyboardEvent} event @returns {string | undefined} of the row with the focus */
function rowOf({target}) {
  return target instanceof Element ? target.closest('[data-row]')?.getAttribute('data-row') ?? undefined : undefined;
}
