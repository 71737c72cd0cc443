import {Queued} from '../api/failures.js';
import {LiveSpeech, joined} from '../api/voice.js';
import {TabStore} from '../parts/tab-store.js';
import {Intent} from '../sdk/index.js';

/** @typedef {import('../api/schemas.js').Schemas['VoiceSession']} VoiceSession */

/** @type {WeakMap<import('../app/app.js').App, NoteDraft>} */
const drafts = new WeakMap();

/**
 * The note that is being written or spoken. It belongs to the tab, so that neither another screen nor a reload loses
 * words; those that were spoken have been paid for. Dispatches `change`.
 */
export class NoteDraft extends EventTarget {
  text = '';
  intent = new Intent();
  /** The current or last session. @type {LiveSpeech | undefined} */
  speech;
  /** What the service has stored of a session that ended without a result. @type {VoiceSession | undefined} */
  record;
  /** Whether a session was refused because another one is open. */
  isOccupied = false;
  #app;
  /** @type {TabStore<{text: string, intent: {key: string, request: string}}>} */
  #store;

  /** The draft of this tab. @param {import('../app/app.js').App} app */
  static of(app) {
    const draft = drafts.get(app) ?? new NoteDraft(app);
    drafts.set(app, draft);
    return draft;
  }

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
    this.#store = new TabStore(app, 'note-draft');
    const stored = this.#store.read();
    if (stored) {
      this.text = stored.text;
      this.intent = new Intent(stored.intent);
    }
  }

  get isSpeaking() {
    return this.speech !== undefined && this.speech.state !== 'ended';
  }

  /** @param {string} text */
  write(text) {
    this.text = text;
    this.#changed();
  }

  /** Begins a session whose words follow the text. */
  speak() {
    const before = this.text;
    const speech = new LiveSpeech(this.#app.api, this.#app.exchanges);
    this.speech = speech;
    this.record = undefined;
    this.isOccupied = false;
    speech.addEventListener('change', () => {
      this.text = speech.heard ? joined(before, speech.heard) : before;
      this.#changed();
      if (speech.state === 'ended') {
        this.#spoken(speech);
      }
    });
    speech.start();
    this.#changed();
  }

  /** @param {LiveSpeech} speech */
  async #spoken({sessionId, result, wasRefused}) {
    if (sessionId) {
      this.#app.changes.announce(['credits']);
    }
    try {
      if (sessionId && !result) {
        this.record = (await this.#app.api.get('/api/v1/ai/voice-sessions/{id}', {path: {id: sessionId}})).data;
      } else if (wasRefused) {
        const {data} = await this.#app.api.get('/api/v1/ai/voice-sessions', {query: {limit: 1}});
        this.isOccupied = data[0]?.ended_at === null;
      }
    } catch {
      // Without a network, the words heard so far are kept.
    }
    this.#changed();
  }

  /** Saves the note, or lets it wait for the connection; a repeat after a failure is the same intent. */
  async save() {
    const saving = this.#app.api.post('/api/v1/notes', {body: {content: this.text}, intent: this.intent});
    // With the key, so that a note which was stored before a reload is not stored twice.
    this.#keep();
    try {
      await saving;
    } catch (thrown) {
      if (!(thrown instanceof Queued)) {
        throw thrown;
      }
    }
    this.speech = undefined;
    this.write('');
  }

  #keep() {
    this.#store.write({text: this.text, intent: this.intent.toJSON()});
  }

  #changed() {
    this.#keep();
    this.dispatchEvent(new Event('change'));
  }
}
