import {html, nothing} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {isTemporary} from '../api/commands.js';
import {View} from '../app/view.js';
import {counted} from '../app/format.js';
import {onValue} from '../parts/forms.js';
import {withWaitingNotes} from '../parts/waiting.js';
import {ApiError} from '../sdk/index.js';
import {NoteComposer} from './notes-composer.js';
import {Conversions} from './notes-conversions.js';
import {NoteItem} from './notes-item.js';

/** @typedef {import('../api/schemas.js').Note} Note */

const PAGE = 20;

/** A search begins when nothing was typed for this time, in milliseconds. */
const TYPING_MS = 350;

/** Notes: writing and speaking them, finding them, and turning them into tasks. */
export class NotesView extends View {
  title = 'Notes';
  isUsefulUnloaded = true;
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['notes', 'subscription'];
  conversions = new Conversions(this.app);
  #composer = new NoteComposer(this);
  /** As they were loaded. @type {Note[]} */
  #notes = [];
  /** Those that are shown, by their ids. @type {Map<string, NoteItem>} */
  #items = new Map();
  #query = '';
  #queryFailure = '';
  #isArchive = false;
  #offset = 0;
  #total = 0;
  #hasMore = false;
  /** Notes that count, and how many may. */
  #used = 0;
  #limit = 0;
  #loads = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;

  async load() {
    const isFiltered = this.#isArchive || this.#query !== '';
    const [, state, current] = await Promise.all([
      this.#loadPage(),
      this.app.api.get('/api/v1/achievements/me'),
      isFiltered ? this.app.api.get('/api/v1/notes', {query: {limit: 1}}) : undefined,
    ]);
    this.#limit = state.data.effective_limits.max_notes;
    this.#used = current?.pagination.total ?? (isFiltered ? this.#used : this.#total);
  }

