import {html} from '../lit-html/lit-html.js';
import {ControlFailure} from '../api/control.js';
import {time} from '../app/format.js';
import {lineChart} from '../parts/chart.js';

/**
 * What was measured in one interval.
 * @typedef {object} Sample
 * @property {string} at
 * @property {number} requests_per_second
 * @property {number | null} p95_ms null without requests
 * @property {number} errors_per_second
 * @property {number} refused_per_second
 * @property {number} jobs_due
 * @property {number} jobs_running
 */

/**
 * @typedef {object} Chart
 * @property {string} label
 * @property {keyof Omit<Sample, 'at'>} name
 * @property {string} unit
 */

/** @type {Chart[]} */
const CHARTS = [
  {label: 'Requests', name: 'requests_per_second', unit: 'per second'},
  {label: 'Latency', name: 'p95_ms', unit: 'p95 in ms'},
  {label: 'Errors', name: 'errors_per_second', unit: 'per second'},
  {label: 'Queue', name: 'jobs_due', unit: 'jobs due'},
];

const number = new Intl.NumberFormat('en', {maximumSignificantDigits: 3});

/** What the service has measured in the last minutes. */
export class Metrics {
  #view;
  /** Undefined if the control port has no such call. @type {Sample[] | undefined} */
  #samples = [];

  /** @param {import('./system.js').SystemView} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    if (!this.#samples) {
      return;
    }
    try {
      this.#samples = (await this.#view.app.control.get('/metrics/recent', {isPoll: true})).samples;
    } catch (thrown) {
      if (!(thrown instanceof ControlFailure && thrown.status === 404)) {
        throw thrown;
      }
      this.#samples = undefined;
    }
  }

  template() {
    return html`
      <section class="stack" aria-labelledby="metrics">
        <h2 id="metrics">Last ten minutes</h2>
        ${this.#samples === undefined ? html`<p class="faint">This dev server does not record metrics.</p>`
          : this.#samples.length === 0 ? html`<p class="faint">The first measurement will be here in some seconds.</p>`
          : html`<div class="pair">${CHARTS.map(chart => this.#chart(chart, this.#samples ?? []))}</div>`}
      </section>`;
  }

  /** @param {Chart} chart @param {Sample[]} samples */
  #chart({label, name, unit}, samples) {
    const {timeZone} = this.#view.app;
    const points = samples.map(sample => ({x: Date.parse(sample.at), y: sample[name]}));
    const values = points.map(({y}) => y).filter(y => y !== null);
    const last = points.at(-1)?.y ?? null;
    const summary = values.length === 0 ? `${label}: no values yet.`
      : `${label}, ${unit}: now ${shown(last)}, highest ${shown(Math.max(...values))} in the last ten minutes.`;
    return html`
      <figure class="card stack">
        <figcaption class="row spread"><h3>${label} <span class="faint">${unit}</span></h3>
          <strong class="number">${shown(last)}</strong></figcaption>
        ${lineChart({summary, points, xLabel: at => time(new Date(at), timeZone)})}
      </figure>`;
  }
}

/** @param {number | null} value */
function shown(value) {
  return value === null ? '–' : number.format(value);
}
