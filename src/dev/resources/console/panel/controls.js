import {html, nothing, render} from '../lit-html/lit-html.js';
import {sentence} from '../api/failures.js';
import {counted} from '../app/format.js';

/** @typedef {'up' | 'slow' | 'failing'} ProviderState */

/** @type {Record<string, string>} */
const PROVIDERS = {
  openai: 'OpenAI: the model',
  deepgram: 'Deepgram: speech to text',
  checkout: 'Checkout.com: payments',
  google: 'Google: signing keys',
  push: 'Web Push: delivery',
};

/** @type {{state: ProviderState, label: string}[]} */
const STATES = [
  {state: 'up', label: 'Up'},
  {state: 'slow', label: 'Slow'},
  {state: 'failing', label: 'Failing'},
];

/** Controls of the dev server: clock, jobs, provider fakes, sample data. */
export class ControlsPanel {
  #app;
  #root = document.createElement('div');
  #leaving = new AbortController();
  /** @type {Record<string, ProviderState>} */
  #providers = {};
  /** @type {{call: string, takes?: string, does: string}[]} */
  #calls = [];
  /** What is being done; empty if nothing is. */
  #busy = '';
  /** @type {string[]} */
  #result = [];
  #sampleEmail = '';

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    this.#app = app;
    this.#root.className = 'controls';
  }

  /** @param {HTMLElement} parent */
  enter(parent) {
    this.#leaving = new AbortController();
    const {signal} = this.#leaving;
    parent.replaceChildren(this.#root);
    this.#app.clock.addEventListener('change', () => this.#update(), {signal});
    const timer = setInterval(() => this.#update(), 1000);
    signal.addEventListener('abort', () => clearInterval(timer));
    this.#update();
    this.#load();
  }

  leave() {
    this.#leaving.abort();
  }

  async #load() {
    const {control} = this.#app;
    try {
      const [providers, {calls}] = await Promise.all([control.get('/providers'), control.get('/')]);
      this.#providers = providers;
      this.#calls = calls;
    } catch (thrown) {
      this.#result = [sentence(thrown)];
    }
    this.#update();
  }

  /**
   * @param {string} name shown while it is done
   * @param {() => Promise<string[]>} work returns what came of it
   */
  async #run(name, work) {
    this.#busy = name;
    this.#result = [];
    this.#update();
    try {
      this.#result = await work();
    } catch (thrown) {
      this.#result = [sentence(thrown)];
    }
    this.#busy = '';
    this.#update();
  }

  #update() {
    if (this.#leaving.signal.aborted) {
      return;
    }
    const isBusy = this.#busy !== '';
    render(html`
      <section aria-labelledby="controls-clock">
        <h2 id="controls-clock">Clock of the service</h2>
        <p class="number clock">${this.#app.clock.now().toISOString().slice(0, 19).replace('T', ' ')} UTC</p>
        <div class="row">
          <button ?disabled=${isBusy} @click=${() => this.#move({advance: 'PT1H'})}>+1 hour</button>
          <button ?disabled=${isBusy} @click=${() => this.#move({advance: 'PT24H'})}>+1 day</button>
          <button ?disabled=${isBusy} @click=${() => this.#move({set: nextMidnight(this.#app.clock.now())})}>Midnight UTC</button>
          <button ?disabled=${isBusy} @click=${() => this.#move({reset: true})}>Real time</button>
        </div>
        <p class="faint">Jobs see this clock. Sessions that expire on the way are renewed.</p>
      </section>
      <section aria-labelledby="controls-jobs">
        <h2 id="controls-jobs">Jobs</h2>
        <div class="row"><button ?disabled=${isBusy} @click=${() => this.#runJobs()}>Run due jobs</button></div>
      </section>
      <div role="status" class="result">${isBusy ? html`<p class="faint">${this.#busy} …</p>` : nothing}
        ${this.#result.map(line => html`<p>${line}</p>`)}</div>
      <section aria-labelledby="controls-providers">
        <h2 id="controls-providers">Providers</h2>
        ${Object.entries(PROVIDERS).map(([name, label]) => html`
          <fieldset class="row spread"><legend class="hidden">${label}</legend>
            <span aria-hidden="true">${label}</span>
            <span class="segments">${STATES.map(({state, label: stateLabel}) => html`
              <button aria-pressed=${this.#providers[name] === state} aria-label=${`${label}: ${stateLabel}`} ?disabled=${isBusy}
                @click=${() => this.#setProvider(name, state)}>${stateLabel}</button>`)}</span>
          </fieldset>`)}
      </section>
      <section aria-labelledby="controls-sample">
        <h2 id="controls-sample">Sample data</h2>
        <p class="faint">A month of a person's tasks, notes, streaks and payments, made by the public API while the clock runs
          through that month.</p>
        <div class="row">
          <button ?disabled=${isBusy} @click=${() => this.#makeSample()}>Create sample data</button>
          ${this.#sampleEmail ? html`<a href=${`/?email=${encodeURIComponent(this.#sampleEmail)}`} target="_blank" rel="noopener">Sign in as ${this.#sampleEmail}</a>` : nothing}
        </div>
      </section>
      <details><summary>All calls of the control port</summary>
        <dl>${this.#calls.map(({call, takes, does}) => html`
          <dt><code>${call}</code></dt><dd>${does}${takes ? html`<br><code>${takes}</code>` : nothing}</dd>`)}</dl>
      </details>`, this.#root);
  }

  /** @param {Parameters<import('../api/clock.js').ServiceClock['move']>[0]} move */
  #move(move) {
    return this.#run('Moving the clock', async () => {
      await this.#app.moveClock(move);
      return [];
    });
  }

  #runJobs() {
    return this.#run('Running due jobs', async () => {
      const {ran} = await this.#app.control.post('/jobs/run-due');
      this.#app.changes.announce(['tasks', 'notes', 'notifications', 'credits', 'subscription', 'achievements', 'focus', 'jobs']);
      /** @type {Map<string, number>} */
      const runs = new Map();
      for (const {kind, outcome} of ran) {
        const name = outcome === 'done' ? kind : `${kind} (${outcome})`;
        runs.set(name, (runs.get(name) ?? 0) + 1);
      }
      return [
        ran.length === 0 ? 'No job has run since the clock was last moved.' : `${counted(ran.length, 'job')} since the clock was last moved:`,
        ...[...runs].map(([name, count]) => `${name} × ${count}`),
      ];
    });
  }

  /** @param {string} name @param {ProviderState} state */
  #setProvider(name, state) {
    return this.#run('Setting the provider', async () => {
      this.#providers = await this.#app.control.post('/providers', {name, state});
      return [];
    });
  }

  #makeSample() {
    return this.#run('Creating a month of data', async () => {
      const {email} = await this.#app.makeSample();
      this.#sampleEmail = email;
      return [`${email} has a month of data.`];
    });
  }
}

/** @param {Date} now */
function nextMidnight(now) {
  const next = new Date(now);
  next.setUTCHours(24, 0, 0, 0);
  return next.toISOString();
}
