import {html, nothing, render} from '../lit-html/lit-html.js';
import {Queued, sentence, isSignedOut} from '../api/failures.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/changes.js').Topic} Topic */

/** Changes that follow each other within this time are loaded once, in milliseconds. */
const SETTLE_MS = 120;

/**
 * A screen. It loads data when it is opened and when a topic of it changes, and renders its template after that and
 * after each of its own actions.
 */
export class View {
  /** Heading of the screen. */
  title = '';
  /** @type {Topic[]} */
  topics = [];
  /** Whether its forms are of use before anything is loaded, as there may be no connection. */
  isUsefulUnloaded = false;
  /** Aborts when the view is left. */
  leaving = new AbortController();
  #root = document.createElement('div');
  /** Since it was loaded. @type {Set<Topic>} */
  #changed = new Set();
  #isStale = false;
  /** @type {Promise<void> | undefined} */
  #loading;
  #loaded = false;
  #failure = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    this.#root.className = 'view';
  }

  /**
   * Loads what the template shows.
   * @param {Set<Topic>} _topics those that may have changed; all when the view is opened
   */
  async load(_topics) {}

  /** Content of the screen. @returns {unknown} */
  template() {
    return nothing;
  }

  /** Shows the view. @param {HTMLElement} parent */
  async enter(parent) {
    parent.replaceChildren(this.#root);
    this.app.changes.addEventListener('change', event => {
      const topics = this.topics.filter(topic => /** @type {CustomEvent} */ (event).detail.includes(topic));
      if (topics.length > 0) {
        topics.forEach(topic => this.#changed.add(topic));
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#changed.size > 0 && this.reload(new Set(this.#changed)), SETTLE_MS);
      }
    }, {signal: this.leaving.signal});
    this.app.clock.addEventListener('change', () => this.update(), {signal: this.leaving.signal});
    this.app.outbox.addEventListener('change', () => this.update(), {signal: this.leaving.signal});
    this.update();
    await this.reload();
  }

  leave() {
    clearTimeout(this.#timer);
    this.leaving.abort();
    this.#root.remove();
  }

  /**
   * Loads again. What changes while it loads is loaded after that.
   * @param {Set<Topic>} [topics] what may have changed
   */
  async reload(topics = new Set(this.topics)) {
    topics.forEach(topic => this.#changed.add(topic));
    this.#isStale = true;
    this.#loading ??= this.#load().finally(() => { this.#loading = undefined; });
    await this.#loading;
  }

  async #load() {
    while (this.#isStale && !this.leaving.signal.aborted) {
      const topics = this.#changed;
      this.#changed = new Set();
      this.#isStale = false;
      try {
        await this.load(topics);
        this.#loaded = true;
        this.#failure = '';
      } catch (thrown) {
        if (this.leaving.signal.aborted || isSignedOut(thrown)) {
          return;
        }
        this.#failure = sentence(thrown);
      }
      this.update();
    }
  }

  /** Renders the template. */
  update() {
    if (this.leaving.signal.aborted) {
      return;
    }
    render(html`
      <h1 tabindex="-1">${this.title}</h1>
      ${this.#failure
        ? html`<div class="failure" role="alert"><p>${this.#failure}</p>
            <button @click=${() => this.reload()}>${icon('repeat')} Try again</button></div>`
        : nothing}
      ${this.#loaded || (this.#failure && this.isUsefulUnloaded) ? this.template() : this.#failure ? nothing : html`<p class="faint" aria-busy="true">Loading …</p>`}`, this.#root);
  }

  /**
   * Runs an action of the person. A failure is shown and changes nothing. A change that waits is no failure.
   * @template T
   * @param {() => Promise<T>} action
   * @returns {Promise<T | undefined>} undefined after a failure, or while it waits
   */
  async act(action) {
    try {
      return await action();
    } catch (thrown) {
      if (!(isSignedOut(thrown) || thrown instanceof Queued) && !this.leaving.signal.aborted) {
        this.app.toasts.show({text: sentence(thrown), kind: 'error'});
      }
      return undefined;
    } finally {
      this.update();
    }
  }
}
