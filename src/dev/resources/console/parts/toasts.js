import {html, nothing, render} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {icon} from './icons.js';

/**
 * A short message with at most one action.
 * @typedef {object} Toast
 * @property {string} text
 * @property {'info' | 'error' | 'award'} [kind]
 * @property {{label: string, run: () => void, shortcut?: string}} [action]
 * @property {() => void} [closed] runs when it is no longer shown
 */

const SHOWN_MS = 8_000;

/** A message that cannot be closed yet is looked at again after this time, in milliseconds. */
const HELD_MS = 2_000;

/** Messages at the edge of the window, which a screen reader reads out. */
export class Toasts {
  #root;
  /** @type {(Toast & {id: number})[]} */
  #shown = [];
  #next = 1;
  /** What had the focus before a message. @type {HTMLElement | undefined} */
  #focused;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    root.addEventListener('focusin', ({relatedTarget}) => {
      if (relatedTarget instanceof HTMLElement && !root.contains(relatedTarget)) {
        this.#focused = relatedTarget;
      }
    });
    this.#render();
  }

  /**
   * @param {Toast} toast
   * @returns {() => void} closes it
   */
  show(toast) {
    const id = this.#next++;
    this.#shown.slice(0, -3).forEach(old => this.#close(old.id));
    this.#shown = [...this.#shown, {...toast, id}];
    this.#render();
    // An error stays until it is closed.
    if (toast.kind !== 'error') {
      setTimeout(() => this.#expire(id), SHOWN_MS);
    }
    return () => this.#close(id);
  }

  /** Closes a message, unless it is being used, or cannot be reached behind a dialog. @param {number} id */
  #expire(id) {
    if (this.#root.matches(':hover, :focus-within') || document.querySelector('dialog:modal')) {
      setTimeout(() => this.#expire(id), HELD_MS);
    } else {
      this.#close(id);
    }
  }

  /** @param {number} id */
  #close(id) {
    const toast = this.#shown.find(shown => shown.id === id);
    if (toast) {
      const hadFocus = this.#root.contains(document.activeElement);
      this.#shown = this.#shown.filter(shown => shown !== toast);
      this.#render();
      toast.closed?.();
      if (hadFocus && !this.#root.contains(document.activeElement)) {
        const target = this.#focused?.isConnected ? this.#focused : document.querySelector('h1');
        target?.focus({preventScroll: true});
      }
    }
  }

  #render() {
    render(html`<div class="toasts" role="status" aria-live="polite">${repeat(this.#shown, toast => toast.id, toast => html`
      <div class="toast ${toast.kind ?? 'info'}">
        ${toast.kind === 'award' ? icon('trophy') : nothing}
        <p>${toast.text}</p>
        ${toast.action
          ? html`<button class="link" aria-keyshortcuts=${toast.action.shortcut ?? nothing}
              @click=${() => { toast.action?.run(); this.#close(toast.id); }}>${toast.action.label}</button>`
          : nothing}
        <button class="quiet" aria-label="Close message" @click=${() => this.#close(toast.id)}>${icon('close')}</button>
      </div>`)}</div>`, this.#root);
  }
}
