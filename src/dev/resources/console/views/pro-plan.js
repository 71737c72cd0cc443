import {html, nothing} from '../lit-html/lit-html.js';
import {sentence} from '../api/failures.js';
import {counted, dateTime, relativeDay} from '../app/format.js';
import {Dialog} from '../parts/dialog.js';
import {icon} from '../parts/icons.js';
import {Intent} from '../sdk/index.js';

/** @typedef {import('../api/schemas.js').Schemas['Subscription']} Subscription */

/**
 * What the card says and offers in a status of the subscription.
 * @typedef {object} Situation
 * @property {string} label
 * @property {'accent' | 'warm' | 'bad' | ''} kind
 * @property {(end: string, isOver: boolean) => string} text gets the end of the period, and whether it has passed
 * @property {string} [checkout] name of the button that leads to the payment page
 * @property {boolean} [canCancel]
 */

/** @type {Situation} */
const FREE = {
  label: 'Free',
  kind: '',
  text: () => 'Pro adds room for tasks, notes and subtasks, voice notes, and credits each day and month.',
  checkout: 'Upgrade to Pro',
};

/** @type {Record<NonNullable<Subscription['status']>, Situation>} */
const SITUATIONS = {
  active: {
    label: 'Active',
    kind: 'accent',
    text: (end, isOver) => isOver ? `The renewal of ${end} is being collected.` : `Renews ${end}.`,
    canCancel: true,
  },
  past_due: {
    label: 'Past due',
    kind: 'warm',
    text: () => 'A payment failed and will be tried again. Pay now, or check your means of payment.',
    checkout: 'Pay now',
    canCancel: true,
  },
  grace: {
    label: 'Grace period',
    kind: 'bad',
    text: end => `All attempts to collect the payment failed. Pro ends ${end} unless you pay before.`,
    checkout: 'Pay now',
    canCancel: true,
  },
  cancelled: {
    label: 'Cancelled',
    kind: 'warm',
    text: end => `Pro ends ${end}. Until then, everything stays as it is.`,
    checkout: 'Resume Pro',
  },
  expired: {label: 'Expired', kind: '', text: FREE.text, checkout: 'Upgrade to Pro'},
};

/** The plan: what it has, how long it lasts, and the ways into and out of Pro. */
export class Plan {
  /** @type {Subscription | undefined} */
  subscription;
  #view;
  #checkout = new Intent();
  #isBusy = false;

  /** @param {import('./pro.js').ProView} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    this.subscription = (await this.#view.app.api.get('/api/v1/subscription')).data;
  }

  template() {
    const {subscription} = this;
    if (!subscription) {
      return nothing;
    }
    const situation = subscription.status ? SITUATIONS[subscription.status] : FREE;
    const end = endOf(subscription);
    return html`
      <section class="card stack" aria-labelledby="plan">
        <h2 id="plan">Your plan</h2>
        <p class="row"><strong class="figure">${subscription.tier === 'pro' ? 'Pro' : 'Free'}</strong>
          ${subscription.status ? html`<span class="tag ${situation.kind}">${situation.label}</span>` : nothing}</p>
        <p>${situation.text(this.#format(end), end !== null && new Date(end) < this.#view.app.clock.now())}</p>
        ${features(subscription)}
        <div class="row">
          ${situation.checkout ? html`
            <button class="primary" ?disabled=${this.#isBusy} @click=${() => this.#goToCheckout()}>
              ${this.#isBusy ? 'Opening the payment page …' : situation.checkout}</button>` : nothing}
          ${situation.canCancel ? html`<button @click=${() => this.#confirmCancelling()}>Cancel Pro</button>` : nothing}
        </div>
      </section>`;
  }

  /** @param {string | null} end */
  #format(end) {
    const {clock, timeZone} = this.#view.app;
    return end ? `${dateTime(end, timeZone)} (${relativeDay(end, clock.now(), timeZone)})` : '';
  }

  async #goToCheckout() {
    this.#isBusy = true;
    this.#view.update();
    await this.#view.act(async () => {
      try {
        const {data} = await this.#view.app.api.post('/api/v1/subscription/checkout', {intent: this.#checkout});
        this.#view.payment.goTo(data.checkout_url);
      } finally {
        this.#isBusy = false;
      }
    });
  }

  #confirmCancelling() {
    const {subscription} = this;
    const intent = new Intent();
    let isBusy = false;
    let failure = '';
    const cancel = async () => {
      isBusy = true;
      failure = '';
      dialog.update();
      try {
        const {data} = await this.#view.app.api.post('/api/v1/subscription/cancel', {intent});
        dialog.close();
        const end = dateTime(data.access_until, this.#view.app.timeZone);
        this.#view.app.toasts.show({text: `Cancelled. Pro stays until ${end}.`});
      } catch (thrown) {
        failure = sentence(thrown);
        isBusy = false;
        dialog.update();
      }
    };
    const dialog = new Dialog('Cancel Pro?', () => html`
      <ul class="points">
        <li>Pro stays until ${this.#format(subscription ? endOf(subscription) : null)}. You can resume it before.</li>
        <li>After that, nothing you made is removed. What is beyond the limits of Free stays; you only cannot add to
          it.</li>
        <li>Credits you bought stay. Of the monthly credits, a part stays.</li>
      </ul>
      <p class="field-error" role="alert">${failure}</p>
      <div class="row">
        <button class="danger" ?disabled=${isBusy} @click=${cancel}>
          ${isBusy ? 'Cancelling …' : 'Cancel Pro now'}</button>
        <button @click=${() => dialog.close()}>Keep Pro</button>
      </div>`);
  }
}

/** When Pro ends or goes on. @param {Subscription} subscription */
function endOf({grace_period_end, current_period_end}) {
  return grace_period_end ?? current_period_end;
}

/** @param {Subscription} subscription */
function features({features: {max_subtasks, max_description_length, voice_notes, monthly_credits}}) {
  const texts = [
    monthly_credits > 0 ? `${counted(monthly_credits, 'credit')} each month` : '',
    `${counted(max_subtasks, 'subtask')} in a task`,
    `${counted(max_description_length, 'character')} in a description`,
    voice_notes ? 'Voice notes and live transcription' : '',
  ];
  return html`
    <ul class="plain features" aria-label="What your plan has">
      ${texts.filter(Boolean).map(text => html`<li>${icon('check')} ${text}</li>`)}
    </ul>`;
}
