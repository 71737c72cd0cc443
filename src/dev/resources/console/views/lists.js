import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {View} from '../app/view.js';
import {onSubmit, onValue} from '../parts/forms.js';
import {keepFocus} from '../parts/keep-focus.js';
import {TaskList} from './today-lists.js';
import {TaskRows} from './today-rows.js';

/** @typedef {import('../api/schemas.js').Schemas} Schemas */

/** Tasks that are shown at first. */
const PAGE = 100;

/** The lists and labels of a person, and the tasks of one list in their own order. */
export class ListsView extends View {
  title = 'Lists';
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'focus'];
  /** @type {Schemas['TaskList'][]} */
  #lists = [];
  /** @type {Schemas['Label'][]} */
  #labels = [];
  #isArchived = false;
  /** The list whose tasks are shown. @type {Schemas['TaskList'] | undefined} */
  #chosen;
  /** @type {TaskList | undefined} */
  #tasks;
  #name = '';
  #listName = '';
  #labelName = '';
  #moved = '';
  #rows = new TaskRows(this);

  /** @param {Set<import('../api/changes.js').Topic>} topics */
  async load(topics) {
    const {api} = this.app;
    const [lists, labels] = await Promise.all([
      api.get('/api/v1/lists', {query: {archived: this.#isArchived}}), api.get('/api/v1/labels'),
      this.#rows.loadFocus(topics),
    ]);
    this.#lists = lists.data;
    this.#labels = labels.data;
    this.#chosen = this.#lists.find(({id}) => id === this.#chosen?.id);
    if (!this.#chosen) {
      this.#tasks = undefined;
    }
    await this.#tasks?.load(api);
    await this.#rows.load(this.#tasks?.tasks ?? []);
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
      <form class="card add" aria-label="Add a list" @submit=${onSubmit(() => this.#addList())}>
        <div class="add-line">
          <div class="field"><label for="list-name">New list</label>
            <input id="list-name" required maxlength="100" autocomplete="off" .value=${live(this.#listName)}
              @input=${onValue(value => { this.#listName = value; })}></div>
          <button class="primary">Add list</button>
        </div>
      </form>
      <button class="quiet wide" aria-pressed=${this.#isArchived} @click=${() => this.#showArchived()}>Archived lists</button>
      <ul class="plain" aria-label="Lists">${this.#lists.map(list => html`<li>
        <button class="quiet wide" data-row=${list.id} aria-pressed=${list.id === this.#chosen?.id}
          @click=${() => this.#choose(list)}>${list.name} <span class="faint number">${list.open_count}</span></button></li>`)}</ul>
      ${this.#lists.length === 0 ? html`<p class="faint">No lists.</p>` : nothing}
      ${this.#chosen ? this.#list(this.#chosen) : nothing}
      ${this.#labelSection()}`;
  }

  /** @param {Schemas['TaskList']} list */
  #list(list) {
    return html`
      <section class="stack" aria-labelledby="list-title">
        <h2 id="list-title">${list.name}</h2>
        <form class="row" aria-label="Rename the list" @submit=${onSubmit(() => this.#patch(list, {name: this.#name.trim()}))}>
          <input aria-label="Name of the list" required maxlength="100" .value=${live(this.#name)}
            @input=${onValue(value => { this.#name = value; })}>
          <button>Rename</button>
        </form>
        <div class="row">
          <button @click=${() => this.#patch(list, {archived: !list.archived})}>${list.archived ? 'Unarchive' : 'Archive'} list</button>
          <button @click=${() => this.#delete(list, 'move')}>Delete list, keep tasks</button>
          <button class="danger" @click=${() => this.#delete(list, 'delete')}>Delete list and tasks</button>
        </div>
        <p class="faint">Alt+Up and Alt+Down move a task.</p>
        <p class="hidden" role="status">${this.#moved}</p>
        <div @keydown=${(/** @type {KeyboardEvent} */ event) => this.#move(event)}>${this.#rows.template(this.#tasks?.tasks ?? [])}</div>
        ${this.#tasks?.hasMore ? html`<button @click=${() => { this.#tasks?.showMore(); this.reload(); }}>Show more tasks</button>` : nothing}
      </section>`;
  }

  #labelSection() {
    return html`
      <section class="stack" aria-labelledby="labels-title">
        <h2 id="labels-title">Labels</h2>
        <form class="row" aria-label="Add a label" @submit=${onSubmit(() => this.#addLabel())}>
          <input aria-label="New label" required maxlength="100" .value=${live(this.#labelName)}
            @input=${onValue(value => { this.#labelName = value; })}>
          <button>Add label</button>
        </form>
        <ul class="plain" aria-label="Labels">${this.#labels.map(({id, name}) => html`<li class="row">
          <span class="tag">${name}</span>
          <button class="quiet wide" aria-label=${`Delete label ${name}`} @click=${() => this.act(() =>
            this.app.api.delete('/api/v1/labels/{id}', {path: {id}}))}>Delete</button></li>`)}</ul>
      </section>`;
  }

  #addList() {
    return this.act(async () => {
      await this.app.api.post('/api/v1/lists', {body: {name: this.#listName.trim()}});
      this.#listName = '';
    });
  }

  #addLabel() {
    return this.act(async () => {
      await this.app.api.post('/api/v1/labels', {body: {name: this.#labelName.trim()}});
      this.#labelName = '';
    });
  }

  #showArchived() {
    this.#isArchived = !this.#isArchived;
    return this.act(() => this.reload());
  }

  /** @param {Schemas['TaskList']} list */
  #choose(list) {
    this.#chosen = list;
    this.#name = list.name;
    this.#moved = '';
    this.#tasks = new TaskList({list_id: list.id, sort: 'position', completed: false}, PAGE);
    return this.act(() => this.reload());
  }

  /** @param {Schemas['TaskList']} list @param {{name: string} | {archived: boolean}} change */
  #patch({id, version}, change) {
    return this.act(async () => {
      await this.app.api.patch('/api/v1/lists/{id}', {path: {id}, body: {version, ...change}});
    });
  }

  /** @param {Schemas['TaskList']} list @param {'move' | 'delete'} tasks */
  #delete({id}, tasks) {
    return this.act(async () => {
      await this.app.api.delete('/api/v1/lists/{id}', {path: {id}, query: {tasks}});
      this.#chosen = undefined;
      this.#tasks = undefined;
    });
  }

  /** @param {KeyboardEvent} event */
  async #move(event) {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    const tasks = this.#tasks?.tasks ?? [];
    const row = /** @type {HTMLElement} */ (event.target).closest('[data-row]')?.getAttribute('data-row');
    const from = tasks.findIndex(({id}) => id === row);
    const task = tasks[from];
    const other = tasks[from + step];
    if (!event.altKey || step === 0 || !task) {
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
