import {html, nothing} from '../lit-html/lit-html.js';
import {sentence} from '../api/failures.js';
import {ago, counted, time} from '../app/format.js';
import {Dialog} from '../parts/dialog.js';
import {ApiError, Intent} from '../sdk/index.js';

/** @typedef {import('../api/schemas.js').Schemas['AssistantCreditsItem']['data']['balance']} Balance */

/** The most that can be bought in a month, and so at once. */
const MOST = 500;

/** The balance by kind, and buying more. */
export class Credits {
  /** @type {Balance | undefined} */
  balance;
  #view;
  #dailyReset = '';

  /** @param {import('./pro.js').ProView} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    // Like /credits/balance, with the time of the reset.
    const {data} = await this.#view.app.api.get('/api/v1/ai/credits');
    this.balance = data.balance;
    this.#dailyReset = data.daily_reset_at;
  }

  template() {
    const {balance} = this;
    if (!balance) {
      return nothing;
    }
    return html`
      <section class="card stack" aria-labelledby="balance">
        <h2 id="balance">Your credits</h2>
        <p class="row"><strong class="figure number">${balance.total}</strong> <span class="faint">in all</span></p>
        <dl class="balance">
          ${this.#kind('Daily', balance.daily_free, this.#reset())}
          ${this.#kind('Subscription', balance.subscription, 'for the month of Pro')}
          ${this.#kind('Purchased', balance.purchased, 'never expire')}
          ${this.#kind('Kickstart', balance.kickstart, 'from when you joined')}
        </dl>
        <p class="faint">The assistant and transcription spend them in this order.</p>
        <div class="row"><button @click=${() => this.#buy()}>Buy credits</button></div>
      </section>`;
  }

  /** @param {string} label @param {number} count @param {string} remark */
  #kind(label, count, remark) {
    return html`<div><dt>${label} <span class="faint">${remark}</span></dt><dd class="number">${count}</dd></div>`;
  }

  #reset() {
    const {clock, timeZone} = this.#view.app;
    return `new at ${time(this.#dailyReset, timeZone)}, ${ago(this.#dailyReset, clock.now())}`;
  }

  #buy() {
    const intent = new Intent();
    let isBusy = false;
    let failure = '';

    /** @param {SubmitEvent} event */
    const submit = async event => {
      event.preventDefault();
      const amount = Number(new FormData(/** @type {HTMLFormElement} */ (event.target)).get('amount'));
      isBusy = true;
      failure = '';
      dialog.update();
      try {
        const {data} = await this.#view.app.api.post('/api/v1/credits/purchase', {body: {amount}, intent});
        dialog.close();
        this.#pay(data);
      } catch (thrown) {
        failure = reason(thrown);
        isBusy = false;
        dialog.update();
      }
    };

    const dialog = new Dialog('Buy credits', () => html`
      <form @submit=${submit}>
        <label>Credits
          <input name="amount" type="number" min="1" max=${MOST} step="1" required autofocus .defaultValue=${'50'}
            aria-describedby="amount-hint amount-error" aria-invalid=${failure ? 'true' : 'false'}></label>
        <p class="faint" id="amount-hint">Up to ${MOST} in a calendar month (UTC).</p>
        <p class="field-error" id="amount-error" role="alert">${failure}</p>
        <div class="row"><button class="primary" ?disabled=${isBusy}>${isBusy ? 'Ordering …' : 'Order'}</button></div>
      </form>`);
  }

  /** @param {import('../api/schemas.js').Schemas['CreditPurchaseAnswer']['data']} order */
  #pay({amount, monthly_remaining, checkout_url}) {
    const dialog = new Dialog(`Pay for ${counted(amount, 'credit')}`, () => html`
      <p>The credits are added when the payment has arrived. After this order, you can buy
        ${counted(monthly_remaining, 'more credit', 'more credits')} this month.</p>
      <div class="row">
        <button class="primary" @click=${() => this.#view.payment.goTo(checkout_url)}>Go to the payment page</button>
        <button @click=${() => dialog.close()}>Not now</button>
      </div>`);
  }
}

/** @param {unknown} thrown */
function reason(thrown) {
  if (thrown instanceof ApiError && thrown.code === 'LIMIT_EXCEEDED') {
    const left = Number(thrown.extras.limit) - Number(thrown.extras.current);
    return left > 0 ? `You can buy at most ${left} more this month.` : 'You cannot buy more this month.';
  }
  return thrown instanceof ApiError && thrown.field('amount') || sentence(thrown);
}
