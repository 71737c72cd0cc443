import {html, nothing} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {ControlFailure} from '../api/control.js';
import {ago, counted, dateTime} from '../app/format.js';
import {icon} from '../parts/icons.js';

/** @typedef {'due' | 'running' | 'scheduled' | 'dead'} State */

/**
 * @typedef {object} Job
 * @property {number | string} id
 * @property {string} kind
 * @property {State} state
 * @property {string} due_at
 * @property {number} attempts
 * @property {string} [last_error]
 */

/** @type {Record<State, {label: string, empty: string}>} */
const STATES = {
  due: {label: 'Due', empty: 'Jobs whose time has come will be here until a worker takes them.'},
  running: {label: 'Running', empty: 'Jobs will be here while a worker runs them.'},
  scheduled: {label: 'Scheduled', empty: 'Jobs for later will be here: set a reminder to see one.'},
  dead: {label: 'Dead', empty: 'Jobs that failed too often will be here, to be tried again.'},
};

const LIMIT = 50;

/** The queue of jobs by state, and another attempt for those that failed too often. */
export class Jobs {
  #view;
  /** The chosen state, and the state of those that are shown. @type {State} */
  #chosen = 'scheduled';
  /** @type {State} */
  #state = 'scheduled';
  /** @type {Record<State, number>} */
  #counts = {due: 0, running: 0, scheduled: 0, dead: 0};
  /** Undefined if the control port has no such call. @type {Job[] | undefined} */
  #jobs = [];
  #isBusy = false;

  /** @param {import('./system.js').SystemView} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    if (!this.#jobs) {
      return;
    }
    const state = this.#chosen;
    try {
      const {counts, jobs} = await this.#view.app.control.get(`/jobs?state=${state}&limit=${LIMIT}`, {isPoll: true});
      this.#counts = counts;
      // Another state may have been chosen meanwhile.
      if (state === this.#chosen) {
        this.#state = state;
        this.#jobs = jobs;
      }
    } catch (thrown) {
      if (!(thrown instanceof ControlFailure && thrown.status === 404)) {
        throw thrown;
      }
      this.#jobs = undefined;
    }
  }

  template() {
    return html`
      <section class="stack" aria-labelledby="jobs">
        <h2 id="jobs">Jobs</h2>
        ${this.#jobs ? this.#list(this.#jobs) : html`<p class="faint">This dev server does not list jobs.</p>`}
      </section>`;
  }

  /** @param {Job[]} jobs */
  #list(jobs) {
    const count = this.#counts[this.#state];
    return html`
      <div class="row spread">
        <div class="row" role="group" aria-label="State of the jobs">
          ${Object.entries(STATES).map(([state, {label}]) => html`
            <button aria-pressed=${state === this.#state} @click=${() => this.#choose(/** @type {State} */ (state))}>
              ${label} <span class="number">${this.#counts[/** @type {State} */ (state)]}</span></button>`)}
        </div>
        ${this.#state === 'dead' && jobs.length > 0 ? html`
          <button ?disabled=${this.#isBusy} @click=${() => this.#retry({})}>
            ${icon('repeat')} Retry all dead jobs</button>`
          : nothing}
      </div>
      ${jobs.length === 0 ? html`<p class="faint">${STATES[this.#state].empty}</p>` : html`
        <ul class="plain card jobs" aria-label="${STATES[this.#state].label} jobs">
          ${repeat(jobs, job => job.id, job => this.#job(job))}</ul>`}
      ${count > jobs.length && jobs.length > 0
        ? html`<p class="faint">The first ${jobs.length} of ${count}.</p>` : nothing}`;
  }

  /** @param {Job} job */
  #job({id, kind, due_at, attempts, last_error, state}) {
    const {clock, timeZone} = this.#view.app;
    return html`
      <li>
        <div>
          <p><strong>${kind.replaceAll('_', ' ')}</strong> <code class="faint">${id}</code></p>
          <p class="faint">due <time datetime=${due_at}>${dateTime(due_at, timeZone)}</time>,
            ${ago(due_at, clock.now())}${attempts > 0 ? `, ${counted(attempts, 'attempt')}` : ''}</p>
          ${last_error ? html`<p class="problem">${last_error}</p>` : nothing}
        </div>
        ${state === 'dead' ? html`<button ?disabled=${this.#isBusy} @click=${() => this.#retry({id})}>
          ${icon('repeat')} Retry<span class="hidden"> ${kind} ${id}</span></button>` : nothing}
      </li>`;
  }

  /** @param {State} state */
  async #choose(state) {
    this.#chosen = state;
    await this.#view.act(() => this.load());
  }

  /** @param {{id?: Job['id']}} which all dead ones if it names none */
  async #retry(which) {
    this.#isBusy = true;
    this.#view.update();
    await this.#view.act(async () => {
      try {
        const {retried} = await this.#view.app.control.post('/jobs/retry', which);
        this.#view.app.toasts.show({text: `${counted(retried, 'job')} will be tried again.`});
        this.#view.app.changes.announce(['jobs']);
      } finally {
        this.#isBusy = false;
      }
    });
  }
}
