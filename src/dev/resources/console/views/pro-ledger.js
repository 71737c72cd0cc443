import {html, nothing} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {counted, dateTime, time} from '../app/format.js';
import {barChart, lineChart} from '../parts/chart.js';
import {Pages} from '../parts/pages.js';

/** @typedef {import('../api/schemas.js').Schemas['CreditEntry']} CreditEntry */

const PAGE = 50;

const OPERATIONS = {
  grant: 'Added',
  consume: 'Spent',
  expire: 'Expired',
  carryover: 'Carried over',
  refund: 'Given back',
};
const KINDS = {daily: 'Daily', subscription: 'Subscription', purchased: 'Purchased', kickstart: 'Kickstart'};

const signed = new Intl.NumberFormat('en', {signDisplay: 'exceptZero'});

const DAY_MS = 86_400_000;

/** Each change of the balance as a table, and what the table adds up to. */
export class Ledger {
  #view;
  #isBusy = false;
  /** @type {Pages<CreditEntry>} */
  #pages = new Pages(cursor => this.#view.app.api.get('/api/v1/credits/history', {query: {cursor, limit: PAGE}}));

  /** @param {import('./pro.js').ProView} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    await this.#pages.refresh();
  }

  template() {
    const {items, hasMore} = this.#pages;
    if (items.length === 0) {
      return html`
        <section class="stack" aria-labelledby="ledger"><h2 id="ledger">History of your credits</h2>
          <p class="faint">Each change of your credits will be here: ask the assistant something to spend the first.</p>
        </section>`;
    }
    const range = hasMore ? `last ${items.length} entries` : 'all entries';
    return html`
      <div class="pair">${this.#balance(range)}${this.#spent(range)}</div>
      <section class="stack" aria-labelledby="ledger">
        <div class="row spread"><h2 id="ledger">History of your credits</h2>
          <span class="faint">${hasMore ? `The ${range}` : counted(items.length, 'entry', 'entries')}</span></div>
        <table class="ledger">
          <thead><tr><th scope="col">Time</th><th scope="col">Entry and kind</th>
            <th scope="col" class="number">Amount</th><th scope="col" class="number">Balance after</th></tr></thead>
          <tbody>${repeat(items, entry => entry.id, entry => this.#row(entry))}</tbody>
        </table>
        ${hasMore ? html`<div class="row"><button ?disabled=${this.#isBusy} @click=${() => this.#more()}>
          ${this.#isBusy ? 'Loading …' : 'Show older entries'}</button></div>` : nothing}
      </section>`;
  }

  /** @param {CreditEntry} entry */
  #row({created_at, operation, description, credit_type, amount, balance_after}) {
    return html`
      <tr>
        <td><time datetime=${created_at}>${dateTime(created_at, this.#view.app.timeZone)}</time></td>
        <td><p class="row"><strong>${OPERATIONS[operation] ?? operation}</strong>
            <span class="tag">${KINDS[credit_type] ?? credit_type}</span></p>
          <p class="faint">${description}</p></td>
        <td class="number amount ${amount > 0 ? 'more' : ''}">${signed.format(amount)}</td>
        <td class="number">${balance_after}</td>
      </tr>`;
  }

  /** @param {string} range */
  #balance(range) {
    const points = this.#pages.items
        .map(({created_at, balance_after}) => ({x: Date.parse(created_at), y: balance_after})).reverse();
    const {timeZone, clock} = this.#view.app;
    const last = points.at(-1)?.y ?? 0;
    // The balance holds until now.
    points.push({x: Math.max(clock.now().getTime(), points.at(-1)?.x ?? 0), y: last});
    const isWithinDay = clock.now().getTime() - (points[0]?.x ?? 0) < DAY_MS;
    const xLabel = (/** @type {number} */ at) =>
      isWithinDay ? time(new Date(at), timeZone) : dayAndMonth(new Date(at), timeZone);
    const values = points.map(({y}) => y);
    const summary = `Balance over time, ${range}: from ${values[0]} to ${last} credits, ` +
        `lowest ${Math.min(...values)}, highest ${Math.max(...values)}.`;
    return html`
      <figure class="card stack"><figcaption><h2>Balance</h2><span class="faint">Over time, ${range}</span></figcaption>
        ${lineChart({summary, points, isStepped: true, xLabel})}</figure>`;
  }

  /** What the charges took, less what was given back. @param {string} range */
  #spent(range) {
    /** @type {Record<CreditEntry['credit_type'], number>} */
    const spent = {daily: 0, subscription: 0, purchased: 0, kickstart: 0};
    for (const {operation, credit_type, amount} of this.#pages.items) {
      if (operation === 'consume' || operation === 'refund') {
        spent[credit_type] -= amount;
      }
    }
    const bars = Object.entries(KINDS).map(([kind, label]) => (
        {label, value: Math.max(0, spent[/** @type {CreditEntry['credit_type']} */ (kind)])}));
    const summary = `Credits spent by kind, ${range}: ${bars.map(({label, value}) => `${label} ${value}`).join(', ')}.`;
    return html`
      <figure class="card stack"><figcaption><h2>Spent</h2><span class="faint">By kind, ${range}</span></figcaption>
        ${bars.some(({value}) => value > 0) ? barChart({summary, bars})
          : html`<p class="faint">Nothing has been spent yet.</p>`}</figure>`;
  }

  async #more() {
    this.#isBusy = true;
    this.#view.update();
    await this.#view.act(() => this.#pages.more().finally(() => { this.#isBusy = false; }));
  }
}

/** @param {Date} at @param {string} timeZone */
function dayAndMonth(at, timeZone) {
  return new Intl.DateTimeFormat('en', {day: 'numeric', month: 'short', timeZone}).format(at);
}
