import {html} from '../lit-html/lit-html.js';
import {sentence} from '../api/failures.js';
import {day, time} from '../app/format.js';
import {View} from '../app/view.js';
import {icon} from '../parts/icons.js';
import {poll} from '../parts/poll.js';
import {ApiError, Intent} from '../sdk/index.js';
import {confirmDeletion} from './profile-delete.js';
import {FeedsCard} from './profile-feeds.js';
import {ImportCard} from './profile-import.js';
import {SessionsCard} from './profile-sessions.js';
import {StreakCard} from './profile-streak.js';
import {TokensCard} from './profile-tokens.js';
import {WebhooksCard} from './profile-webhooks.js';

/** @typedef {import('../api/schemas.js').Schemas['User']} User */

/**
 * The account: name and time zone, the settings of the streak, the sessions of all devices, tokens of programs, webhooks, calendar feeds, a copy of all
 * data, and its end.
 */
export class ProfileView extends View {
  title = 'Profile';
  /** @type {import('../app/view.js').Topic[]} */
  topics = ['user', 'sessions', 'feeds', 'achievements'];
  /** @type {User | undefined} */
  #user;
  #streak = new StreakCard(this);
  #sessions = new SessionsCard(this);
  #tokens = new TokensCard(this);
  #webhooks = new WebhooksCard(this);
  #feeds = new FeedsCard(this);
  #import = new ImportCard(this);
  #intent = new Intent();
  #isSaving = false;
  #isExporting = false;
  /** @type {{name?: string, timezone?: string, other?: string}} */
  #errors = {};

  /** @override @param {HTMLElement} parent */
  async enter(parent) {
    await super.enter(parent);
    // Deliveries are attempted in the background.
    poll(1_000, async () => {
      if (this.#webhooks.isWaiting) {
        await this.#webhooks.load();
        this.update();
      }
    }, this.leaving.signal);
  }

  /** @override */
  async load() {
    const [me] = await Promise.all([
      this.app.api.get('/api/v1/users/me'),
      ...[this.#streak, this.#sessions, this.#tokens, this.#webhooks, this.#feeds].map(card => card.load()),
    ]);
    this.#user = me.data;
  }

  /** @override */
  template() {
    const user = this.#user;
    const cards = [this.#streak, this.#sessions, this.#tokens, this.#webhooks, this.#feeds];
    return user && html`${this.#form(user)}${cards.map(card => card.template())}${this.#export()}${
      this.#import.template()}${this.#deletion(user)}`;
  }

  /** @param {User} user */
  #form(user) {
    const now = this.app.clock.now();
    return html`
      <section class="card stack" aria-labelledby="you">
        <h2 id="you">You</h2>
        <form class="profile" @submit=${this.#save}>
          <label>Name
            <input name="name" required maxlength="100" autocomplete="name" .defaultValue=${user.name}
              aria-describedby="name-error" aria-invalid=${this.#errors.name ? 'true' : 'false'}></label>
          <p class="field-error" id="name-error" role="alert">${this.#errors.name ?? ''}</p>
          <label>Time zone
            <select name="timezone" aria-describedby="zone-hint zone-error"
              aria-invalid=${this.#errors.timezone ? 'true' : 'false'}>
              ${zones(user.timezone).map(zone => html`
                <option value=${zone} ?selected=${zone === user.timezone}>${zone.replaceAll('_', ' ')}</option>`)}
            </select></label>
          <p class="faint" id="zone-hint">Times are shown in it; it is ${time(now, user.timezone)} there.</p>
          <p class="field-error" id="zone-error" role="alert">${this.#errors.timezone ?? ''}</p>
          <p class="field-error" role="alert">${this.#errors.other ?? ''}</p>
          <div class="row"><button class="primary" ?disabled=${this.#isSaving}>
            ${this.#isSaving ? 'Saving …' : 'Save'}</button></div>
        </form>
        <p class="faint">${user.email}, with Perpetua Flow since ${since(user)}</p>
      </section>`;
  }

  #export() {
    return html`
      <section class="card stack" aria-labelledby="export">
        <h2 id="export">Your data</h2>
        <p>One JSON file with everything that Perpetua Flow keeps about you.</p>
        <div class="row"><button ?disabled=${this.#isExporting} @click=${() => this.#download()}>
          ${icon('archive')} ${this.#isExporting ? 'Preparing the file …' : 'Download all data'}</button></div>
      </section>`;
  }

  /** @param {User} user */
  #deletion(user) {
    return html`
      <section class="card stack" aria-labelledby="deletion">
        <h2 id="deletion">Delete the account</h2>
        <p>Everything goes at once and cannot be recovered. Download your data first if you want to keep it.</p>
        <div class="row"><button class="danger" @click=${() => confirmDeletion(this.app, user.email)}>
          ${icon('trash')} Delete account</button></div>
      </section>`;
  }

  /** @param {SubmitEvent} event */
  #save = async event => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const body = {name: String(form.get('name')), timezone: String(form.get('timezone'))};
    this.#isSaving = true;
    this.#errors = {};
    this.update();
    try {
      this.#user = (await this.app.api.patch('/api/v1/users/me', {body, intent: this.#intent})).data;
      this.app.toasts.show({text: 'Saved.'});
    } catch (thrown) {
      this.#errors = errorsOf(thrown);
    }
    this.#isSaving = false;
    this.update();
  };

  async #download() {
    this.#isExporting = true;
    this.update();
    await this.act(async () => {
      try {
        // A link cannot send the token. An export that was cut off does not parse, so that no part of one is saved.
        const document = await this.app.api.get('/api/v1/users/me/export');
        save(document, `perpetua-flow-${day(this.app.clock.now(), 'UTC')}.json`);
      } finally {
        this.#isExporting = false;
      }
    });
  }
}

/** @param {User} user */
function since({created_at, timezone}) {
  return new Intl.DateTimeFormat('en', {dateStyle: 'long', timeZone: timezone}).format(new Date(created_at));
}

/** Those that the browser knows, and the one that is set. @param {string} current */
function zones(current) {
  return [...new Set(['UTC', current, ...Intl.supportedValuesOf('timeZone')])].sort();
}

/** @param {unknown} thrown */
function errorsOf(thrown) {
  const fields = thrown instanceof ApiError ? {name: thrown.field('name'), timezone: thrown.field('timezone')} : {};
  return fields.name || fields.timezone ? fields : {other: sentence(thrown)};
}

/**
 * Hands a document to the browser as a download.
 * @param {object} document
 * @param {string} fileName
 */
function save(document, fileName) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(document, null, 2)], {type: 'application/json'}));
  const link = Object.assign(window.document.createElement('a'), {href: url, download: fileName});
  link.click();
  URL.revokeObjectURL(url);
}
