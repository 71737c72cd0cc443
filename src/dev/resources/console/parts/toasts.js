import {html, nothing, render} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {icon} from './icons.js';

/**
 * A short message with at most one action.
 * @typedef {object} Toast
 * @property {string} text
 * @property {'info' | 'error' | 'award'} [kind]
 * @property {{label: string, run: () => void}} [action]
 */

const SHOWN_MS = 8_000;

/** Messages at the edge of the window, which a screen reader reads out. */
export class Toasts {
  #root;
  /** @type {(Toast & {id: number})[]} */
  #shown = [];
  #next = 1;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#render();
  }

  /** @param {Toast} toast */
  show(toast) {
    const id = this.#next++;
    this.#shown = [...this.#shown.slice(-3), {...toast, id}];
    this.#render();
    // An error stays until it is closed.
    if (toast.kind !== 'error') {
      setTimeout(() => this.#close(id), SHOWN_MS);
    }
  }

  /** @param {number} id */
  #close(id) {
    this.#shown = this.#shown.filter(toast => toast.id !== id);
    this.#render();
  }

  #render() {
    render(html`<div class="toasts" role="status" aria-live="polite">${repeat(this.#shown, toast => toast.id, toast => html`
      <div class="toast ${toast.kind ?? 'info'}">
        ${toast.kind === 'award' ? icon('trophy') : nothing}
        <p>${toast.text}</p>
        ${toast.action
          ? html`<button class="link" @click=${() => { toast.action?.run(); this.#close(toast.id); }}>${toast.action.label}</button>`
          : nothing}
        <button class="quiet" aria-label="Close message" @click=${() => this.#close(toast.id)}>${icon('close')}</button>
      </div>`)}</div>`, this.#root);
  }
}
