import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {sentence} from '../api/failures.js';
import {date, dateTime, instantOf} from '../app/format.js';
import {ApiError} from '../sdk/index.js';
import {field} from './field.js';

/** @typedef {'never' | 'daily' | 'weekdays' | 'weekly' | 'monthly' | 'rule'} Kind */

/** @type {[Kind, string][]} */
const KINDS = [
  ['never', 'Never'],
  ['daily', 'Every day'],
  ['weekdays', 'Every weekday, Monday to Friday'],
  ['weekly', 'Every week, on days of your choice'],
  ['monthly', 'Every month'],
  ['rule', 'By a rule (RRULE)'],
];

const DAYS = [
  ['MO', 'Mon'], ['TU', 'Tue'], ['WE', 'Wed'], ['TH', 'Thu'], ['FR', 'Fri'], ['SA', 'Sat'], ['SU', 'Sun'],
];

const WEEKDAYS = 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR';

/** How long after the last change of the choice the preview is loaded, in milliseconds. */
const SETTLE_MS = 400;

const PREVIEWED = 5;

/** The choice how a task repeats, with a preview of the next occurrences. */
export class Repeats {
  /** @type {Kind} */
  #kind = 'never';
  /** @type {Set<string>} */
  #days = new Set();
  #rule = '';
  #prefix;
  #app;
  #update;
  /** @type {string[]} */
  #occurrences = [];
  /** The rule in plain words. */
  #words = '';
  #failure = '';
  #asked = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Local date and time of the first occurrence, or its day, or empty. */
  start = '';

  /**
   * @param {string} prefix of the ids
   * @param {import('../app/app.js').App} app
   * @param {() => void} update renders the form
   * @param {string} [rule] undefined in a form in which a task need not repeat
   * @param {string} [timeZone]
   */
  constructor(prefix, app, update, rule, timeZone) {
    this.#prefix = prefix;
    this.#app = app;
    this.#update = update;
    this.kinds = rule === undefined ? KINDS : KINDS.filter(([kind]) => kind !== 'never');
    this.timeZone = timeZone ?? app.timeZone;
    if (rule !== undefined) {
      this.#read(rule);
    }
  }

  /** Undefined if the task does not repeat. @returns {string | undefined} */
  get rule() {
    const days = DAYS.map(([code]) => code ?? '').filter(code => this.#days.has(code));
    return {
      never: undefined,
      daily: 'FREQ=DAILY',
      weekdays: WEEKDAYS,
      weekly: days.length > 0 ? `FREQ=WEEKLY;BYDAY=${days}` : 'FREQ=WEEKLY',
      monthly: 'FREQ=MONTHLY',
      rule: this.#rule.trim(),
    }[this.#kind];
  }

  reset() {
    this.#kind = 'never';
    this.#days.clear();
    this.#rule = '';
    this.start = '';
    this.#clear();
  }

  /** Makes the choice that stands for a rule. @param {string} rule @param {string} start as `start` */
  choose(rule, start) {
    this.#read(rule);
    this.startAt(start);
  }

  /** @param {string} start */
  startAt(start) {
    this.start = start;
    this.preview();
  }

  /** Loads the next occurrences, after a moment. */
  preview() {
    this.#clear();
    if (this.rule) {
      this.#timer = setTimeout(() => this.#load(), SETTLE_MS);
    }
    this.#update();
  }

  /** @param {string} error of the rule, from saving it */
  template(error) {
    const id = `${this.#prefix}-repeats`;
    return html`
      ${field(id, 'Repeats', html`<select id=${id} @change=${(/** @type {Event} */ event) => this.#choose(event)}>
        ${this.kinds.map(([kind, label]) => html`<option value=${kind} 
          .selected=${live(kind === this.#kind)}>${label}</option>`)}
      </select>`, '')}
      ${this.#kind === 'weekly' ? this.#daysTemplate() : nothing}
      ${this.#kind === 'rule' ? this.#ruleTemplate(error) : nothing}
      ${this.#kind === 'never' ? nothing : html`
        <div class="occurrences" aria-live="polite">
          ${this.#kind !== 'rule' && this.#failure ? html`<p class="field-error">${this.#failure}</p>` : nothing}
          ${this.#words ? html`<p>Repeats ${this.#words}.</p>` : nothing}
          ${this.#occurrences.length === 0 ? nothing : html`<p>Next: ${this.#occurrences.map((at, index) => html`
            ${index > 0 ? '· ' : nothing}<time datetime=${at}>${at.includes('T') ? dateTime(at, this.timeZone) : date(at)}</time>`)}</p>`}
        </div>`}`;
  }

  #daysTemplate() {
    return html`
      <fieldset><legend>Days</legend>
        <div class="days">${DAYS.map(([code = '', label]) => html`
          <label class="choice"><input type="checkbox" .checked=${this.#days.has(code)}
            @change=${() => this.#toggle(code)}>${label}</label>`)}</div>
      </fieldset>`;
  }

  /** @param {string} error */
  #ruleTemplate(error) {
    const id = `${this.#prefix}-rule`;
    const message = this.#failure || error;
    return field(id, 'Rule', html`
      <input id=${id} class="rule" .value=${this.#rule} placeholder="FREQ=MONTHLY;BYDAY=-1FR" required
        autocomplete="off" spellcheck="false" aria-invalid=${Boolean(message)} aria-describedby=${`${id}-error`}
        @input=${(/** @type {Event} */ event) => { this.#rule = inputValue(event); }}
        @change=${() => this.preview()}>`, message);
  }

  /** @param {Event} event */
  #choose({target}) {
    const written = this.rule;
    this.#kind = /** @type {Kind} */ (/** @type {HTMLSelectElement} */ (target).value);
    if (this.#kind === 'rule' && !this.#rule) {
      this.#rule = written ?? '';
    }
    this.preview();
  }

  /** @param {string} code */
  #toggle(code) {
    if (!this.#days.delete(code)) {
      this.#days.add(code);
    }
    this.preview();
  }

  /** Finds the choice that makes a rule. @param {string} rule */
  #read(rule) {
    const weekly = rule.match(/^FREQ=WEEKLY(?:;BYDAY=([A-Z]{2}(?:,[A-Z]{2})*))?$/);
    this.#rule = rule;
    this.#kind = rule === WEEKDAYS ? 'weekdays' : weekly ? 'weekly'
      : rule === 'FREQ=DAILY' ? 'daily' : rule === 'FREQ=MONTHLY' ? 'monthly' : 'rule';
    this.#days = new Set(weekly?.[1]?.split(',') ?? []);
  }

  async #load() {
    const {signal} = this.#asked;
    const begin = !this.start ? {} : this.start.includes('T')
      ? {starts_at: instantOf(this.start, this.timeZone)} : {starts_on: this.start};
    try {
      const {data} = await this.#app.api.ask('/api/v1/templates/preview', {
        body: {rrule: this.rule ?? '', timezone: this.timeZone, count: PREVIEWED, ...begin},
        signal,
      });
      this.#occurrences = data.days ?? data.occurrences;
      this.#words = data.rrule_text;
      this.#failure = data.occurrences.length === 0 ? 'The rule has no occurrence within five years.' : '';
    } catch (thrown) {
      if (signal.aborted) {
        return;
      }
      const fault = thrown instanceof ApiError ? thrown.field('rrule') : '';
      this.#failure = fault ? `The rule ${fault}.` : sentence(thrown);
    }
    this.#update();
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#occurrences = [];
    this.#words = '';
    this.#failure = '';
  }
}

/** @param {Event} event */
function inputValue({target}) {
  return target instanceof HTMLInputElement ? target.value : '';
}
