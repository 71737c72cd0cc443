import {html, nothing, render} from '../lit-html/lit-html.js';
import {Changes, EVERYTHING} from '../api/changes.js';
import {ApiClient} from '../api/client.js';
import {ServiceClock} from '../api/clock.js';
import {KeptAnswers} from '../api/kept.js';
import {Live} from '../api/live.js';
import {Outbox} from '../api/outbox.js';
import {icon} from '../parts/icons.js';
import {poll} from '../parts/poll.js';
import {Toasts} from '../parts/toasts.js';
import {ControlsPanel} from '../panel/controls.js';
import {LivePanel} from '../panel/live.js';
import {RequestsPanel} from '../panel/requests.js';
import {Bell} from './bell.js';
import {initials} from './format.js';
import {outgoingButton} from './outgoing.js';
import {Undo} from './undo.js';
import {VIEWS} from './views.js';

/**
 * What the console is connected to.
 * @typedef {object} Connection
 * @property {string} service base URL
 * @property {string | undefined} googleClientId for Google's own button
 * @property {import('../api/control.js').ControlPort} control
 * @property {import('../api/exchanges.js').Exchanges} exchanges
 */

/** @typedef {import('../api/schemas.js').Schemas['User']} User */

/** At this width the panel fits beside the screen. */
const WIDE = matchMedia('(min-width: 1200px)');

/** While the service cannot be reached, it is asked at this interval, in milliseconds. */
const PROBE_MS = 5_000;

