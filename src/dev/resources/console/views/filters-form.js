import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {asSentence} from '../api/failures.js';
import {errorOf, field, formError} from '../parts/field.js';
import {onSubmit, onValue} from '../parts/forms.js';
import {marked, unitsUpTo} from '../parts/marked.js';
import {ApiError, Intent} from '../sdk/index.js';

/** @typedef {import('../api/schemas.js').Schemas['Filter']} Filter */

/** Filters to begin with. */
const EXAMPLES = [
  'completed = false and due < today + 7d',
  'overdue and priority = high',
  'completed = false and due = none and list = inbox',
  'completed and completed_at >= today - 7d',
];

/** Writes a filter, shows its tasks, and saves it with a name. */
export class FilterForm {
  /** The saved filter that is shown or changed. @type {Filter | undefined} */
  chosen;
  #view;
  #show;
  #query = '';
  #name = '';
  #intent = new Intent();
  /** @type {unknown} */
  #failure;
  /** The text that was refused. */
  #refused = '';

  /** @param {import('../app/view.js').View} view @param {(query: string) => Promise<void>} show shows the tasks of a filter */
  constructor(view, show) {
    this.#view = view;
    this.#show = show;
  }

  /** Filters may have been changed or deleted elsewhere. @param {Filter[]} filters that exist */
  known(filters) {
    this.chosen = filters.find(({id}) => id === this.chosen?.id);
  }

  /** Shows the tasks of a saved filter. @param {Filter} filter */
  choose(filter) {
    this.chosen = filter;
    this.#query = filter.query;
    this.#name = filter.name;
    return this.#try(() => this.#show(filter.query));
  }

  template() {
    const failure = this.#failure;
    const error = errorOf(failure, 'filter') || errorOf(failure, 'query');
    const nameError = errorOf(failure, 'name');
    return html`
      <form class="card add" aria-label="Filter tasks" @submit=${onSubmit(() => this.#submit())}>
        <div class="add-line">
          ${field('filter-query', 'Filter', html`<input id="filter-query" class="rule" required maxlength="1000" autocomplete="off"
            spellcheck="false" .value=${live(this.#query)} @input=${onValue(value => { this.#query = value; })}
            placeholder="completed = false and due < today + 7d"
            aria-invalid=${Boolean(error)} aria-describedby="filter-query-error filter-query-place">`, error && asSentence(error))}
          <p class="filter-place" id="filter-query-place">${error ? this.#place() : nothing}</p>
          <button class="primary">Show tasks</button>
        </div>
        ${error || nameError ? nothing : formError(failure, [])}
        <details>
          <summary>What a filter can say</summary>
          <div class="stack filter-help">
            <p>Conditions are combined with <code>and</code>, <code>or</code>, <code>not</code> and parentheses:
              <code>completed</code>, <code>overdue</code>, <code>recurring</code>, <code>priority</code>, <code>due</code>,
              <code>start</code>, <code>list</code>, <code>label</code>, <code>text ~ "words"</code> and others.</p>
            <ul class="plain">${EXAMPLES.map(example => html`<li>
              <button type="button" class="link" @click=${() => this.#use(example)}><code>${example}</code></button></li>`)}</ul>
          </div>
        </details>
      </form>
      ${this.#query.trim() === '' ? nothing : html`
        <form class="row filter-save" aria-label="Save the filter" @submit=${onSubmit(() => this.#save())}>
          ${field('filter-name', 'Name', html`<input id="filter-name" required maxlength="100" autocomplete="off"
            .value=${live(this.#name)} @input=${onValue(value => { this.#name = value; })}
            aria-invalid=${Boolean(nameError)} aria-describedby="filter-name-error">`, nameError)}
          <button>Save as new filter</button>
          ${this.chosen ? html`<button type="button" @click=${() => this.#change()}>Save changes to “${this.chosen.name}”</button>` : nothing}
        </form>`}`;
  }

  /** The refused text, with the place at which it cannot be understood. */
  #place() {
    const start = this.#position();
    const length = [...this.#refused].slice(start).join('').search(/[\s)]|$/);
    return length > 0
      ? html`Here: <code>${marked(this.#refused, [{start, end: start + length}])}</code>`
      : html`Here: <code>${this.#refused.slice(0, unitsUpTo(this.#refused, start))}<mark>…</mark>${this.#refused.slice(unitsUpTo(this.#refused, start))}</code>`;
  }

  #position() {
    return this.#failure instanceof ApiError ? Number(this.#failure.extras.position ?? 0) : 0;
  }

  /** @param {string} query */
  #use(query) {
    this.#query = query;
    return this.#submit();
  }

  async #submit() {
    const query = this.#query.trim();
    await this.#try(() => this.#show(query));
  }

  async #save() {
    await this.#try(async () => {
      const {data} = await this.#view.app.api.post('/api/v1/filters',
          {body: {name: this.#name.trim(), query: this.#query.trim()}, intent: this.#intent});
      this.chosen = data;
      await this.#show(data.query);
    });
  }

  async #change() {
    const {chosen} = this;
    if (chosen) {
      await this.#try(async () => {
        const {data} = await this.#view.app.api.patch('/api/v1/filters/{id}', {
          path: {id: chosen.id}, before: chosen, intent: this.#intent,
          body: {version: chosen.version, name: this.#name.trim(), query: this.#query.trim()},
        });
        this.chosen = data;
        await this.#show(data.query);
      });
    }
  }

  /** The filter could not be used. @param {unknown} thrown */
  failed(thrown) {
    this.#failure = thrown;
    this.#refused = this.#query.trim();
  }

  /** Runs an action on the filter. If it is refused, the caret is moved to the place. @param {() => Promise<void>} action */
  async #try(action) {
    this.#failure = undefined;
    try {
      await action();
    } catch (thrown) {
      if (this.#view.leaving.signal.aborted) {
        return;
      }
      this.failed(thrown);
    }
    // Positions are those of the text without white space around it.
    this.#query = this.#query.trim();
    this.#view.update();
    if (this.#failure instanceof ApiError && this.#failure.extras.position !== undefined) {
      const input = /** @type {HTMLInputElement | null} */ (document.getElementById('filter-query'));
      const place = unitsUpTo(this.#refused, this.#position());
      input?.focus();
      input?.setSelectionRange(place, place);
    }
  }
}
