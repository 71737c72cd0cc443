import {isUnreachable, sentence} from '../api/failures.js';
import {Suggestion} from '../parts/suggestion.js';
import {ApiError, Intent} from '../sdk/index.js';

/**
 * @typedef {import('../api/schemas.js').Schemas} Schemas
 * @typedef {{kind: 'chat', body: Schemas['ChatMessage']}} ChatQuestion
 * @typedef {{kind: 'subtasks', body: Schemas['SubtaskGeneration']}} SubtasksQuestion
 * @typedef {ChatQuestion | SubtasksQuestion} Question
 * @typedef {{id: string, title: string}} About
 */

/**
 * A turn as it is stored.
 * @typedef {object} Stored
 * @property {string} id
 * @property {string} message what the person sees of the question
 * @property {Question} question
 * @property {About} [about]
 * @property {'running' | 'done' | 'stopped' | 'failed'} [state]
 * @property {string} [text]
 * @property {import('../parts/suggestion.js').Stored[]} [suggestions]
 * @property {{used: number, remaining: number}} [credits]
 * @property {boolean} [isWarned]
 * @property {boolean} [isTruncated]
 * @property {string} [failure]
 * @property {string} [failureCode]
 * @property {{key: string, request: string}} [intent]
 */

const CUT = 'The connection was lost before the answer was complete.';

/**
 * One question to the assistant and its answer. Running it again after a failure is the same intent, so that it is
 * paid once.
 */
export class Turn {
  #aborting = new AbortController();

  /** @param {Stored} stored */
  constructor(stored) {
    this.id = stored.id;
    this.message = stored.message;
    this.question = stored.question;
    this.about = stored.about;
    this.state = stored.state ?? 'running';
    this.text = stored.text ?? '';
    this.suggestions = (stored.suggestions ?? []).map(suggestion => new Suggestion(suggestion));
    this.credits = stored.credits;
    this.isWarned = stored.isWarned ?? false;
    this.isTruncated = stored.isTruncated ?? false;
    this.failure = stored.failure ?? '';
    this.failureCode = stored.failureCode ?? '';
    this.intent = new Intent(stored.intent);
  }

  /**
   * Sends the question and follows the answer.
   * @param {import('../api/client.js').ApiClient} api
   * @param {() => void} changed after each piece of the answer
   */
  async run(api, changed) {
    this.#aborting = new AbortController();
    this.state = 'running';
    this.failure = this.failureCode = '';
    try {
      const {question} = this;
      const running = question.kind === 'chat' ? this.#chat(question, api, changed) : this.#subtasks(question, api);
      changed();
      await running;
      this.state = 'done';
    } catch (thrown) {
      if (this.#aborting.signal.aborted) {
        this.state = 'stopped';
      } else {
        this.state = 'failed';
        this.failure = sentence(thrown);
        this.failureCode = thrown instanceof ApiError ? thrown.code : '';
      }
    }
    changed();
  }

  /** The service stops as well; the words that have arrived are charged. */
  stop() {
    this.#aborting.abort();
  }

  /** The page was left in the middle. */
  interrupt() {
    this.state = 'failed';
    this.failure = CUT;
  }

  /** @returns {Stored} */
  toJSON() {
    const {id, message, question, about, state, text, credits, isWarned, isTruncated, failure, failureCode} = this;
    return {
      id, message, question, about, state, text, credits, isWarned, isTruncated, failure, failureCode,
      suggestions: this.suggestions.map(suggestion => suggestion.toJSON()), intent: this.intent.toJSON(),
    };
  }

  /** @param {ChatQuestion} question @param {import('../api/client.js').ApiClient} api @param {() => void} changed */
  async #chat({body}, api, changed) {
    const {intent} = this;
    const {signal} = this.#aborting;
    let words = '';
    try {
      for await (const part of api.sdk.chat(body, {key: intent, signal})) {
        if (part.type === 'result') {
          this.#answered(part.result);
        } else {
          words += part.text;
          this.text = words;
        }
        changed();
      }
    } catch (thrown) {
      throw words && isUnreachable(thrown) ? new Error(CUT) : thrown;
    }
  }

  /** @param {SubtasksQuestion} question @param {import('../api/client.js').ApiClient} api */
  async #subtasks({body}, api) {
    const {intent} = this;
    const {data} = await api.post('/api/v1/ai/generate-subtasks', {body, intent, signal: this.#aborting.signal});
    this.#paid(data);
    this.suggestions = [new Suggestion({
      id: data.suggestion_id, type: 'create_subtasks', description: `Add subtasks to “${this.about?.title}”`,
      data: {subtasks: data.suggested_subtasks},
    })];
  }

  /** @param {Schemas['ChatResult']} result */
  #answered(result) {
    this.text = result.response;
    this.isTruncated = result.truncated ?? false;
    this.suggestions = result.suggested_actions.map(action => new Suggestion(action));
    this.#paid(result);
  }

  /** @param {{credits_used: number, credits_remaining: number, ai_request_warning: boolean}} answer */
  #paid({credits_used, credits_remaining, ai_request_warning}) {
    this.credits = {used: credits_used, remaining: credits_remaining};
    this.isWarned = ai_request_warning;
  }
}