/** The console of a person who is signed in: navigation, the current screen, and the panel of the developer. */
export class App {
  /** What the sign-in page says after the end of the session. */
  farewell = 'Your session has ended.';
  /** @type {User | undefined} */
  user;
  /** All credits together; undefined before they are loaded. @type {number | undefined} */
  credits;
  #root;
  #main = document.createElement('main');
  #panel = document.createElement('div');
  #messages = document.createElement('div');
  /** @type {import('./view.js').View | undefined} */
  #view;
  #viewId = '';
  #isPanelOpen = WIDE.matches;
  /** @type {'requests' | 'live' | 'controls'} */
  #panelTab = 'requests';
  #waitingUntil = 0;
  #checkoutResult = '';
  #closing = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {Connection} connection
   * @param {import('../api/session.js').Session} session
   */
  constructor(root, connection, session) {
    this.#root = root;
    this.connection = connection;
    this.control = connection.control;
    this.session = session;
    this.exchanges = connection.exchanges;
    this.api = new ApiClient(connection.service, session, connection.exchanges);
    this.api.kept = new KeptAnswers(session);
    this.outbox = new Outbox(this.api, session.user?.id ?? '');
    this.api.outbox = this.outbox;
    this.clock = new ServiceClock(connection.control);
    this.changes = new Changes(session.user?.id ?? '');
    this.live = new Live(this.api, this.changes, session.user?.id ?? '');
    this.bell = new Bell(this);
    this.panels = {requests: new RequestsPanel(this), live: new LivePanel(this), controls: new ControlsPanel(this)};
    this.#main.id = 'main';
    this.toasts = new Toasts(this.#messages);
    this.undo = new Undo(this);
  }

  /** The person's time zone. */
  get timeZone() {
    return this.user?.timezone ?? 'UTC';
  }

  async start() {
    const {signal} = this.#closing;
    render(nothing, this.#root);
    document.body.append(this.#messages);
    this.api.addEventListener('write', event => this.#wrote(/** @type {CustomEvent} */ (event).detail));
    this.api.addEventListener('wait', event => this.#wait(/** @type {CustomEvent} */ (event).detail));
    this.changes.addEventListener('change', event => {
      const topics = /** @type {CustomEvent} */ (event).detail;
      if (topics.some((/** @type {string} */ topic) => ['user', 'credits', 'subscription'].includes(topic))) {
        this.#loadPerson().catch(() => {
          // The session has ended, or the next change loads it.
        });
      }
    });
    this.clock.addEventListener('change', event => {
      const movedAt = /** @type {CustomEvent} */ (event).detail;
      if (movedAt > 0) {
        // Of another tab, and perhaps of another person.
        this.session.renew(movedAt, this.#silently).catch(() => this.session.dispatchEvent(new Event('end')));
      }
    }, {signal});
    addEventListener('hashchange', () => this.#route(), {signal});
    WIDE.addEventListener('change', () => this.#showPanel(WIDE.matches), {signal});
    this.live.addEventListener('change', () => {
      if (this.live.state === 'ended') {
        // The account is gone, which ends the session.
        this.outbox.clear();
        this.#loadPerson().catch(() => {});
      }
      this.update();
    });
    this.live.addEventListener('open', () => this.outbox.send());
    this.api.addEventListener('reachability', () => {
      if (!this.api.isUnreachable) {
        // Screens may show what was kept from earlier.
        this.changes.dispatchEvent(new CustomEvent('change', {detail: EVERYTHING}));
      }
      this.update();
    });
    this.outbox.addEventListener('change', () => this.update());
    this.outbox.addEventListener('sent', event => {
      for (const result of /** @type {CustomEvent} */ (event).detail.results) {
        this.#showUnlocked(result);
      }
      this.changes.announce(['tasks', 'notes', 'achievements']);
    });
    this.undo.start(signal);
    await Promise.all([this.clock.read(), this.#loadPerson(), this.live.start(signal)]);
    this.bell.start(signal);
    poll(PROBE_MS, async () => this.api.isUnreachable && this.#loadPerson().catch(() => {}), signal);
    this.outbox.start(signal);
    const params = new URLSearchParams(location.search);
    const checkout = params.get('checkout');
    if (checkout) {
      this.#checkoutResult = checkout;
      // The page of the payment provider leads back here.
      history.replaceState(null, '', '/#/pro');
      const texts = {success: 'Payment received.', failure: 'The payment failed.', cancelled: 'The payment was cancelled.'};
      this.toasts.show({text: texts[/** @type {keyof texts} */ (checkout)] ?? '', kind: checkout === 'success' ? 'info' : 'error'});
    }
    this.#route();
  }

  close() {
    this.#closing.abort();
    this.#view?.leave();
    this.changes.close();
    this.#messages.remove();
    render(nothing, this.#root);
  }

  /**
   * Moves the service's clock. Meanwhile no tab of this person sends a request whose token may expire on the way.
   * @param {Parameters<ServiceClock['move']>[0]} move
   */
  async moveClock(move) {
    await this.session.renew(Number.MAX_SAFE_INTEGER, this.#silently, () => this.clock.move(move));
  }

  /** Creates a person with a month of data, for which the service's clock runs through that month. */
  async makeSample() {
    /** @type {{email: string} | undefined} */
    let created;
    await this.session.renew(Number.MAX_SAFE_INTEGER, this.#silently, async () => {
      created = await this.control.post('/sample');
    });
    return created ?? {email: ''};
  }

  /** With the fake Google, a person can be signed in again at any time. */
  get #silently() {
    const email = this.session.user?.email ?? '';
    return this.connection.googleClientId
      ? undefined
      : async () => (await this.control.post('/google/id-token', {email})).id_token;
  }

  /** With what the payment page led back here, for one reader; empty if it did not. */
  takeCheckoutResult() {
    const result = this.#checkoutResult;
    this.#checkoutResult = '';
    return result;
  }

  /** @param {string} [farewell] what the sign-in page says */
  async signOut(farewell = '') {
    this.farewell = farewell;
    await this.session.signOut();
  }

  /** Renders everything around the current screen. */
  update() {
    if (this.#closing.signal.aborted) {
      return;
    }
    const {user} = this;
    render(html`
      <a class="skip" href="#main" @click=${(/** @type {Event} */ event) => { event.preventDefault(); this.#main.querySelector('h1')?.focus(); }}>Skip to content</a>
      <header class="top">
        <a class="brand" href="#/today">${icon('check')}<span>Perpetua Flow</span></a>
        <p class="waiting" role="status">${this.#waitingText()}</p>
        ${outgoingButton(this)}
        <a class="credits" href="#/pro" title="Credits">${icon('assistant')} <span>${this.credits ?? '–'}</span><span class="hidden"> credits</span></a>
        ${this.bell.template()}
        <button class="quiet" aria-pressed=${this.#isPanelOpen} aria-label="Developer panel" title="Requests and controls"
          @click=${() => this.#showPanel(!this.#isPanelOpen)}>${icon('panel')}</button>
        <details class="menu person">
          <summary aria-label=${`Account of ${user?.name ?? ''}`}><span class="avatar" aria-hidden="true">${initials(user?.name ?? '')}</span></summary>
          <div class="popup">
            <p><strong>${user?.name}</strong><br>${user?.email}</p>
            <p><span class="tag">${user?.tier === 'pro' ? 'Pro' : 'Free'}</span> ${user?.timezone}</p>
            <a class="button" href="#/profile">Profile</a>
            <button @click=${() => this.signOut()}>Sign out</button>
            <a class="button" href="/" target="_blank" rel="noopener">Open as someone else</a>
          </div>
        </details>
      </header>
      <nav aria-label="Screens">${VIEWS.filter(({isInMenu}) => !isInMenu).map(entry => this.#link(entry))}
        <details class="menu more"><summary>${icon('more')}<span>More</span></summary>
          <div class="popup">${VIEWS.filter(({isSecondary}) => isSecondary).map(({id, label}) => html`
            <a class="button" href=${`#/${id}`} aria-current=${id === this.#viewId ? 'page' : nothing}>${label}</a>`)}</div>
        </details></nav>
      ${this.#main}
      ${this.#isPanelOpen ? html`
        <aside class="panel" aria-label="Developer panel">
          <div class="tabs">
            <div class="row" role="tablist" aria-label="Developer panel">
              ${this.#tab('requests', 'Requests')}${this.#tab('live', 'Live')}${this.#tab('controls', 'Controls')}</div>
            <button class="quiet" aria-label="Close developer panel"
              @click=${() => this.#showPanel(false)}>${icon('close')}</button>
          </div>
          <div role="tabpanel" id="panel-content" aria-labelledby=${`tab-${this.#panelTab}`} class="panel-content">${this.#panel}</div>
        </aside>` : nothing}`, this.#root);
    this.#root.classList.toggle('with-panel', this.#isPanelOpen);
  }

  /** @param {import('./views.js').Entry} entry */
  #link({id, label, icon: name, isSecondary}) {
    return html`<a class=${isSecondary ? 'secondary' : nothing} href=${`#/${id}`}
      aria-current=${id === this.#viewId ? 'page' : nothing}>${icon(name)}<span>${label}</span></a>`;
  }

  /** @param {'requests' | 'live' | 'controls'} id @param {string} label */
  #tab(id, label) {
    return html`<button role="tab" id=${`tab-${id}`} aria-controls="panel-content" aria-selected=${this.#panelTab === id}
      @click=${() => { this.#panelTab = id; this.#showPanel(true); }}>${label}</button>`;
  }

  /** @param {boolean} isOpen */
  #showPanel(isOpen) {
    this.#isPanelOpen = isOpen;
    Object.values(this.panels).forEach(panel => panel.leave());
    if (isOpen) {
      this.panels[this.#panelTab].enter(this.#panel);
    }
    this.update();
  }

  async #route() {
    const id = location.hash.replace(/^#\//, '');
    const entry = VIEWS.find(view => view.id === id) ?? VIEWS[0];
    if (!entry) {
      return;
    }
    // The link may have been in a menu.
    document.querySelectorAll('details.menu[open]').forEach(menu => menu.removeAttribute('open'));
    const isFirst = this.#view === undefined;
    this.#view?.leave();
    this.#viewId = entry.id;
    this.#view = new entry.View(this);
    document.title = `${entry.label} · Perpetua Flow`;
    if (isFirst) {
      this.#showPanel(this.#isPanelOpen);
    } else {
      this.update();
    }
    const entered = this.#view.enter(this.#main);
    if (!isFirst) {
      // As after loading a page, a screen reader announces where it is.
      this.#main.querySelector('h1')?.focus();
      scrollTo(0, 0);
    }
    await entered;
  }

  async #loadPerson() {
    const [me, credits] = await Promise.all([this.api.get('/api/v1/users/me'), this.api.get('/api/v1/credits/balance')]);
    this.user = me.data;
    this.credits = credits.data.total;
    this.session.remember({name: me.data.name, tier: me.data.tier, timezone: me.data.timezone});
    this.update();
  }

  /** @param {import('../api/client.js').Written} write */
  #wrote({path, answer}) {
    const unlocked = this.#showUnlocked(answer);
    this.changes.wrote(path);
    if (unlocked) {
      this.changes.announce(unlocked.length > 0 ? ['achievements', 'notifications'] : ['achievements']);
    }
  }

  /** @param {any} answer of an operation */
  #showUnlocked(answer) {
    // Every answer that completes a task has it, perhaps empty.
    const unlocked = answer?.unlocked_achievements ?? answer?.data?.unlocked_achievements;
    for (const {name, message, description} of unlocked ?? []) {
      this.toasts.show({kind: 'award', text: `${name}: ${message ?? description}`});
    }
    return unlocked;
  }

  /** @param {number} seconds */
  #wait(seconds) {
    this.#waitingUntil = performance.now() + seconds * 1000;
    const timer = setInterval(() => {
      this.update();
      if (performance.now() >= this.#waitingUntil) {
        clearInterval(timer);
      }
    }, 1000);
    this.update();
  }

  #waitingText() {
    const seconds = Math.ceil((this.#waitingUntil - performance.now()) / 1000);
    return seconds > 0 ? `Request limit reached; goes on in ${seconds} s` : this.live.isOffline || this.api.isUnreachable ? 'No connection' : '';
  }
}
