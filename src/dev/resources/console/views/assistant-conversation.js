import {TabStore} from '../parts/tab-store.js';
import {Turn} from './assistant-turn.js';

/** Older turns are forgotten. */
const KEPT = 30;

/** Open tasks that the assistant reads; the most that it can. */
const TASKS_READ = 50;

/** @type {WeakMap<import('../app/app.js').App, Conversation>} */
const conversations = new WeakMap();

/**
 * The questions and answers of this tab. The service keeps no conversation, and answers continue to arrive while
 * another screen is shown. Dispatches `change`.
 */
export class Conversation extends EventTarget {
  /** What the person is writing. */
  draft = '';
  withTasks = true;
  taskId = '';
  /** @type {Turn[]} */
  turns;
  #app;
  /** @type {TabStore<import('./assistant-turn.js').Stored[]>} */
  #store;

  /** The conversation of this tab. @param {import('../app/app.js').App} app */
  static of(app) {
    const conversation = conversations.get(app) ?? new Conversation(app);
    conversations.set(app, conversation);
    return conversation;
  }

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super();
    this.#app = app;
    this.#store = new TabStore(app, 'conversation');
    this.turns = (this.#store.read() ?? []).map(stored => new Turn(stored));
    for (const turn of this.turns.filter(({state}) => state === 'running')) {
      turn.interrupt();
    }
    app.session.addEventListener('end', () => this.running?.stop(), {once: true});
  }

  /** The turn that is being answered. */
  get running() {
    return this.turns.find(({state}) => state === 'running');
  }

  /** @param {string} message @param {import('./assistant-turn.js').About} [about] */
  ask(message, about) {
    const context = {include_tasks: this.withTasks, task_limit: TASKS_READ, ...about ? {task_id: about.id} : {}};
    this.#add(message, {kind: 'chat', body: {message, context}}, about);
  }

  /** @param {import('./assistant-turn.js').About} about */
  suggestSubtasks(about) {
    this.#add(`Suggest subtasks for “${about.title}”.`, {kind: 'subtasks', body: {task_id: about.id}}, about);
  }

  /** @param {Turn} turn */
  async run(turn) {
    let wasRunning = false;
    await turn.run(this.#app.api, () => {
      // Writing the store for each word would be slow.
      if (turn.state !== 'running' || !wasRunning) {
        wasRunning = true;
        this.keep();
      } else {
        this.#changed();
      }
    });
    this.#app.changes.announce(['credits']);
  }

  clear() {
    this.turns = [];
    this.keep();
  }

  /** Stores what has changed. */
  keep() {
    this.#store.write(this.turns.map(turn => turn.toJSON()));
    this.#changed();
  }

  /**
   * @param {string} message
   * @param {import('./assistant-turn.js').Question} question
   * @param {import('./assistant-turn.js').About} [about]
   */
  #add(message, question, about) {
    const turn = new Turn({id: crypto.randomUUID(), message, question, about});
    this.turns = [...this.turns, turn].slice(-KEPT);
    this.run(turn);
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
