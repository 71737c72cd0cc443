import {html, nothing} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {asSentence} from '../api/failures.js';
import {icon} from '../parts/icons.js';
import {LiveDialog} from '../parts/live-dialog.js';
import {counted, dateTime, duration} from './format.js';

/** @typedef {import('../api/outbox.js').Entry} Entry */

/** @type {Record<string, string>} */
const WORDS = {
  'task.create': 'New task',
  'task.quick_add': 'New task',
  'task.update': 'Change of a task',
  'task.skip': 'Skipping of a task',
  'task.postpone': 'New day of a task',
  'task.force_complete': 'Completion of a task',
  'task.delete': 'Deletion of a task',
  'subtask.create': 'New subtask',
  'subtask.update': 'Change of a subtask',
  'subtask.delete': 'Deletion of a subtask',
  'subtask.reorder': 'Order of subtasks',
  'reminder.create': 'New reminder',
  'reminder.delete': 'Deletion of a reminder',
  'note.create': 'New note',
  'note.update': 'Change of a note',
  'note.delete': 'Deletion of a note',
  'tombstone.recover': 'Recovery',
  'activity.undo': 'Undo',
};

/** Arguments that are no text of the person. */
const TECHNICAL = new Set(['id', 'task_id', 'subtask_ids', 'version']);

/** How many changes wait or were refused, at the top of the window. @param {import('./app.js').App} app */
export function outgoingButton(app) {
  const {waiting, refused} = app.outbox;
  if (waiting.length + refused.length === 0) {
    return nothing;
  }
  const texts = [
    ...(waiting.length > 0 ? [`${counted(waiting.length, 'change')} to send`] : []),
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
  ];
  return html`<button class="outgoing ${refused.length > 0 ? 'danger' : ''}" aria-haspopup="dialog"
    aria-label=${texts.join(', ')} @click=${() => new OutgoingDialog(app).open()}>
    ${icon('clock')}<span class="words">${texts.join(', ')}</span>
    <span class="number" aria-hidden="true">${waiting.length + refused.length}</span></button>`;
}

/** The changes that wait for the connection, and those that the service has refused, to decide about. */
class OutgoingDialog extends LiveDialog {
  /** @param {import('./app.js').App} app */
  constructor(app) {
    super(app, 'Changes to send');
  }

  template() {
    const {waiting, refused, entries} = this.app.outbox;
    return html`
      <p class="faint">${entries.length === 0 ? 'Everything has been sent.'
        : 'These changes are stored in this browser. They are sent in their order when the service can be reached.'}</p>
      ${refused.length === 0 ? nothing : html`
        <section class="stack" aria-labelledby="refused-title"><h3 id="refused-title">Refused</h3>
          <ul class="plain stack">${repeat(refused, ({key}) => key, entry => html`
            <li class="stack refused">${this.#refused(entry)}</li>`)}</ul></section>`}
      ${waiting.length === 0 ? nothing : html`
        <section class="stack" aria-labelledby="waiting-title"><h3 id="waiting-title">Waiting</h3>
          <ul class="plain task-lines">${repeat(waiting, ({key}) => key, entry => html`
            <li>${heading(entry)}${this.#dropButton(entry)}</li>`)}</ul>
          <div class="row"><button @click=${() => this.app.outbox.send()}>${icon('send')} Send now</button></div>
        </section>`}`;
  }

  /** @param {Entry} entry */
  #refused(entry) {
    const {outbox, timeZone} = this.app;
    const {refused, command: {args}} = entry;
    const details = refused?.details?.map(({field, message}) => `${field} ${message}`).join('; ');
    const saved = refused?.saved;
    const text = ['title', 'content', 'text'].find(name => name in args);
    if (saved) {
      const names = Object.keys(args).filter(name => !TECHNICAL.has(name) && args[name] !== saved[name]);
      return html`
        ${heading(entry)}
        <p class="failure" role="alert">It was changed on another device in the meantime.</p>
        <dl class="changes">${names.map(name => html`
          <div><dt>${fieldName(name)}</dt>
            <dd>Saved now: ${shown(name, saved[name], timeZone)}<br>Yours: ${shown(name, args[name], timeZone)}</dd></div>`)}
          ${names.length > 0 ? nothing : html`<div><dt>Saved now</dt><dd>${saved.title ?? saved.content}</dd></div>`}</dl>
        <div class="row"><button class="primary" @click=${() => outbox.retry(entry)}>Keep mine</button>
          <button @click=${() => outbox.drop(entry)}>Take theirs</button></div>`;
    }
    return html`
      ${heading(entry)}
      <p class="failure" role="alert">${asSentence(details || (refused?.message ?? ''))}</p>
      <form @submit=${(/** @type {SubmitEvent} */ event) => this.#resend(event, entry)}>
        ${text === undefined ? nothing : html`<label>${fieldName(text)}
          <textarea name=${text} .value=${String(args[text])}></textarea></label>`}
        <div class="row"><button class="primary">Send again</button>${this.#dropButton(entry)}</div>
      </form>`;
  }

  /** @param {Entry} entry */
  #dropButton(entry) {
    return html`<button type="button" class="danger" aria-label=${`Drop: ${nameOf(entry)}`}
      @click=${() => this.app.outbox.drop(entry)}>${icon('trash')} Drop</button>`;
  }

  /** @param {SubmitEvent} event @param {Entry} entry */
  #resend(event, entry) {
    event.preventDefault();
    this.app.outbox.retry(entry, Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target))));
  }
}

/** @param {Entry} entry */
function heading(entry) {
  return html`<p><strong>${WORDS[entry.command.type] ?? entry.command.type}</strong><br>
    <span class="value">${nameOf(entry)}</span></p>`;
}

/** @param {Entry} entry */
function nameOf({command: {args}, before}) {
  return String(before.title ?? before.content ?? args.title ?? args.content ?? args.text ?? '');
}

/** "Due date" for "due_date". @param {string} name */
function fieldName(name) {
  const words = name.replaceAll('_', ' ');
  return `${words[0]?.toUpperCase()}${words.slice(1)}`;
}

/** @param {string} name @param {unknown} value @param {string} timeZone */
function shown(name, value, timeZone) {
  if (value === null || value === undefined || value === '') {
    return 'nothing';
  }
  return name === 'due_date' ? dateTime(String(value), timeZone)
    : name === 'estimated_duration' ? duration(Number(value))
      : value === true ? 'yes' : value === false ? 'no' : String(value);
}
