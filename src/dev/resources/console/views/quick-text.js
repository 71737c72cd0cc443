import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {asSentence} from '../api/failures.js';
import {dateTime} from '../app/format.js';
import {field} from '../parts/field.js';
import {marked} from '../parts/marked.js';
import {ApiError} from '../sdk/index.js';
import {dayWords, dueWords} from './today-groups.js';

/** @typedef {import('../api/schemas.js').Schemas['QuickAddPreview']} Preview */

/** How long after the last key the service is asked, in milliseconds. */
const SETTLE_MS = 300;

/** Longer texts are refused. */
const LONGEST = 500;

/**
 * The text of a new task, with what the service understands of it while it is written. Asking may fail or take long:
 * then nothing is marked, and the text can be added nevertheless.
 */
export class QuickText {
  #app;
  #update;
  #asked = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** The text of the last answer. */
  #text = '';
  /** @type {Preview | undefined} */
  #preview;
  /** Why the text could not be added as it is. */
  #fault = '';

  /** @param {import('../app/app.js').App} app @param {() => void} update renders the form */
  constructor(app, update) {
    this.#app = app;
    this.#update = update;
  }

  /** What would be created; undefined while that is not known. @param {string} text */
  understood(text) {
    return text === this.#text ? this.#preview : undefined;
  }

  /** Asks for what a text means, after a moment. @param {string} text */
  changed(text) {
    this.#cancel();
    this.#fault = '';
    const {isUnreachable, hasRoom} = this.#app.api;
    if (text.trim() && [...text].length <= LONGEST && !isUnreachable && hasRoom) {
      this.#timer = setTimeout(() => this.#ask(text), SETTLE_MS);
    } else {
      this.#preview = undefined;
    }
  }

  clear() {
    this.#cancel();
    this.#preview = undefined;
    this.#fault = '';
  }

  /** @param {string} text @param {string} error of adding it */
  template(text, error) {
    return html`
      ${field('add-title', 'New task', html`
        <div class="spanned">
          <div class="spans" aria-hidden="true">${marked(text, this.#spans(text))}</div>
          <input id="add-title" name="title" required autocomplete="off" .value=${live(text)} @scroll=${follow}
            aria-invalid=${Boolean(error)} aria-describedby="add-title-error add-understood">
        </div>`, error)}
      <p class="understood row" id="add-understood" aria-live="polite">${this.#words(text)}</p>`;
  }

  #cancel() {
    clearTimeout(this.#timer);
    this.#asked.abort();
  }

  /** @param {string} text */
  async #ask(text) {
    const asked = new AbortController();
    this.#asked = asked;
    try {
      const answer = await this.#app.api.ask('/api/v1/tasks/quick', {body: {text, dry_run: true}, signal: asked.signal});
      if (asked.signal.aborted) {
        return;
      }
      this.#preview = answer;
    } catch (thrown) {
      if (asked.signal.aborted) {
        return;
      }
      this.#preview = undefined;
      this.#fault = thrown instanceof ApiError ? thrown.field('text') : '';
    }
    this.#text = text;
    this.#update();
  }

  /** Those of the last answer that the text still has at their places, so that they stay marked while it grows. @param {string} text */
  #spans(text) {
    const points = [...text];
    return (this.#preview?.spans ?? []).filter(({start, end, text: part}) => points.slice(start, end).join('') === part);
  }

  /** @param {string} text */
  #words(text) {
    if (this.#fault) {
      return html`<span>${asSentence(`the text ${this.#fault}`)}</span>`;
    }
    const preview = this.understood(text);
    if (!preview || preview.spans.length === 0) {
      return nothing;
    }
    return html`<span>Title: ${preview.title}</span>${this.#parts(preview).map(part => html`<span class="tag accent">${part}</span>`)}`;
  }

  /** @param {Preview} preview */
  #parts({data, template, reminders, labels_created, spans}) {
    const {timeZone} = this.#app;
    const now = this.#app.clock.now();
    const due = data.due_on ? dayWords(data.due_on, now, timeZone) : data.due_date ? dueWords(data.due_date, now, timeZone) : '';
    const created = labels_created.map(({name}) => name);
    const named = (/** @type {string} */ wanted) => spans.filter(({kind}) => kind === wanted).map(({value}) => value);
    const list = named('list').at(-1);
    return [
      ...(due ? [`${template ? 'First due' : 'Due'} ${due}`] : []),
      ...(template ? [`Repeats ${template.rrule_text}`] : []),
      ...(data.start_on ? [`Starts ${dayWords(data.start_on, now, timeZone)}`] : []),
      ...(list === undefined ? [] : [`List ${list}`]),
      ...named('label').map(name => `${created.includes(name) ? 'New label' : 'Label'} ${name}`),
      ...(named('priority').length > 0 ? [`Priority ${data.priority}`] : []),
      ...reminders.map(({scheduled_at, fired}) => `Reminder ${dateTime(scheduled_at, timeZone)}${fired ? ', which is past' : ''}`),
    ];
  }
}

/** The marks are behind the text, wherever it is scrolled to. @param {Event} event */
function follow({target}) {
  const input = /** @type {HTMLInputElement} */ (target);
  const spans = /** @type {Element} */ (input.previousElementSibling);
  spans.scrollLeft = input.scrollLeft;
}
