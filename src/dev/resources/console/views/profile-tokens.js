import {html, nothing} from '../lit-html/lit-html.js';
import {ago, dateTime} from '../app/format.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/schemas.js').Schemas['Token']} Token */
/** @typedef {import('../api/schemas.js').Schemas['TokenScope']} Scope */

/** @type {Record<Scope, string>} */
const SCOPES = {
  'tasks:read': 'Read tasks',
  'tasks:write': 'Change tasks',
  'notes:read': 'Read notes',
  'notes:write': 'Write notes',
  'reminders:read': 'Read reminders',
  'reminders:write': 'Change reminders',
  'activity:read': 'Read the activity log',
  'ai:use': 'Use the assistant, which costs credits',
  'account:read': 'Read the account',
  'export:read': 'Download all data',
};

const CHOSEN_AT_FIRST = new Set(['tasks:read', 'tasks:write']);

/** Personal access tokens, with which programs act. A secret is shown until the page is left. */
export class TokensCard {
  #view;
  /** @type {Token[]} */
  #tokens = [];
  /** Those that were created here, by id. @type {Map<string, string>} */
  #secrets = new Map();
  #error = '';

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    this.#tokens = (await this.#view.app.api.get('/api/v1/tokens')).data;
  }

  template() {
    return html`
      <section class="card stack" aria-labelledby="tokens">
        <h2 id="tokens" tabindex="-1">Access tokens</h2>
        <p class="faint">With a token, a program can do what its scopes permit, until the token expires or is revoked.
          Agents use it at <code>${new URL('/mcp', this.#view.app.connection.service).href}</code>.</p>
        ${this.#tokens.length === 0 ? nothing : html`
          <ul class="plain task-lines">${this.#tokens.map(token => this.#row(token))}</ul>`}
        <form class="profile" @submit=${this.#create}>
          <label>Name of the program <input name="name" required maxlength="100"></label>
          <fieldset><legend>It may</legend>
            ${Object.entries(SCOPES).map(([scope, label]) => html`
              <label class="choice"><input type="checkbox" name="scope" value=${scope}
                ?checked=${CHOSEN_AT_FIRST.has(scope)}> ${label}</label>`)}
          </fieldset>
          <label>Days until it expires
            <input name="days" type="number" min="1" max="365" required .defaultValue=${'90'}></label>
          <p class="field-error" role="alert">${this.#error}</p>
          <div class="row"><button>${icon('plus')} Create token</button></div>
        </form>
      </section>`;
  }

  /** @param {Token} token */
  #row({id, name, scopes, expires_at, last_used_at}) {
    const {app} = this.#view;
    const secret = this.#secrets.get(id);
    return html`
      <li>
        <p><strong>${name}</strong> <span class="faint">${scopes.join(', ')} · expires
          ${dateTime(expires_at, app.timeZone)} · ${last_used_at === null ? 'never used' : html`last used
            <time datetime=${last_used_at}>${ago(last_used_at, app.clock.now())}</time>`}</span>
          ${secret === undefined ? nothing : html`<br>Copy it now, it is not shown again: <code>${secret}</code>`}</p>
        <div class="row">
          ${secret === undefined ? nothing : html`
            <button @click=${() => this.#copy(secret)}>${icon('copy')} Copy the token</button>`}
          <button aria-label=${`Revoke ${name}`} @click=${() => this.#revoke(id)}>${icon('trash')} Revoke</button>
        </div>
      </li>`;
  }

  /** @param {SubmitEvent} event */
  #create = event => {
    event.preventDefault();
    const element = /** @type {HTMLFormElement} */ (event.target);
    const form = new FormData(element);
    const scopes = /** @type {Scope[]} */ (form.getAll('scope').map(String));
    this.#error = scopes.length === 0 ? 'Choose what the program may do.' : '';
    this.#view.update();
    if (this.#error) {
      return;
    }
    const body = {name: String(form.get('name')), scopes, expires_in_days: Number(form.get('days'))};
    return this.#view.act(async () => {
      const {data} = await this.#view.app.api.post('/api/v1/tokens', {body});
      this.#secrets.set(data.id, data.secret);
      element.reset();
      await this.load();
    });
  };

  /** @param {string} secret */
  async #copy(secret) {
    const {toasts} = this.#view.app;
    try {
      await navigator.clipboard.writeText(secret);
      toasts.show({text: 'Copied.'});
    } catch {
      toasts.show({text: 'The browser does not permit copying.', kind: 'error'});
    }
  }

  /** @param {string} id */
  async #revoke(id) {
    await this.#view.act(async () => {
      await this.#view.app.api.delete('/api/v1/tokens/{id}', {path: {id}});
      await this.load();
    });
    // The button that had the focus is gone.
    document.getElementById('tokens')?.focus();
  }
}
