import {html, nothing} from '../lit-html/lit-html.js';
import {ago, dateTime} from '../app/format.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/schemas.js').Schemas['Session']} Session */

/** The devices on which the person is signed in, each of which can be signed out. */
export class SessionsCard {
  #view;
  /** @type {Session[]} */
  #sessions = [];

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    this.#sessions = (await this.#view.app.api.get('/api/v1/sessions')).data;
  }

  template() {
    const others = this.#sessions.filter(({current}) => !current);
    return html`
      <section class="card stack" aria-labelledby="sessions">
        <h2 id="sessions" tabindex="-1">Sessions</h2>
        <p class="faint">Where you are signed in. A session that is ended here cannot be used any more within ten seconds.</p>
        <ul class="plain task-lines">${this.#sessions.map(session => this.#row(session))}</ul>
        ${others.length < 2 ? nothing : html`
          <div class="row"><button @click=${() => this.#endOthers()}>${icon('stop')} End all other sessions</button></div>`}
      </section>`;
  }

  /** @param {Session} session */
  #row({id, name, user_agent, address, created_at, last_used_at, current}) {
    const {app} = this.#view;
    const label = name ?? 'Device without a name';
    return html`
      <li>
        <p title=${user_agent ?? nothing}><strong>${label}</strong>
          ${current ? html`<span class="tag accent">${icon('check')} This device</span>` : nothing}<br>
          <span class="faint">Signed in ${dateTime(created_at, app.timeZone)} · last used
            <time datetime=${last_used_at}>${ago(last_used_at, app.clock.now())}</time>${
              address === null ? nothing : ` from ${address}`}</span></p>
        ${current ? html`<button @click=${() => app.signOut()}>Sign out</button>` : html`
          <button aria-label=${`End the session of ${label}`} @click=${() => this.#end(id)}>${icon('stop')} End</button>`}
      </li>`;
  }

  /** @param {string} id */
  #end(id) {
    return this.#afterwards(() => this.#view.app.api.delete('/api/v1/sessions/{id}', {path: {id}}));
  }

  #endOthers() {
    return this.#afterwards(() => this.#view.app.api.delete('/api/v1/sessions'));
  }

  /** @param {() => Promise<unknown>} action */
  async #afterwards(action) {
    await this.#view.act(async () => {
      await action();
      await this.load();
    });
    // The button that had the focus is gone.
    document.getElementById('sessions')?.focus();
  }
}
