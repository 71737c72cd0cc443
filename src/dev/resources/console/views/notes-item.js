import {html, nothing} from '../lit-html/lit-html.js';
import {isTemporary} from '../api/commands.js';
import {Queued, isSignedOut, sentence} from '../api/failures.js';
import {ago, clock, dateTime} from '../app/format.js';
import {isSaving, onSubmit, onValue} from '../parts/forms.js';
import {icon} from '../parts/icons.js';
import {suggestionCard} from '../parts/suggestion.js';
import {isDeleting, waitingMark} from '../parts/waiting.js';
import {ApiError, Intent} from '../sdk/index.js';
import {characters} from './notes-composer.js';

/** @typedef {import('../api/schemas.js').Note} Note */

/**
 * A text that is being edited. `before` is the saved note that the person has seen.
 * @typedef {{text: string, before: Note, failure: string, intent: Intent, isBusy: boolean}} Edit
 */

/** Longer notes are cut until they are opened. */
const SHORT_CHARACTERS = 420;
const SHORT_LINES = 6;

/** One note of the list: its text, its editor, and the task that the assistant suggests for it. */
export class NoteItem {
  #view;
  /** @type {Edit | undefined} */
  #edit;
  #isOpen = false;
  #isAsking = false;
  #intent = new Intent();
  #needsCredits = false;

  /**
   * @param {import('./notes.js').NotesView} view
   * @param {Note} note
   */
  constructor(view, note) {
    this.#view = view;
    this.note = note;
  }

  /** Whether text is being typed, which must not be lost. */
  get isEdited() {
    return this.#edit !== undefined;
  }

  template() {
    const {id} = this.note;
    return html`<li class="card note" id=${`note-${id}`}>${this.#edit ? this.#editor(this.#edit) : this.#text()}</li>`;
  }

