import {html, nothing} from '../lit-html/lit-html.js';
import {Queued, sentence, isSignedOut} from '../api/failures.js';
import {Dialog} from './dialog.js';

/**
 * A dialog with data of its own, which it loads when it opens and when a topic of it changes. Failures are shown inside
 * it, because messages at the edge of the window are out of reach while it is open.
 */
export class LiveDialog {
  /** @type {import('../api/changes.js').Topic[]} */
  topics = [];
  #title;
  #failure = '';
  #closing = new AbortController();
  /** @type {Dialog | undefined} */
  #dialog;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import('../app/app.js').App} app @param {string} title */
  constructor(app, title) {
    this.app = app;
    this.#title = title;
  }

  /** Loads what the template shows. */
  async load() {}

  /** @returns {unknown} */
  template() {
    return nothing;
  }

  /** Opens the dialog. */
  async open() {
    this.#dialog = new Dialog(this.#title, () => html`${this.#failure
      ? html`<p class="failure" role="alert">${this.#failure}</p>` : nothing}${this.template()}`);
    this.#dialog.closed.then(() => {
      clearTimeout(this.#timer);
      this.#closing.abort();
    });
    this.app.changes.addEventListener('change', event => {
      const {detail} = /** @type {CustomEvent} */ (event);
      if (this.topics.some(topic => detail.includes(topic))) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.act(() => this.load()), 120);
      }
    }, {signal: this.#closing.signal});
    this.app.outbox.addEventListener('change', () => this.update(), {signal: this.#closing.signal});
    await this.act(() => this.load());
  }

  get isClosed() {
    return this.#closing.signal.aborted;
  }

  close() {
    this.#dialog?.close();
  }

  update() {
    if (!this.isClosed) {
      this.#dialog?.update();
    }
  }

  /**
   * Runs an action of the person and shows its failure.
   * @template T
   * @param {() => Promise<T>} action
   * @returns {Promise<T | undefined>} undefined after a failure
   */
  async act(action) {
    try {
      const result = await action();
      this.#failure = '';
      return result;
    } catch (thrown) {
      if (isSignedOut(thrown)) {
        this.close();
      }
      this.#failure = thrown instanceof Queued ? '' : sentence(thrown);
      return undefined;
    } finally {
      this.update();
    }
  }
}
