import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {onValue} from '../parts/forms.js';

/** @typedef {import('../api/schemas.js').Task} Task */
/** @typedef {import('../api/schemas.js').Schemas} Schemas */

/** The list and the labels of a task; each choice is saved at once. */
export class Placing {
  #dialog;
  /** @type {Schemas['TaskList'][]} */
  #lists = [];
  /** @type {Schemas['Label'][]} */
  #labels = [];
  /** @type {Promise<Task | undefined>} */
  #saved = Promise.resolve(undefined);

  /** @param {import('../parts/live-dialog.js').LiveDialog} dialog */
  constructor(dialog) {
    this.#dialog = dialog;
  }

  async load() {
    const {api} = this.#dialog.app;
    const [lists, labels] = await Promise.all([api.get('/api/v1/lists'), api.get('/api/v1/labels')]);
    this.#lists = lists.data;
    this.#labels = labels.data;
  }

  /** @param {Task} task */
  template(task) {
    const ids = task.label_ids ?? [];
    return html`
      <section class="stack part" aria-labelledby="placing-title">
        <h3 id="placing-title">List and labels</h3>
        <div class="field"><label for="edit-list">List</label>
          <select id="edit-list" .value=${live(task.list_id ?? '')}
            @change=${onValue(value => this.#save(task, () => ({list_id: value || null})))}>
            <option value="" ?selected=${!task.list_id}>Inbox</option>
            ${this.#lists.map(({id, name}) => html`<option value=${id} ?selected=${id === task.list_id}>${name}</option>`)}
          </select></div>
        ${this.#labels.length === 0 ? nothing : html`
          <fieldset class="row"><legend>Labels</legend>${this.#labels.map(({id, name}) => html`
            <label class="choice"><input type="checkbox" .checked=${live(ids.includes(id))}
              @change=${() => this.#save(task, ({label_ids: present = []}) => ({
                label_ids: present.includes(id) ? present.filter(other => other !== id) : [...present, id],
              }))}>
              ${name}</label>`)}</fieldset>`}
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
