import {html, nothing} from '../lit-html/lit-html.js';
import {ago} from '../app/format.js';
import {errorOf, field, focusInvalid, formError} from '../parts/field.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/schemas.js').Schemas['WebhookEndpoint']} Endpoint */
/** @typedef {import('../api/schemas.js').Schemas['WebhookDelivery']} Delivery */
/** @typedef {import('../api/schemas.js').Schemas['WebhookEventType']} EventType */

/** @type {Record<NonNullable<Endpoint['disabled_reason']>, string>} */
const REASONS = {
  user: 'Disabled',
  gone: 'Disabled: the receiver answered 410',
  failing: 'Disabled: no delivery succeeded for three days',
};

/** Endpoints that receive changes, and what was delivered to them. */
export class WebhooksCard {
  #view;
  /** @type {Endpoint[]} */
  #endpoints = [];
  /** Deliveries by endpoint. @type {Map<string, Delivery[]>} */
  #deliveries = new Map();
  /** Of the endpoint that was just registered or whose secret was just replaced. */
  #secret = '';
  /** The secret of the dev server's receiver, if its URL was filled in. @type {string | undefined} */
  #receiverSecret;
  /** @type {unknown} */
  #failure;

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    const {api} = this.#view.app;
    this.#endpoints = (await api.get('/api/v1/webhooks/endpoints')).data;
    const pages = await Promise.all(this.#endpoints.map(async ({id}) =>
      /** @type {const} */ ([id, (await api.get('/api/v1/webhooks/endpoints/{id}/deliveries', {path: {id}, query: {limit: 5, cursor: ''}})).data])));
    this.#deliveries = new Map(pages);
  }

  /** Whether a delivery is being or about to be attempted, so that it is worth to load again. */
  get isWaiting() {
    // An attempt that is being made has the time of the next one, a minute later, in case that its process dies.
    const soon = this.#view.app.clock.now().getTime() + 90_000;
    return [...this.#deliveries.values()].flat()
      .some(({next_attempt_at}) => next_attempt_at !== null && Date.parse(next_attempt_at) < soon);
  }

  template() {
    return html`
      <section class="card stack" aria-labelledby="webhooks">
        <h2 id="webhooks" tabindex="-1">Webhooks</h2>
        <p class="faint">Signed messages about your changes, to receivers of your own.</p>
        ${this.#endpoints.map(endpoint => this.#endpoint(endpoint))}
        ${this.#secret ? html`<p role="status">The secret, shown once: <code>${this.#secret}</code></p>` : nothing}
        ${this.#form()}
      </section>`;
  }

  #form() {
    const error = errorOf(this.#failure, 'url');
    return html`
      <form class="stack" @submit=${this.#register} novalidate>
        ${field('webhook-url', 'URL of the receiver', html`
          <input id="webhook-url" name="url" type="url" required maxlength="2048" @input=${() => { this.#receiverSecret = undefined; }}
            aria-describedby="webhook-url-error" aria-invalid=${error ? 'true' : 'false'}>`, error)}
        ${field('webhook-events', 'Events', html`
          <select id="webhook-events" name="events">
            <option value="*">All</option>
            <option value="task.created,task.completed">Tasks created and completed</option>
            <option value="reminder.fired">Reminders</option>
          </select>`, errorOf(this.#failure, 'events'))}
        <label><input type="checkbox" name="full"> Send the complete entity</label>
        ${formError(this.#failure, ['url', 'events'])}
        <div class="row"><button class="primary">${icon('plus')} Register</button>
          <button type="button" @click=${this.#fillIn}>Use the dev server’s receiver</button></div>
      </form>`;
  }

  /** @param {Endpoint} endpoint */
  #endpoint({id, url, events, enabled, disabled_reason}) {
    const name = new URL(url).host;
    return html`
      <article class="stack" aria-label=${`Webhook to ${name}`}>
        <p><strong>${url}</strong><br>
          <span class="faint">${events.includes('*') ? 'All events' : events.join(', ')} ·
            ${enabled ? 'Enabled' : REASONS[disabled_reason ?? 'user']}</span></p>
        <div class="row">
          <button ?disabled=${!enabled} @click=${() => this.#test(id)}>${icon('send')} Send a test</button>
          <button @click=${() => this.#change(id, {enabled: !enabled})}>${enabled ? 'Disable' : 'Enable'}</button>
          <button @click=${() => this.#rotate(id, url)}>${icon('repeat')} Replace the secret</button>
          <button aria-label=${`Delete the webhook to ${name}`} @click=${() => this.#delete(id)}>${icon('trash')} Delete</button>
        </div>
        <ul class="plain task-lines" aria-label=${`Deliveries to ${name}`}>
          ${(this.#deliveries.get(id) ?? []).map(delivery => this.#delivery(id, enabled, delivery))}</ul>
      </article>`;
  }

  /** @param {string} endpoint @param {boolean} enabled @param {Delivery} delivery */
  #delivery(endpoint, enabled, {id, event, status, attempts, last_attempt, created_at}) {
    const {app} = this.#view;
    return html`
      <li>
        <p><strong>${event}</strong> <span class="tag">${status}</span><br>
          <span class="faint"><time datetime=${created_at}>${ago(created_at, app.clock.now())}</time> ·
            ${attempts === 1 ? '1 attempt' : `${attempts} attempts`}${last_attempt === null ? nothing
              : ` · ${last_attempt.error ?? last_attempt.status} after ${last_attempt.duration_ms} ms`}</span></p>
        <button ?disabled=${!enabled} aria-label=${`Send ${event} again`} @click=${() => this.#redeliver(endpoint, id)}>
          ${icon('repeat')} Again</button>
      </li>`;
  }

  #fillIn = () => this.#view.act(async () => {
    const {url, secret} = await this.#view.app.control.get('/webhooks/receiver');
    const input = document.getElementById('webhook-url');
    if (input instanceof HTMLInputElement) {
      input.value = url;
    }
    this.#receiverSecret = secret;
  });

  /** @param {SubmitEvent} event */
  #register = async event => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const fields = new FormData(form);
    /** @type {import('../api/schemas.js').Schemas['WebhookEndpointCreate']} */
    const body = {
      url: String(fields.get('url')),
      events: /** @type {EventType[]} */ (String(fields.get('events')).split(',')),
      payload: fields.has('full') ? 'full' : 'thin',
      ...this.#receiverSecret === undefined ? {} : {secret: this.#receiverSecret},
    };
    try {
      const {data} = await this.#view.app.api.post('/api/v1/webhooks/endpoints', {body});
      this.#failure = undefined;
      this.#secret = data.secret;
      this.#receiverSecret = undefined;
      form.reset();
      await this.load();
    } catch (thrown) {
      this.#failure = thrown;
    }
    this.#view.update();
    focusInvalid(form);
  };

  /** @param {string} id */
  #test(id) {
    return this.#afterwards(() =>
      this.#view.app.api.post('/api/v1/webhooks/endpoints/{id}/test', {path: {id}}));
  }

  /** @param {string} id @param {string} delivery */
  #redeliver(id, delivery) {
    return this.#afterwards(() =>
      this.#view.app.api.post('/api/v1/webhooks/endpoints/{id}/deliveries/{delivery_id}/redeliver',
        {path: {id, delivery_id: delivery}}));
  }

  /** @param {string} id @param {import('../api/schemas.js').Schemas['WebhookEndpointPatch']} body */
  #change(id, body) {
    return this.#afterwards(() =>
      this.#view.app.api.patch('/api/v1/webhooks/endpoints/{id}', {path: {id}, body}));
  }

  /** @param {string} id @param {string} url */
  #rotate(id, url) {
    return this.#afterwards(async () => {
      const {app} = this.#view;
      const {data} = await app.api.post('/api/v1/webhooks/endpoints/{id}/rotate-secret', {path: {id}, body: {}});
      this.#secret = data.secret;
      if (new URL(url).origin === location.origin) {
        await app.control.post('/webhooks/secret', {secret: data.secret});
      }
    });
  }

  /** @param {string} id */
  async #delete(id) {
    await this.#afterwards(() => this.#view.app.api.delete('/api/v1/webhooks/endpoints/{id}', {path: {id}}));
    // The button that had the focus is gone.
    document.getElementById('webhooks')?.focus();
  }

  /** @param {() => Promise<unknown>} action */
  #afterwards(action) {
    return this.#view.act(async () => {
      await action();
      await this.load();
    });
  }
}
