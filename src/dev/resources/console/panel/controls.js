import {html, nothing, render} from '../lit-html/lit-html.js';

/** Controls of the dev server: clock, jobs, providers, sample data. */
export class ControlsPanel {
  #app;
  #root = document.createElement('div');
  #leaving = new AbortController();

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    this.#app = app;
    this.#root.className = 'controls';
  }

  /** @param {HTMLElement} parent */
  enter(parent) {
    this.#leaving = new AbortController();
    parent.replaceChildren(this.#root);
    this.#app.clock.addEventListener('change', () => this.#update(), {signal: this.#leaving.signal});
    this.#update();
  }

  leave() {
    this.#leaving.abort();
  }

  #update() {
    render(html`${this.#app.clock.now().toISOString()}${nothing}`, this.#root);
  }
}
