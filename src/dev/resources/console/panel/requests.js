import {html, nothing, render} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/exchanges.js').Exchange} Exchange */

/** Longest text that is shown of a body. */
const SHOWN = 20_000;

/** Each request and its answer, as it happens. */
export class RequestsPanel {
  #app;
  #root = document.createElement('div');
  #leaving = new AbortController();
  /** @type {number | undefined} */
  #frame;
  #isPollingShown = false;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    this.#app = app;
    this.#root.className = 'requests';
  }

  /** @param {HTMLElement} parent */
  enter(parent) {
    this.#leaving = new AbortController();
    parent.replaceChildren(this.#root);
    // A stream changes its exchange many times in a frame.
    this.#app.exchanges.addEventListener('change', () => {
      this.#frame ??= requestAnimationFrame(() => {
        this.#frame = undefined;
        this.#update();
      });
    }, {signal: this.#leaving.signal});
    this.#update();
  }

  leave() {
    this.#leaving.abort();
  }

  #update() {
    const {exchanges} = this.#app;
    const shown = exchanges.list.filter(exchange => this.#isPollingShown || !exchange.request.isPoll || exchange.failure);
    render(html`
      <div class="row spread toolbar">
        <label class="choice"><input type="checkbox" .checked=${this.#isPollingShown}
          @change=${() => { this.#isPollingShown = !this.#isPollingShown; this.#update(); }}> Show polling</label>
        <button class="link" @click=${() => exchanges.clear()}>Clear</button></div>
      <ol class="plain">${repeat(shown, exchange => exchange.id, exchange => html`<li>${this.#exchange(exchange)}</li>`)}</ol>`, this.#root);
  }

  /** @param {Exchange} exchange */
  #exchange(exchange) {
    const {request, status, milliseconds, failure} = exchange;
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/api\/v1/, '') + url.search;
    const kind = failure || status >= 500 ? 'bad' : status >= 400 ? 'warm' : '';
    return html`
      <details>
        <summary>
          <span class="method">${request.method}</span>
          <span class="path" title=${request.url}>${path}</span>
          <span class="tag ${kind}">${failure || status || '…'}</span>
          <span class="number faint">${milliseconds === undefined ? '…' : `${milliseconds} ms`}</span>
        </summary>
        <div class="exchange">
          ${request.method === 'WS' ? nothing
            : html`<div class="row"><button @click=${() => this.#copy(exchange)}>${icon('copy')} Copy as curl</button></div>`}
          <h3>Request</h3>
          <pre tabindex="0" role="region" aria-label="Request">${headers(Object.entries(request.headers))}${request.body ? `\n${pretty(request.body)}` : ''}</pre>
          <h3>Answer</h3>
          ${failure ? html`<p>${failure}</p>` : nothing}
          <pre tabindex="0" role="region" aria-label="Answer">${headers(exchange.answerHeaders)}${exchange.answer ? `\n${pretty(exchange.answer)}` : ''}</pre>
        </div>
      </details>`;
  }

  /** @param {Exchange} exchange */
  async #copy(exchange) {
    try {
      await navigator.clipboard.writeText(exchange.curl());
      this.#app.toasts.show({text: 'Copied. The command contains your access token.'});
    } catch {
      this.#app.toasts.show({text: 'The browser does not permit copying.', kind: 'error'});
    }
  }
}

/** @param {[string, string][]} entries */
function headers(entries) {
  return entries.map(([name, value]) => `${name}: ${name === 'Authorization' ? 'Bearer …' : value}\n`).join('');
}

/** @param {string} text */
function pretty(text) {
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // A stream, for example.
  }
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}\n… ${shown.length - SHOWN} more characters` : shown;
}
