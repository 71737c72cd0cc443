import {Suggestion} from '../parts/suggestion.js';
import {TabStore} from '../parts/tab-store.js';

/**
 * @typedef {import('../api/schemas.js').Note} Note
 * @typedef {import('../api/schemas.js').Schemas['NoteConversionAnswer']['data']} Conversion
 */

const KEPT = 30;

/** The tasks that were suggested for notes in this tab: they are paid for, so that they outlive the screen. */
export class Conversions {
  /** @type {{noteId: string, content: string, suggestion: Suggestion}[]} */
  #list;
  /** @type {TabStore<{noteId: string, content: string, suggestion: import('../parts/suggestion.js').Stored}[]>} */
  #store;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    this.#store = new TabStore(app, 'conversions');
    this.#list = (this.#store.read() ?? [])
        .map(({suggestion, ...rest}) => ({...rest, suggestion: new Suggestion(suggestion)}));
  }

  /** The suggestion for a note, unless its text has changed since. @param {Note} note */
  of({id, content}) {
    return this.#list.find(entry => entry.noteId === id && entry.content === content)?.suggestion;
  }

  /** @param {Note} note @param {Conversion} conversion */
  add({id, content}, {suggestion_id, suggested_task}) {
    const suggestion = new Suggestion({
      id: suggestion_id,
      type: 'convert_note',
      description: `Create the task “${suggested_task.title}”`,
      data: suggested_task,
    });
    this.#list = [...this.#list.filter(({noteId}) => noteId !== id), {noteId: id, content, suggestion}].slice(-KEPT);
    this.keep();
  }

  keep() {
    this.#store.write(this.#list.map(({suggestion, ...rest}) => ({...rest, suggestion: suggestion.toJSON()})));
  }
}
