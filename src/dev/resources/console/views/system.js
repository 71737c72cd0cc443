import {html} from '../lit-html/lit-html.js';
import {readiness} from '../api/health.js';
import {View} from '../app/view.js';
import {icon} from '../parts/icons.js';
import {poll} from '../parts/poll.js';
import {Jobs} from './system-jobs.js';
import {Metrics} from './system-metrics.js';

const INTERVAL_MS = 5_000;

/** How the service is doing: health, what it measures, and its jobs. */
export class SystemView extends View {
  title = 'System';
  /** @type {import('../app/view.js').Topic[]} */
  topics = ['jobs'];
  /** @type {import('../api/health.js').Health | undefined} */
  #health;
  #metrics = new Metrics(this);
  #jobs = new Jobs(this);

  /** @override @param {HTMLElement} parent */
  async enter(parent) {
    await super.enter(parent);
    poll(INTERVAL_MS, () => this.reload(), this.leaving.signal);
  }

  /** @override */
  async load() {
    const {service, exchanges} = this.app.connection;
    await Promise.all([
      // An unreachable service is a result that the screen shows, not a failure.
      readiness(service, exchanges).then(health => { this.#health = health; }, () => { this.#health = undefined; }),
      this.#metrics.load(),
      this.#jobs.load(),
    ]);
  }

  /** @override */
  template() {
    return html`${this.#healthTemplate()}${this.#metrics.template()}${this.#jobs.template()}`;
  }

  #healthTemplate() {
    const checks = Object.entries(this.#health?.checks ?? {});
    const text = this.#health === undefined ? 'The service cannot be reached'
      : this.#health.status === 'ok' ? 'The service is ready' : 'The service is not ready';
    return html`
      <div class="card row health" role="status">
        ${mark(this.#health?.status === 'ok')} <strong>${text}</strong>
        <ul class="plain row" aria-label="Checks">${checks.map(([name, result]) => html`
          <li class="tag ${result === 'ok' ? 'accent' : 'bad'}">${mark(result === 'ok')} ${name}: ${result}</li>`)}</ul>
      </div>`;
  }
}

/** @param {boolean} isOk */
function mark(isOk) {
  return icon(isOk ? 'check' : 'close');
}
