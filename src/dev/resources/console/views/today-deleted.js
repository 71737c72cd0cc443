import {html} from '../lit-html/lit-html.js';
import {ago, dateTime} from '../app/format.js';
import {icon} from '../parts/icons.js';
import {LiveDialog} from '../parts/live-dialog.js';

/** @typedef {import('../api/schemas.js').Schemas['Tombstone']} Tombstone */

/** What was deleted and can be recovered. */
export class DeletedDialog extends LiveDialog {
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks', 'notes'];
  /** @type {Tombstone[] | undefined} */
  #tombstones;

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super(app, 'Deleted');
  }

  async load() {
    this.#tombstones = (await this.app.api.get('/api/v1/recovery/tombstones')).data;
  }

  template() {
    return html`
      <p class="faint">The three newest deletions can be recovered for 7 days, tasks and notes together.</p>
      ${this.#tombstones?.length === 0 ? html`<p>Nothing is deleted. A task that you delete appears here.</p>` : ''}
      <ul class="plain task-lines">${this.#tombstones?.map(tombstone => this.#row(tombstone))}</ul>`;
  }

  /** @param {Tombstone} tombstone */
  #row({id, entity_type, preview, deleted_at, recoverable_until}) {
    const {timeZone, clock} = this.app;
    return html`
      <li>
        <p><strong>${preview.title}</strong> <span class="tag">${entity_type === 'task' ? 'Task' : 'Note'}</span><br>
          <span class="faint">Deleted ${ago(deleted_at, clock.now())} · recoverable until
            ${dateTime(recoverable_until, timeZone)}</span></p>
        <button aria-label=${`Recover ${preview.title}`}
          @click=${() => this.#recover(id)}>${icon('undo')} Recover</button>
      </li>`;
  }

  /** @param {string} id */
  #recover(id) {
    return this.act(() => this.app.api.post('/api/v1/recovery/tombstones/{id}/recover', {path: {id}}));
  }
}