  #text() {
    const {content, archived, created_at, voice_url} = this.note;
    const {app} = this.#view;
    const isLong = content.length > SHORT_CHARACTERS || content.split('\n').length > SHORT_LINES;
    return html`
      <p class="content ${isLong && !this.#isOpen ? 'cut' : ''}">${content || 'No text yet.'}</p>
      ${isLong ? html`<button class="link more" aria-expanded=${this.#isOpen} @click=${() => this.#toggle()}>
        ${this.#isOpen ? 'Show less' : 'Show all'}</button>` : nothing}
      <div class="row spread actions">
        <p class="faint">
          <time datetime=${created_at} title=${dateTime(created_at, app.timeZone)}>${
            ago(created_at, app.clock.now())}</time>
          ${waitingMark(app.outbox, this.note.id)}
          ${voice_url ? this.#recording() : nothing}</p>
        ${this.#actions(archived || !content || isTemporary(this.note.id))}
      </div>
      ${this.#needsCredits ? html`
        <p role="alert" class="failure"><span>A suggestion costs 1 credit; you have none.</span>
          <a href="#/pro">Get credits</a></p>` : nothing}
      ${this.#suggestion()}`;
  }

  /** @param {boolean} isNoTask whether no task can be made of the note */
  #actions(isNoTask) {
    const {archived, id} = this.note;
    const {outbox} = this.#view.app;
    if (isDeleting(outbox, id)) {
      return html`<button class="quiet" aria-label="Keep" title="Keep" @click=${() => outbox.keep(id)}>${icon('undo')}</button>`;
    }
    const archive = archived ? 'Unarchive' : 'Archive';
    return html`
      <div class="row">
        ${isNoTask ? nothing : html`
          <button class="quiet convert" ?disabled=${this.#isAsking} @click=${() => this.#convert()}>
            ${icon('assistant')} ${this.#isAsking ? 'Asking …' : 'Make a task'}</button>`}
        <button class="quiet" aria-label="Edit" title="Edit" @click=${() => this.#beginEdit()}>${icon('edit')}</button>
        <button class="quiet" aria-label=${archive} title=${archive} @click=${() => this.#view.archive(this.note)}>
          ${icon(archived ? 'undo' : 'archive')}</button>
        <button class="quiet" aria-label="Delete" title="Delete" @click=${() => this.#view.remove(this.note)}>
          ${icon('trash')}</button>
      </div>`;
  }

  #recording() {
    const {voice_duration_seconds, transcription_status} = this.note;
    return html`
      <span class="tag">${icon('mic')} Recording${
        voice_duration_seconds === null ? nothing : `, ${clock(voice_duration_seconds)}`}</span>
      ${transcription_status === 'pending' ? html`<span class="tag warm">not transcribed yet</span>` : nothing}
      ${transcription_status === 'failed' ? html`<span class="tag bad">transcription failed</span>` : nothing}`;
  }

  #suggestion() {
    const {app, conversions} = this.#view;
    const suggestion = conversions.of(this.note);
    if (!suggestion || suggestion.state === 'dismissed') {
      return nothing;
    }
    return suggestionCard(suggestion, {
      timeZone: app.timeZone,
      confirm: () => this.#view.confirm(suggestion),
      dismiss: () => {
        suggestion.dismiss();
        conversions.keep();
        this.#view.update();
        this.#focus('.actions button');
      },
      footer: suggestion.state === 'open' ? html`<span class="faint">The note is archived then.</span>` : nothing,
    });
  }

  /** @param {Edit} edit */
  #editor(edit) {
    const {id} = this.note;
    return html`
      <form @submit=${onSubmit(() => this.#save())} @keydown=${this.#key}>
        <label>Edit note
          <textarea class="note-text" aria-describedby=${`count-${id} error-${id}`} .value=${edit.text}
            @input=${onValue(text => this.#type(text))}></textarea></label>
        <div class="row spread under-text">
          <p id=${`error-${id}`} class="field-error" role="alert">${edit.failure}</p>
          ${characters(edit.text, `count-${id}`)}
        </div>
        ${this.note.content === edit.before.content ? nothing : this.#elsewhere(edit)}
        <div class="row">
          <button class="primary" ?disabled=${edit.isBusy || !edit.text.trim()}>Save</button>
          <button type="button" @click=${() => this.#endEdit()}>Cancel</button>
        </div>
      </form>`;
  }

  /** The text that was saved on another device meanwhile. @param {Edit} edit */
  #elsewhere(edit) {
    const {content} = this.note;
    const take = (/** @type {string} */ text) => {
      Object.assign(edit, {text, before: this.note});
      this.#view.update();
      this.#focus('textarea');
    };
    return html`
      <div class="notice stack" role="status">
        <p>This note was changed on another device while you edit it. Saved now:</p>
        <p class="content">${content}</p>
        <div class="row"><button type="button" @click=${() => take(content)}>Take this text</button>
          <button type="button" @click=${() => take(edit.text)}>Keep mine</button></div>
      </div>`;
  }

  #toggle() {
    this.#isOpen = !this.#isOpen;
    this.#view.update();
  }

  #beginEdit() {
    this.#edit = {text: this.note.content, before: this.note, failure: '', intent: new Intent(), isBusy: false};
    this.#view.update();
    this.#focus('textarea');
    document.querySelector(`#note-${this.note.id}`)?.scrollIntoView({block: 'nearest'});
  }

  #endEdit() {
    this.#edit = undefined;
    this.#view.update();
    this.#focus('[aria-label="Edit"]');
  }

  /** @param {string} text */
  #type(text) {
    if (this.#edit) {
      this.#edit.text = text;
      this.#view.update();
    }
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (isSaving(event)) {
      event.preventDefault();
      this.#save();
    } else if (event.key === 'Escape') {
      this.#endEdit();
    }
  };

  async #save() {
    const edit = this.#edit;
    if (!edit || edit.isBusy || !edit.text.trim()) {
      return;
    }
    edit.isBusy = true;
    this.#view.update();
    try {
      const {data} = await this.#view.app.api.patch('/api/v1/notes/{id}',
          {path: {id: this.note.id}, body: {content: edit.text, version: edit.before.version},
            before: edit.before, intent: edit.intent});
      this.note = data;
      this.#endEdit();
    } catch (thrown) {
      if (thrown instanceof Queued) {
        this.#endEdit();
        return;
      }
      edit.failure = isSignedOut(thrown) ? '' : sentence(thrown);
      edit.isBusy = false;
      if (thrown instanceof ApiError && thrown.code === 'CONFLICT') {
        await this.#readAgain();
      }
      this.#view.update();
    }
  }

  /** Another device was faster: its text is shown beside this one. */
  async #readAgain() {
    try {
      this.note = (await this.#view.app.api.get('/api/v1/notes/{id}', {path: {id: this.note.id}})).data;
    } catch (thrown) {
      console.debug(thrown);
    }
  }

  /** Asks for a suggestion, or shows the one that was paid for already. */
  async #convert() {
    const {app, conversions} = this.#view;
    const known = conversions.of(this.note);
    if (known?.state === 'dismissed') {
      known.state = 'open';
      conversions.keep();
    } else {
      this.#isAsking = true;
      this.#needsCredits = false;
      this.#view.update();
      await this.#view.act(async () => {
        try {
          const {data} = await app.api.post('/api/v1/notes/{id}/convert',
              {path: {id: this.note.id}, body: {}, intent: this.#intent});
          conversions.add(this.note, data);
        } catch (thrown) {
          this.#needsCredits = thrown instanceof ApiError && thrown.code === 'INSUFFICIENT_CREDITS';
          if (!this.#needsCredits) {
            throw thrown;
          }
        } finally {
          this.#isAsking = false;
        }
      });
    }
    this.#view.update();
    this.#focus('.suggestion button');
  }

  /** @param {string} selector of something in this note */
  #focus(selector) {
    const found = document.querySelector(`#note-${this.note.id} ${selector}`);
    if (found instanceof HTMLElement) {
      found.focus();
    }
  }
}
