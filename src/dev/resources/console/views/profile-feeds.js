import {html, nothing} from '../lit-html/lit-html.js';
import {ago, dateTime} from '../app/format.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/schemas.js').Schemas['CalendarFeed']} Feed */

const KINDS = {event: 'Events', todo: 'To-dos', both: 'Events and to-dos'};

/** The addresses at which calendars read the person's tasks. An address is shown until the page is left. */
export class FeedsCard {
  #view;
  /** @type {Feed[]} */
  #feeds = [];
  /** The addresses of the feeds that were created here, by id. @type {Map<string, string>} */
  #urls = new Map();

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    this.#feeds = (await this.#view.app.api.get('/api/v1/calendar-feeds')).data;
  }

  template() {
    return html`
      <section class="card stack" aria-labelledby="feeds">
        <h2 id="feeds" tabindex="-1">Calendar feeds</h2>
        <p class="faint">Secret addresses at which a calendar reads your tasks. An address alone permits reading them, until you revoke it.</p>
        ${this.#feeds.length === 0 ? nothing : html`
          <ul class="plain task-lines">${this.#feeds.map(feed => this.#row(feed))}</ul>`}
        <form class="profile" @submit=${this.#create}>
          <label>Name of the calendar <input name="name" required maxlength="100" .defaultValue=${'Perpetua Flow'}></label>
          <label>Show tasks as
            <select name="kind">${Object.entries(KINDS).map(([kind, label]) => html`
              <option value=${kind}>${label}</option>`)}</select></label>
          <label>Priority
            <select name="priority"><option value="">All</option>${['high', 'medium', 'low'].map(priority => html`
              <option value=${priority}>Only ${priority}</option>`)}</select></label>
          <div class="row"><button>${icon('plus')} Create feed</button></div>
        </form>
      </section>`;
  }

  /** @param {Feed} feed */
  #row({id, name, kind, priority, template_id, last_read_at, created_at}) {
    const {app} = this.#view;
    const url = this.#urls.get(id);
    const what = [KINDS[kind], priority && `${priority} priority`, template_id && 'one template'].filter(Boolean).join(', ');
    return html`
      <li>
        <p><strong>${name}</strong> <span class="faint">${what} · created ${dateTime(created_at, app.timeZone)} ·
          ${last_read_at === null ? 'never read' : html`last read
            <time datetime=${last_read_at}>${ago(last_read_at, app.clock.now())}</time>`}</span></p>
        <div class="row">
          ${url === undefined ? nothing : html`
            <button @click=${() => this.#copy(url)}>${icon('copy')} Copy the address</button>
            <a href=${url} target="_blank" rel="noreferrer">Open the feed</a>`}
          <button aria-label=${`Revoke ${name}`} @click=${() => this.#revoke(id)}>${icon('trash')} Revoke</button>
        </div>
      </li>`;
  }

  /** @param {SubmitEvent} event */
  #create = event => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const priority = /** @type {'high' | 'medium' | 'low' | ''} */ (form.get('priority'));
    const body = {
      name: String(form.get('name')),
      kind: /** @type {Feed['kind']} */ (form.get('kind')),
      priority: priority || null,
    };
    return this.#view.act(async () => {
      const {data} = await this.#view.app.api.post('/api/v1/calendar-feeds', {body});
      this.#urls.set(data.id, new URL(data.url, this.#view.app.connection.service).href);
      await this.load();
    });
  };

  /** @param {string} url */
  async #copy(url) {
    const {toasts} = this.#view.app;
    try {
      await navigator.clipboard.writeText(url);
      toasts.show({text: 'Copied. Subscribe to the address in your calendar.'});
    } catch {
      toasts.show({text: 'The browser does not permit copying.', kind: 'error'});
    }
  }

  /** @param {string} id */
  async #revoke(id) {
    await this.#view.act(async () => {
      await this.#view.app.api.delete('/api/v1/calendar-feeds/{id}', {path: {id}});
      await this.load();
    });
    // The button that had the focus is gone.
    document.getElementById('feeds')?.focus();
  }
}
