import {html} from '../lit-html/lit-html.js';
import {counted} from '../app/format.js';
import {LiveDialog} from '../parts/live-dialog.js';

/** @typedef {import('../api/schemas.js').Schemas['TaskList']} TaskList */

/** Asks what happens to the tasks of a list that is deleted. */
export class DeleteListDialog extends LiveDialog {
  #list;
  #deleted;

  /** @param {import('../app/app.js').App} app @param {TaskList} list @param {() => void} deleted runs after it is deleted */
  constructor(app, list, deleted) {
    super(app, `Delete the list “${list.name}”?`);
    this.#list = list;
    this.#deleted = deleted;
  }

  template() {
    return html`
      <p>It has ${counted(this.#list.open_count, 'open task')}, and perhaps others that are completed, hidden or archived.
        Both ways can be undone.</p>
      <div class="row">
        <button @click=${() => this.#delete('move')}>Move its tasks to the inbox</button>
        <button class="danger" @click=${() => this.#delete('delete')}>Delete its tasks, too</button>
        <button @click=${() => this.close()}>Cancel</button>
      </div>`;
  }

  /** @param {'move' | 'delete'} tasks */
  #delete(tasks) {
    return this.act(async () => {
      await this.app.api.delete('/api/v1/lists/{id}', {path: {id: this.#list.id}, query: {tasks}, before: this.#list});
      this.close();
      this.#deleted();
    });
  }
}
