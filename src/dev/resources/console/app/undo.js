import {Queued, sentence, isSignedOut} from '../api/failures.js';
import {changeWords} from '../views/activity-words.js';
import {shortened} from './format.js';

/** The writes after which undo is offered; what others have changed can be undone on the activity page. */
const OFFERED = /^\/api\/v1\/(tasks|subtasks|templates|reminders|notes|lists|labels|filters|streak)\b(?!.*\/convert$)/;

/** How many of the newest entries are read to find those of a change, after which others may have followed. */
const SEARCHED = 20;

/** Where Ctrl+Z undoes what is typed, or is not meant for the screen. */
const FIELDS = 'input:not([type="checkbox"], [type="radio"]), textarea, dialog';

/**
 * Undoes and repeats changes of the person. After each change that this tab has made, the messages at the edge of the
 * window offer to undo it, as does Ctrl+Z outside of fields.
 */
export class Undo {
  #app;
  /** The request whose change is offered, or looked for. */
  #offered = '';
  /** @type {(() => void) | undefined} */
  #run;
  #close = () => {};

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.#app = app;
  }

  /** @param {AbortSignal} signal ends the offers */
  start(signal) {
    this.#app.api.addEventListener('write', event => {
      const {detail} = /** @type {CustomEvent} */ (event);
      if (OFFERED.test(detail.path)) {
        this.#find(detail, signal).catch(() => {
          // The activity page offers it, too.
        });
      }
    }, {signal});
    addEventListener('keydown', event => {
      if (event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && this.#run &&
          event.target instanceof Element && !event.target.closest(FIELDS)) {
        event.preventDefault();
        this.#run();
      }
    }, {signal});
  }

  /**
   * Undoes a change, and offers to undo that. A failure is shown and changes nothing.
   * @param {string} id of an entry of the change
   * @param {string} text what was done at first
   * @param {boolean} [isRedo] whether the change is an undo itself
   */
  async undo(id, text, isRedo = false) {
    this.#withdraw();
    const {api, toasts} = this.#app;
    try {
      const {data} = await api.post('/api/v1/activity/{id}/undo',
          {path: {id}, before: {title: isRedo ? `Undone: ${text}` : text}});
      this.#offer(data.id, text, isRedo ? 'Redone' : 'Undone');
    } catch (thrown) {
      if (!(isSignedOut(thrown) || thrown instanceof Queued)) {
        toasts.show({text: sentence(thrown), kind: 'error'});
      }
    }
  }

  /**
   * Finds the change of a request in the activity log. A change whose first answer was lost is not found: the log names
   * the first request, and the answer the repeated one.
   * @param {import('../api/client.js').Written} written
   * @param {AbortSignal} signal
   */
  async #find({requestId, options: {path = {}, before}, answer}, signal) {
    // Nobody undoes an earlier change by mistake.
    this.#withdraw();
    this.#offered = requestId;
    const {data} = await this.#app.api.get('/api/v1/activity', {query: {limit: SEARCHED}, signal});
    const entries = data.filter(({request_id, undoable}) => request_id === requestId && undoable);
    const ids = [answer?.data?.id, ...Object.values(path)];
    const entry = entries.find(({entity_id}) => ids.includes(entity_id)) ?? entries.at(-1);
    if (entry && this.#offered === requestId) {
      const {title, content, name = title ?? content} = {...before, ...answer?.data};
      const words = changeWords(entry);
      this.#offer(entry.id, name ? `${words}: ${shortened(name)}` : words);
    }
  }

  /** @param {string} id of an entry @param {string} text what was done at first @param {'Undone' | 'Redone'} [since] */
  #offer(id, text, since) {
    this.#close();
    const isUndone = since === 'Undone';
    this.#run = () => this.undo(id, text, isUndone);
    this.#close = this.#app.toasts.show({
      text: since ? `${since}: ${text}` : text,
      action: {label: isUndone ? 'Redo' : 'Undo', shortcut: 'Control+Z', run: this.#run},
      closed: () => { this.#run = undefined; },
    });
  }

  #withdraw() {
    this.#offered = '';
    this.#close();
  }
}
