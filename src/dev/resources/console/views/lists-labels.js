import {html} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {onSubmit, onValue} from '../parts/forms.js';
import {dot, icon} from '../parts/icons.js';

/** @typedef {import('../api/schemas.js').Schemas['Label']} Label */

/** The labels of a person: their names and colours. */
export class LabelsSection {
  #view;
  /** @type {Label[]} */
  #labels = [];
  #name = '';
  /** The label that is renamed, with its new name. */
  #renamed = {id: '', name: ''};

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    this.#labels = (await this.#view.app.api.get('/api/v1/labels')).data;
  }

  template() {
    return html`
      <section class="stack" aria-labelledby="labels-title">
        <h2 id="labels-title">Labels</h2>
        <form class="row" aria-label="Add a label" @submit=${onSubmit(() => this.#add())}>
          <input aria-label="New label" required maxlength="100" .value=${live(this.#name)}
            @input=${onValue(value => { this.#name = value; })}>
          <button>Add label</button>
        </form>
        <ul class="plain choices" aria-label="Labels">${repeat(this.#labels, ({id}) => id, label => this.#row(label))}</ul>
      </section>`;
  }

  /** @param {Label} label */
  #row(label) {
    const {id, name, colour} = label;
    if (id === this.#renamed.id) {
      return html`
        <li><form class="row" aria-label=${`Rename label ${name}`}
          @submit=${onSubmit(() => this.#patch(label, {name: this.#renamed.name.trim()}))}
          @keydown=${(/** @type {KeyboardEvent} */ {key}) => key === 'Escape' && this.#rename(undefined, id)}>
          <input id="label-name" aria-label=${`Name of label ${name}`} required maxlength="100" .value=${live(this.#renamed.name)}
            @input=${onValue(value => { this.#renamed.name = value; })}>
          <button>Rename</button>
          <button type="button" @click=${() => this.#rename(undefined, id)}>Cancel</button>
        </form></li>`;
    }
    return html`
      <li class="row" data-row=${id}>
        <span class="name">${dot(colour)} ${name}</span>
        <input type="color" data-control="colour" aria-label=${`Colour of label ${name}`} title="Colour" .value=${live(colour)}
          @change=${onValue(value => this.#patch(label, {colour: value}))}>
        <button class="quiet" data-control="rename" aria-label=${`Rename label ${name}`} title="Rename"
          @click=${() => this.#rename(label, id)}>${icon('edit')}</button>
        <button class="quiet" data-control="delete" aria-label=${`Delete label ${name}`} title="Delete"
          @click=${() => this.#delete(label)}>${icon('trash')}</button>
      </li>`;
  }

  #add() {
    return this.#view.act(async () => {
      await this.#view.app.api.post('/api/v1/labels', {body: {name: this.#name.trim()}});
      this.#name = '';
    });
  }

  /** Begins or ends renaming. @param {Label | undefined} label @param {string} id of the label whose button gets the focus at the end */
  #rename(label, id) {
    this.#renamed = {id: label?.id ?? '', name: label?.name ?? ''};
    this.#view.update();
    const control = label ? document.getElementById('label-name')
      : document.querySelector(`[data-row="${CSS.escape(id)}"] [data-control="rename"]`);
    /** @type {HTMLElement | null} */ (control)?.focus();
  }

  /** @param {Label} label @param {{name: string} | {colour: string}} change */
  #patch(label, change) {
    const {id, version} = label;
    return this.#view.act(async () => {
      await this.#view.app.api.patch('/api/v1/labels/{id}', {path: {id}, body: {version, ...change}, before: label});
      await this.load();
      if (id === this.#renamed.id) {
        this.#rename(undefined, id);
      }
    });
  }

  /** @param {Label} label */
  #delete(label) {
    return this.#view.act(() => this.#view.app.api.delete('/api/v1/labels/{id}', {path: {id: label.id}, before: label}));
  }
}
