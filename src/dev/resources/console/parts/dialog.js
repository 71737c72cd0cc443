import {html, render} from '../lit-html/lit-html.js';
import {icon} from './icons.js';

/**
 * A modal dialog. The browser keeps the focus inside, closes it on Escape and returns the focus.
 */
export class Dialog {
  #element = document.createElement('dialog');
  #title;
  #content;
  /** @type {Promise<void>} */
  closed;

  /**
   * Opens the dialog.
   * @param {string} title
   * @param {() => unknown} content template of the content
   */
  constructor(title, content) {
    this.#title = title;
    this.#content = content;
    this.#element.setAttribute('aria-labelledby', 'dialog-title');
    document.body.append(this.#element);
    this.closed = new Promise(resolve => {
      this.#element.addEventListener('close', () => {
        this.#element.remove();
        resolve();
      });
    });
    this.update();
    this.#element.showModal();
  }

  /** Renders the content again. */
  update() {
    render(html`
      <header>
        <h2 id="dialog-title">${this.#title}</h2>
        <button class="quiet" aria-label="Close" @click=${() => this.close()}>${icon('close')}</button>
      </header>
      <div class="content">${this.#content()}</div>`, this.#element);
  }

  close() {
    this.#element.close();
  }
}
