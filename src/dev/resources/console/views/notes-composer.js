import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {isSignedOut, asSentence, sentence} from '../api/failures.js';
import {LiveSpeech, joined} from '../api/voice.js';
import {clock, counted} from '../app/format.js';
import {isSaving, onSubmit, onValue} from '../parts/forms.js';
import {icon} from '../parts/icons.js';
import {ApiError} from '../sdk/index.js';
import {NoteDraft} from './notes-draft.js';

/** Most characters of a note. */
const LONGEST = 2000;

/** Price of a started minute of live speech. */
const MINUTE_CREDITS = 5;

/** The form for a new note, by keyboard or by microphone. */
export class NoteComposer {
  #view;
  #draft;
  #failure = '';
  #needsPro = false;
  #isBusy = false;

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
    this.#draft = NoteDraft.of(view.app);
    this.#draft.addEventListener('change', () => this.#changed(), {signal: view.leaving.signal});
    // Recording must not continue unnoticed behind another screen.
    view.leaving.signal.addEventListener('abort', () => this.#draft.speech?.stop());
  }

  template() {
    const {text, speech, isSpeaking} = this.#draft;
    const isSpoken = isSpeaking && speech?.state !== 'starting';
    return html`
      <form class="card composer" @submit=${onSubmit(() => this.#save())} @keydown=${this.#key}>
        ${isSpoken ? this.#words(text, speech?.interim ?? '') : this.#field(text, isSpeaking || this.#isBusy)}
        <div class="row spread under-text">
          <p class="faint" role="status">${this.#speechText()}</p>${characters(text, 'note-count')}
        </div>
        <p id="note-error" class="field-error" role="alert">${this.#failure}${
          this.#needsPro ? html` <a href="#/pro">More with Pro</a>` : nothing}</p>
        <div class="row">
          <button class="primary" ?disabled=${this.#isBusy || isSpeaking || !text.trim()}>
            ${icon('plus')} Save note</button>
          ${this.#microphone()}
        </div>
      </form>`;
  }

  /** @param {string} text @param {boolean} isReadOnly */
  #field(text, isReadOnly) {
    return html`
      <label class="field">New note
        <textarea class="note-text" placeholder="What is on your mind?" aria-describedby="note-count note-error"
          aria-invalid=${this.#failure ? 'true' : nothing} ?readonly=${isReadOnly} .value=${live(text)}
          @input=${onValue(value => this.#draft.write(value))}></textarea></label>`;
  }

  /**
   * In the place of the field while somebody speaks. Words that may still change are not read out.
   * @param {string} text
   * @param {string} interim
   */
  #words(text, interim) {
    const added = joined(text, interim).slice(text.length);
    return html`
      <div class="field"><span id="spoken-label">New note</span>
        <div class="note-text" role="log" tabindex="0" aria-labelledby="spoken-label"
          >${text}<span class="interim" aria-hidden="true">${added}</span></div></div>`;
  }

  #microphone() {
    const {speech, isSpeaking} = this.#draft;
    const {app} = this.#view;
    if (app.user?.tier !== 'pro') {
      return html`<p class="faint">${icon('mic')} Notes by microphone are transcribed live, which needs
        <a href="#/pro">Pro</a>.</p>`;
    }
    if (!LiveSpeech.isSupported) {
      return html`<p class="faint">${icon('mic')} This browser cannot record WebM with Opus.</p>`;
    }
    if (isSpeaking) {
      return html`
        <button type="button" ?disabled=${speech?.state === 'finishing'} @click=${() => speech?.stop()}>
          ${icon('stop')} Stop speaking</button>
        ${speech?.state === 'listening' ? html`<span class="number">${this.#running(speech)}</span>` : nothing}`;
    }
    if (app.credits !== undefined && app.credits < MINUTE_CREDITS) {
      return html`<p class="faint">${icon('mic')} Speaking costs ${MINUTE_CREDITS} credits a minute; you have
        ${app.credits}. <a href="#/pro">Get credits</a></p>`;
    }
    return html`<button type="button" @click=${() => this.#draft.speak()}>${icon('mic')} Speak</button>
      <span class="faint">${MINUTE_CREDITS} credits for each started minute</span>`;
  }

  /** Time and cost so far. @param {LiveSpeech} speech */
  #running({seconds, maxSeconds}) {
    const minutes = Math.floor(seconds / 60) + 1;
    return `${clock(seconds)} of ${clock(maxSeconds)} · ${counted(minutes * MINUTE_CREDITS, 'credit')}`;
  }

  /** What happens with the session, for everybody. */
  #speechText() {
    const {speech} = this.#draft;
    switch (speech?.state) {
      case undefined:
        return 'Ctrl+Enter saves.';
      case 'starting':
        return 'Connecting …';
      case 'listening':
        return 'Listening …';
      case 'finishing':
        return 'Waiting for the last words …';
      case 'ended':
        return this.#endText(speech);
    }
  }

  /** @param {LiveSpeech} speech */
  #endText({failure, result, sessionId, wasRefused}) {
    const reason = asSentence(failure);
    const {record, isOccupied} = this.#draft;
    if (result) {
      return `${reason} ${cost(result)}, ${result.credits_remaining} left. You can edit the text before you save it.`;
    }
    if (sessionId) {
      const price = record ? ` (${cost(record)})` : '';
      return `${reason} The words heard so far are kept${price}. Speaking again begins a new session and costs again.`;
    }
    if (wasRefused) {
      return `${reason} ${isOccupied ? 'Another one of yours is open.' : 'Transcription may not be available now.'}`;
    }
    return reason || 'Not started.';
  }

  async #save() {
    if (this.#isBusy || this.#draft.isSpeaking || !this.#draft.text.trim()) {
      return;
    }
    this.#isBusy = true;
    this.#fail(undefined);
    try {
      await this.#draft.save();
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#isBusy = false;
      this.#view.update();
    }
  }

  /** @param {unknown} thrown undefined to begin anew */
  #fail(thrown) {
    const isFull = thrown instanceof ApiError && thrown.code === 'LIMIT_EXCEEDED';
    this.#needsPro = isFull && this.#view.app.user?.tier === 'free';
    this.#failure = thrown === undefined || isSignedOut(thrown) ? '' : sentence(thrown);
    this.#view.update();
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (isSaving(event)) {
      event.preventDefault();
      this.#save();
    }
  };

  #changed() {
    this.#view.update();
    if (this.#draft.isSpeaking) {
      const words = document.querySelector('.composer .note-text');
      words?.scrollTo(0, words.scrollHeight);
    }
  }
}

/** @param {{duration_seconds: number, credits_used: number}} session */
function cost({duration_seconds, credits_used}) {
  return `${counted(duration_seconds, 'second')}, ${counted(credits_used, 'credit')} used`;
}

/** How many characters a text has of those that a note may have. @param {string} text @param {string} id */
export function characters(text, id) {
  const count = [...text].length;
  const tooMany = count - LONGEST;
  return html`<span id=${id} class=${tooMany > 0 ? 'field-error number' : 'faint number'}>${tooMany > 0
    ? `${counted(tooMany, 'character')} too many`
    : `${count.toLocaleString('en')} of ${counted(LONGEST, 'character')}`}</span>`;
}
