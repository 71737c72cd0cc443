import {html} from '../lit-html/lit-html.js';
import {View} from '../app/view.js';
import {Credits} from './pro-credits.js';
import {Ledger} from './pro-ledger.js';
import {Payment} from './pro-payment.js';
import {Plan} from './pro-plan.js';

/** The plan of the person, and where credits come from and go to. */
export class ProView extends View {
  title = 'Pro & credits';
  /** @type {import('../app/view.js').Topic[]} */
  topics = ['subscription', 'credits'];
  payment = new Payment(this);
  plan = new Plan(this);
  credits = new Credits(this);
  #ledger = new Ledger(this);

  /** @override @param {HTMLElement} parent */
  async enter(parent) {
    await super.enter(parent);
    await this.payment.await();
  }

  /** @override */
  async load() {
    await Promise.all([this.plan.load(), this.credits.load(), this.#ledger.load()]);
  }

  /** @override */
  template() {
    return html`
      ${this.payment.template()}
      <div class="pair">${this.plan.template()}${this.credits.template()}</div>
      ${this.#ledger.template()}`;
  }
}
