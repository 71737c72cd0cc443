import {html} from '../lit-html/lit-html.js';
import {loadPlaces, NO_PLACES, placingFields, toggled} from '../parts/placing.js';

/** @typedef {import('../api/schemas.js').Task} Task */

/** The list and the labels of a task; each choice is saved at once. */
export class Placing {
  #dialog;
  #places = NO_PLACES;
  /** @type {Promise<Task | undefined>} */
  #saved = Promise.resolve(undefined);

  /** @param {import('../parts/live-dialog.js').LiveDialog} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
  }

  async load() {
    this.#places = await loadPlaces(this.#dialog.app.api);
  }

  /** @param {Task} task */
  template(task) {
    return html`
      <section class="stack part" aria-labelledby="placing-title">
        <h3 id="placing-title">List and labels</h3>
        ${placingFields('edit', this.#places, task, list_id => this.#save(task, () => ({list_id})),
            id => this.#save(task, ({label_ids = []}) => ({label_ids: toggled(label_ids, id)})))}
      </section>`;
  }

  /**
   * Saves choices one after the other, each for the version that the one before has made.
   * @param {Task} shown
   * @param {(task: Task) => {list_id: string | null} | {label_ids: string[]}} change
   */
  #save(shown, change) {
    this.#saved = this.#saved.then(async before => {
      const task = before?.id === shown.id && before.version > shown.version ? before : shown;
      const {id, version} = task;
      return await this.#dialog.act(async () => {
        const {data} = await this.#dialog.app.api.patch('/api/v1/tasks/{id}',
            {path: {id}, body: {version, ...change(task)}});
        return data;
      });
    });
    return this.#saved;
  }
}
