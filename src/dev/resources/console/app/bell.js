import {html, nothing} from '../lit-html/lit-html.js';
import {isSignedOut} from '../api/failures.js';
import {icon} from '../parts/icons.js';
import {ago, counted} from './format.js';

/** @typedef {import('../api/schemas.js').Schemas['Notification']} Notification */

/** After a failure, they are loaded again after this time, in milliseconds. */
const RETRY_MS = 5_000;

/** The notifications of the person. */
export class Bell {
  #app;
  /** @type {Notification[]} */
  #notifications = [];
  #unread = 0;
  #newest = '';

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.#app = app;
  }

  /** @param {AbortSignal} signal ends it */
  start(signal) {
    this.#app.changes.addEventListener('change', event => {
      if (/** @type {CustomEvent} */ (event).detail.includes('notifications')) {
        this.#load();
      }
    }, {signal});
    this.#load();
  }

  template() {
    const label = this.#unread > 0 ? `Notifications, ${this.#unread} unread` : 'Notifications';
    return html`
      <details class="menu bell">
        <summary aria-label=${label} title="Notifications">${icon('bell')}${this.#unread > 0
          ? html`<span class="badge" aria-hidden="true">${this.#unread}</span>` : nothing}</summary>
        <div class="popup">
          <div class="row"><strong>${counted(this.#unread, 'unread notification')}</strong>
            <button class="link" ?disabled=${this.#unread === 0} @click=${() => this.#readAll()}>Mark all as read</button></div>
          <ul class="plain">${this.#notifications.map(notification => html`
            <li class=${notification.read ? 'read' : 'unread'}>
              <p><strong>${notification.title}</strong><br>${notification.body}</p>
              <p class="faint">${ago(notification.created_at, this.#app.clock.now())}
                ${notification.read ? nothing
                  : html`<button class="link" @click=${() => this.#read(notification.id)}>Mark as read</button>`}</p>
            </li>`)}
          </ul>
          ${this.#notifications.length === 0 ? html`<p class="faint">Reminders and achievements appear here.</p>` : nothing}
        </div>
      </details>`;
  }

  async #load() {
    try {
      const page = await this.#app.api.get('/api/v1/notifications', {query: {limit: 20}});
      const first = page.data[0];
      if (first && this.#newest && first.id !== this.#newest && !first.read) {
        this.#app.toasts.show({text: `${first.title}: ${first.body}`});
      }
      this.#notifications = page.data;
      this.#unread = page.unread_count;
      this.#newest = first?.id ?? '';
      this.#app.update();
    } catch (thrown) {
      if (!(isSignedOut(thrown))) {
        setTimeout(() => this.#load(), RETRY_MS);
      }
    }
  }

  /** @param {string} id */
  async #read(id) {
    await this.#app.api.patch('/api/v1/notifications/{id}/read', {path: {id}});
  }

  async #readAll() {
    await this.#app.api.post('/api/v1/notifications/read-all');
  }
}
