import {html, nothing, render} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';

/** @type {Record<import('../api/live.js').LiveState, string>} */
const STATES = {
  starting: 'Starting',
  follower: 'Another tab reads the stream and tells this one',
  connecting: 'Connecting',
  open: 'Open: changes arrive as they happen',
  waiting: 'Between two streams; connects again in a moment',
  offline: 'The service cannot be reached; tries again',
  hidden: 'Paused while the tab is out of sight',
  replaced: 'Ended, because there are too many newer streams; continues when you come back',
  ended: 'Ended',
};

/** The stream of changes: its state, and what it has reported. */
export class LivePanel {
  #app;
  #root = document.createElement('div');
  #leaving = new AbortController();

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    this.#app = app;
    this.#root.className = 'live';
  }

  /** @param {HTMLElement} parent */
  enter(parent) {
    this.#leaving = new AbortController();
    parent.replaceChildren(this.#root);
    this.#app.live.addEventListener('change', () => this.#update(), {signal: this.#leaving.signal});
    this.#update();
  }

  leave() {
    this.#leaving.abort();
  }

  #update() {
    const {state, events, position} = this.#app.live;
    render(html`
      <h2>Stream of changes</h2>
      <p role="status"><span class="tag ${state === 'open' || state === 'follower' ? 'accent' : 'warm'}">${state}</span>
        ${STATES[state]}.</p>
      <p class="faint"><code>GET /events</code> reports which entities have changed, and <code>GET /sync</code> after each
        connection those that changed before it. Then views load what they show.</p>
      ${position.lastEventId ? html`<p class="faint">Last event: <code>${position.lastEventId}</code></p>` : nothing}
      <h3>Last events</h3>
      ${events.length === 0 ? html`<p class="faint">None yet. Change something in another tab or with curl.</p>` : nothing}
      <ol class="plain" tabindex="0" aria-label="Last events">${repeat(events, event => event, ({at, name, data}) => html`
        <li><p class="row"><span class="tag">${name}</span>
          <time class="faint number" datetime=${new Date(at).toISOString()}>${new Date(at).toLocaleTimeString('en-GB')}</time></p>
          <code>${data}</code></li>`)}</ol>`, this.#root);
  }
}