  async #loadPage() {
    const load = ++this.#loads;
    try {
      const {data, pagination} = await this.app.api.get('/api/v1/notes',
          {query: {q: this.#query, archived: this.#isArchive, offset: this.#offset, limit: PAGE}});
      if (load !== this.#loads) {
        // A later request has been sent; this answer is outdated.
        return;
      }
      this.#queryFailure = '';
      this.#notes = data;
      this.#total = pagination.total ?? 0;
      this.#hasMore = pagination.has_more;
    } catch (thrown) {
      const failure = thrown instanceof ApiError ? thrown.field('q') : '';
      if (!failure) {
        throw thrown;
      }
      this.#queryFailure = failure;
    }
    if (this.#offset > 0 && this.#notes.length === 0) {
      // The last note of the last page is gone.
      this.#offset = Math.max(0, this.#offset - PAGE);
      await this.#loadPage();
    }
  }

  /** The loaded notes as the person wants them to be, with what is being edited. */
  #shown() {
    const isNewest = !this.#isArchive && this.#query === '' && this.#offset === 0;
    const notes = withWaitingNotes(this.#notes, this.app.outbox).filter(({id}) => isNewest || !isTemporary(id));
    const edited = [...this.#items].filter(([, item]) => item.isEdited);
    this.#items = new Map(notes.map(note => [note.id, this.#item(note)]));
    // What is typed stays, also if the note was archived elsewhere.
    edited.forEach(([id, item]) => this.#items.set(id, item));
    return this.#items;
  }

  /** Keeps the state of a note that is shown already. @param {Note} note */
  #item(note) {
    const item = this.#items.get(note.id) ?? new NoteItem(this, note);
    item.note = note;
    return item;
  }

  template() {
    const items = this.#shown();
    return html`
      ${this.#composer.template()}
      <section class="stack" aria-labelledby="notes-heading">
        <div class="row spread">
          <h2 id="notes-heading" tabindex="-1">${this.#isArchive ? 'Archived notes' : 'Your notes'}</h2>
          <p class="faint number">${this.#used} of ${counted(this.#limit, 'note')}${
            this.#isFull ? '. Archive a note to add one.' : nothing}</p>
        </div>
        ${this.#filters()}
        <ul class="plain stack">${repeat(items.values(), item => item.note.id, item => item.template())}</ul>
        ${items.size === 0 ? html`<p class="empty">${this.#emptyText()}</p>` : nothing}
        ${this.#pages()}
      </section>`;
  }

  get #isFull() {
    return this.#limit > 0 && this.#used >= this.#limit;
  }

  #filters() {
    const button = (/** @type {boolean} */ isArchive, /** @type {string} */ label) => html`
      <button aria-pressed=${this.#isArchive === isArchive} @click=${() => this.#show(isArchive)}>${label}</button>`;
    return html`
      <div class="row filters">
        <label class="search"><span class="hidden">Search notes</span>
          <input type="search" placeholder="Search" maxlength="200" aria-describedby="search-error"
            @input=${onValue(query => this.#search(query))}></label>
        <div class="row" role="group" aria-label="Notes to show">
          ${button(false, 'Current')}${button(true, 'Archived')}</div>
      </div>
      <p id="search-error" class="field-error" role="alert">${
        this.#queryFailure ? `The search ${this.#queryFailure}.` : nothing}</p>
      <p class="hidden" role="status">${this.#query ? `${counted(this.#total, 'note')} found` : ''}</p>`;
  }

  #pages() {
    if (this.#offset === 0 && !this.#hasMore) {
      return nothing;
    }
    return html`
      <nav class="row spread" aria-label="Pages of notes">
        <button ?disabled=${this.#offset === 0} @click=${() => this.#turn(-PAGE)}>Newer</button>
        <span class="faint number">${this.#offset + 1}–${this.#offset + this.#notes.length} of ${this.#total}</span>
        <button ?disabled=${!this.#hasMore} @click=${() => this.#turn(PAGE)}>Older</button>
      </nav>`;
  }

  #emptyText() {
    if (this.#query) {
      return `No ${this.#isArchive ? 'archived ' : ''}note has all of these words.`;
    }
    return this.#isArchive
      ? 'Notes that you archive, or turn into tasks, are kept here.'
      : 'Your notes will be here: write the first one above.';
  }

  /** @param {string} query */
  #search(query) {
    this.#query = query.trim();
    this.#offset = 0;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.act(() => this.#loadPage()), TYPING_MS);
  }

  /** @param {boolean} isArchive */
  #show(isArchive) {
    this.#isArchive = isArchive;
    this.#offset = 0;
    this.act(() => this.#loadPage());
  }

  /** @param {number} by */
  async #turn(by) {
    this.#offset += by;
    await this.act(() => this.#loadPage());
    this.#focusHeading();
  }

  /** Archives or unarchives. @param {Note} note */
  archive(note) {
    const {id, archived} = note;
    return this.#takeAway(id, () =>
      this.app.api.patch('/api/v1/notes/{id}', {path: {id}, body: {archived: !archived}, before: note}));
  }

  /** Deletes. @param {Note} note */
  async remove(note) {
    const {id} = note;
    if (!isTemporary(id) || !this.app.outbox.withdraw(id)) {
      await this.#takeAway(id, () => this.app.api.delete('/api/v1/notes/{id}', {path: {id}, before: note}));
    }
  }

  /** Makes a change that removes a note from the list. @param {string} id @param {() => Promise<unknown>} change */
  async #takeAway(id, change) {
    const isDone = await this.act(async () => {
      await change();
      this.#notes = this.#notes.filter(other => other.id !== id);
      return true;
    });
    if (isDone) {
      this.#focusHeading();
    }
  }

  /**
   * Creates the suggested task.
   * @param {import('../parts/suggestion.js').Suggestion} suggestion
   */
  async confirm(suggestion) {
    const isDone = await suggestion.confirm(this.app, () => {
      this.conversions.keep();
      this.update();
    });
    if (isDone) {
      this.app.toasts.show({
        text: `Task created. ${suggestion.message === 'Done.' ? '' : suggestion.message}`,
        action: {label: 'Show tasks', run: () => { location.hash = '#/today'; }},
      });
      this.#focusHeading();
    }
  }

  /** The control that had the focus is gone. */
  #focusHeading() {
    document.getElementById('notes-heading')?.focus();
  }
}
