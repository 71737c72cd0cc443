import {html, nothing} from '../lit-html/lit-html.js';
import {isSignedOut} from '../api/failures.js';
import {pause} from '../sdk/index.js';

/** Key of the subscription and the credits as they were before the payment page was opened. */
const BEFORE_KEY = 'perpetua-flow.before-payment';

/** Pauses between the checks whether a payment has arrived, in milliseconds: half a minute in all. */
const LOOKS = [1_000, 2_000, 3_000, 4_000, 5_000, 5_000, 5_000, 5_000];

/**
 * Opens the payment page and waits for the payment. The payment counts when the provider's webhook has reached the
 * service, which may be some seconds after the page has led back.
 */
export class Payment {
  #view;
  /** @type {'' | 'awaited' | 'late'} */
  #state = '';

  /** @param {import('./pro.js').ProView} view */
  constructor(view) {
    this.#view = view;
  }

  /** Leaves the console. @param {string} url of the payment page */
  goTo(url) {
    sessionStorage.setItem(BEFORE_KEY, this.#paid());
    location.assign(url);
  }

  /** Waits for the payment with which the person came back, if there is one, for a limited time. */
  async await() {
    const before = sessionStorage.getItem(BEFORE_KEY);
    const result = this.#view.app.takeCheckoutResult();
    if (before === null || result !== 'success') {
      sessionStorage.removeItem(BEFORE_KEY);
      return;
    }
    const {signal} = this.#view.leaving;
    this.#show('awaited');
    try {
      for (const milliseconds of LOOKS) {
        if (this.#paid() !== before) {
          this.#arrived();
          return;
        }
        await pause(milliseconds, signal);
        await this.#view.reload();
      }
      this.#show('late');
    } catch (thrown) {
      if (!signal.aborted && !(isSignedOut(thrown))) {
        throw thrown;
      }
    }
  }

  template() {
    const text = {
      '': '',
      awaited: 'Waiting for the payment provider to confirm the payment …',
      late: 'The payment provider has not confirmed the payment yet. What you paid for appears when it does.',
    }[this.#state];
    return html`<div role="status" class="awaited">${text ? html`<p class="notice">${text}</p>` : nothing}</div>`;
  }

  /** What a payment changes, as a text to compare. */
  #paid() {
    const {status, current_period_end} = this.#view.plan.subscription ?? {};
    return [status, current_period_end, this.#view.credits.balance?.purchased].join(' ');
  }

  #arrived() {
    sessionStorage.removeItem(BEFORE_KEY);
    this.#show('');
    this.#view.app.changes.announce(['subscription', 'credits', 'notifications']);
  }

  /** @param {'' | 'awaited' | 'late'} state */
  #show(state) {
    this.#state = state;
    this.#view.update();
  }
}
