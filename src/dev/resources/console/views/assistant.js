import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {View} from '../app/view.js';
import {counted} from '../app/format.js';
import {onSubmit, onValue} from '../parts/forms.js';
import {icon} from '../parts/icons.js';
import {Conversation} from './assistant-conversation.js';
import {turnTemplate} from './assistant-messages.js';

/** @typedef {import('../api/schemas.js').Task} Task */

/** Tasks to choose from. */
const TASKS = 100;

/** Within this distance of its end, a page follows words that arrive, in pixels. */
const NEAR_END = 160;

const EXAMPLES = ['What should I begin with today?', 'Remind me to call the dentist tomorrow.'];

/** The assistant: it answers and suggests; the person decides. */
export class AssistantView extends View {
  title = 'Assistant';
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks'];
  #conversation = Conversation.of(this.app);
  /** @type {Task[]} */
  #tasks = [];
  /** What a screen reader says about the turn that is running. */
  #spoken = '';
  #wasRunning = false;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super(app);
    this.#conversation.addEventListener('change', () => this.#follow(), {signal: this.leaving.signal});
  }

  async load() {
    const {data} = await this.app.api.get('/api/v1/tasks',
        {query: {completed: false, sort: 'due_date', limit: TASKS}});
    this.#tasks = data;
  }

  template() {
    const {turns} = this.#conversation;
    return html`
      <p class="faint">A message costs 1 credit. The assistant does not remember earlier messages, and changes nothing
        before you confirm it.</p>
      <section class="conversation" aria-labelledby="conversation-heading">
        <h2 id="conversation-heading" class="hidden">Conversation</h2>
        ${turns.length === 0 ? this.#beginning() : html`
          <ol class="plain turns">${repeat(turns, ({id}) => id, turn => turnTemplate(turn, {
            app: this.app,
            repeat: () => this.#conversation.run(turn),
            changed: () => this.#conversation.keep(),
          }))}</ol>`}
        <p class="hidden" role="status">${this.#spoken}</p>
      </section>
      ${this.#form()}`;
  }

  #beginning() {
    const first = this.#tasks[0];
    const examples = first ? [...EXAMPLES, `Split “${first.title}” into steps.`] : EXAMPLES;
    return html`
      <div class="empty stack">
        <p>Answers and suggested changes will be here: ask about your tasks, or say what you want to do.</p>
        <div class="row examples">${examples.map(example => html`
          <button @click=${() => this.#write(example)}>${example}</button>`)}</div>
      </div>`;
  }

  #form() {
    const {draft, withTasks, running, turns} = this.#conversation;
    const about = this.#about;
    const isRunning = running !== undefined;
    return html`
      <form class="card ask" aria-label="Message to the assistant" @submit=${onSubmit(() => this.#send())}>
        <label><span class="hidden">Message</span>
          <textarea rows="2" placeholder="Message" maxlength="4000" aria-describedby="ask-hint" .value=${live(draft)}
            @keydown=${this.#key} @input=${onValue(text => this.#draft(text))}></textarea></label>
        <div class="row context">
          <label class="choice"><input type="checkbox" .checked=${live(withTasks)}
            @change=${() => { this.#conversation.withTasks = !withTasks; this.update(); }}>
            Include my open tasks</label>
          <label class="about">About
            <select @change=${onValue(id => this.#choose(id))}>
              <option value="" ?selected=${!about}>no particular task</option>
              ${repeat(this.#tasks, ({id}) => id, task => html`
                <option value=${task.id} ?selected=${task === about}>${task.title}</option>`)}
            </select></label>
        </div>
        <div class="row">
          ${running
            ? html`<button type="button" class="primary submit" @click=${() => running.stop()}>
                ${icon('stop')} Stop</button>`
            : html`<button class="primary submit" ?disabled=${!draft.trim()}>${icon('send')} Send</button>`}
          ${about ? html`
            <button type="button" ?disabled=${isRunning} @click=${() => this.#conversation.suggestSubtasks(about)}>
              ${icon('plus')} Suggest subtasks</button>` : nothing}
          <span id="ask-hint" class="faint hint">Enter sends, Shift+Enter begins a line.</span>
          ${turns.length > 0 && !isRunning ? html`
            <button type="button" class="link clear" @click=${() => this.#conversation.clear()}>
              Clear conversation</button>` : nothing}
        </div>
      </form>`;
  }

  get #about() {
    return this.#tasks.find(({id}) => id === this.#conversation.taskId);
  }

  /** @param {string} taskId */
  #choose(taskId) {
    this.#conversation.taskId = taskId;
    this.update();
  }

  /** @param {string} text */
  #draft(text) {
    this.#conversation.draft = text;
    this.update();
  }

  /** @param {string} example */
  #write(example) {
    this.#draft(example);
    document.querySelector('textarea')?.focus();
  }

  #send() {
    const message = this.#conversation.draft.trim();
    if (message && !this.#conversation.running) {
      this.#conversation.draft = '';
      this.#conversation.ask(message, this.#about);
      this.#toEnd();
    }
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    }
  };

  /** Shows what has arrived, and its end to a reader who is there. */
  #follow() {
    const isNearEnd = innerHeight + scrollY > document.documentElement.scrollHeight - NEAR_END;
    const last = this.#conversation.turns.at(-1);
    const {running} = this.#conversation;
    if (running) {
      this.#spoken = 'The assistant is answering.';
    } else if (this.#wasRunning && last) {
      this.#spoken = `${last.text} ${last.failure} ${counted(last.suggestions.length, 'suggestion')}.`;
    }
    this.#wasRunning = running !== undefined;
    this.update();
    if (isNearEnd) {
      this.#toEnd();
    }
  }

  #toEnd() {
    scrollTo(0, document.documentElement.scrollHeight);
  }
}
