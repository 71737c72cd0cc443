import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {View} from '../app/view.js';
import {errorOf, formError} from '../parts/field.js';
import {marked} from '../parts/marked.js';
import {TaskEditor} from './today-editor.js';

/** @typedef {import('../api/schemas.js').Schemas['SearchResult']} SearchResult */

const TYPES = {task: 'Task', subtask: 'Subtask', note: 'Note'};

/** Results per request. */
const PAGE = 25;

/** Tasks, subtasks and notes by their words, the best matches first. */
export class SearchView extends View {
  title = 'Search';
  isUsefulUnloaded = true;
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'notes'];
  #draft = {q: '', type: ''};
  /** What the results are of; undefined before the first search. @type {{q: string, type: string} | undefined} */
  #query;
  /** @type {SearchResult[]} */
  #results = [];
  /** @type {string | null} */
  #next = null;
  #wanted = PAGE;
  /** @type {unknown} */
  #failure;

  /** Changes of what was found are found again. */
  async load() {
    const query = this.#query;
    if (!query) {
      return;
    }
    /** @type {SearchResult[]} */
    const found = [];
    let cursor = '';
    do {
      const {data, pagination} = await this.app.api.get('/api/v1/search', {
        query: {q: query.q, limit: PAGE, ...(query.type && {type: query.type}), ...(cursor && {cursor})},
        signal: this.leaving.signal,
      });
      found.push(...data);
      cursor = pagination.next_cursor ?? '';
    } while (cursor && found.length < this.#wanted);
    if (query === this.#query) {
      this.#results = found;
      this.#next = cursor || null;
    }
  }

  template() {
    const error = errorOf(this.#failure, 'q');
    return html`
      <form class="card add" role="search" @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event)}>
        <div class="search-line">
          <div class="field"><label for="search-q">Words</label>
            <input id="search-q" name="q" type="search" required maxlength="200" .value=${live(this.#draft.q)}
              @input=${(/** @type {Event} */ {target}) => { this.#draft.q = /** @type {HTMLInputElement} */ (target).value; }}
              aria-invalid=${Boolean(error)} aria-describedby="search-q-error">
            <p class="field-error" id="search-q-error">${error}</p></div>
          <div class="field"><label for="search-type">In</label>
            <select id="search-type" .value=${live(this.#draft.type)}
              @change=${(/** @type {Event} */ {target}) => { this.#draft.type = /** @type {HTMLSelectElement} */ (target).value; }}>
              <option value="">Everything</option>
              ${Object.entries(TYPES).map(([type, name]) => html`<option value=${type}>${name}s</option>`)}
            </select></div>
          <button class="primary">Search</button>
        </div>
        ${this.#failure === undefined ? nothing : formError(this.#failure, ['q'])}
      </form>
      <p class="hidden" role="status">${this.#query ? `${this.#results.length} found` : nothing}</p>
      ${this.#query && this.#results.length === 0 ? html`<p class="card no-tasks">Nothing has all of these words.</p>` : nothing}
      ${this.#results.length === 0 ? nothing : html`
        <ul class="plain tasks" aria-label="Results">${repeat(this.#results, ({id}) => id, result => this.#row(result))}</ul>`}
      ${this.#next === null ? nothing
        : html`<button @click=${() => { this.#wanted += PAGE; this.reload(); }}>Show more results</button>`}`;
  }

  /** @param {SearchResult} result */
  #row(result) {
    const state = result.archived ? 'archived' : result.hidden ? 'hidden' : result.completed ? 'completed' : '';
    const title = marked(result.title, result.title_highlights);
    return html`
      <li class="result" data-row=${result.id}>
        ${result.type === 'note' ? html`<a class="title" href="#/notes">${title}</a>`
          : html`<button class="title" data-control="edit" aria-haspopup="dialog" @click=${() => this.#edit(result)}>${title}</button>`}
        ${result.snippets.map(({text, highlights}) => html`<p>${marked(text, highlights)}</p>`)}
        <p class="faint">${TYPES[result.type]}${state ? `, ${state}` : nothing}</p>
      </li>`;
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    this.#query = {...this.#draft};
    this.#wanted = PAGE;
    try {
      await this.load();
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown;
      this.#query = undefined;
      this.#results = [];
      this.#next = null;
    }
    this.update();
  }

  /** @param {SearchResult} result */
  async #edit({id, task_id}) {
    const {app} = this;
    await this.act(async () => {
      const {data: task} = await app.api.get('/api/v1/tasks/{id}', {path: {id: task_id ?? id}});
      new TaskEditor(app, task, deleted => {
        this.act(() => app.api.delete('/api/v1/tasks/{id}', {path: {id: deleted.id}, before: deleted}));
      }).open();
    });
  }
}
