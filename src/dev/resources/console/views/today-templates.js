import {html, nothing} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {dateTime} from '../app/format.js';
import {icon} from '../parts/icons.js';
import {LiveDialog} from '../parts/live-dialog.js';
import {TemplateForm} from './today-template-form.js';

/** @typedef {import('../api/schemas.js').Schemas['Template']} Template */

/** The tasks that repeat: the templates from which their next tasks are made. */
export class TemplatesDialog extends LiveDialog {
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['tasks'];
  /** @type {Template[] | undefined} */
  #templates;
  /** @type {TemplateForm | undefined} */
  #form;
  /** Id of the template that is about to be deleted. */
  #deleted = '';

  /** @param {import('../app/app.js').App} app */
  constructor(app) {
    super(app, 'Repeating tasks');
  }

  async load() {
    this.#templates = (await this.app.api.get('/api/v1/templates', {query: {limit: 100}})).data;
  }

  template() {
    if (this.#form) {
      return this.#form.template();
    }
    return html`
      ${this.#templates?.length === 0
        ? html`<p>Nothing repeats yet. Choose how often under “Details” when you add a task.</p>` : nothing}
      <ul class="plain task-lines">
        ${repeat(this.#templates ?? [], ({id}) => id, template => this.#row(template))}</ul>`;
  }

  /** @param {Template} template */
  #row(template) {
    const {id, title, active, rrule_text, next_due, timezone} = template;
    const next = active && next_due ? ` · next ${dateTime(next_due, timezone)}` : '';
    return html`
      <li>
        <p><strong>${title}</strong>
          <span class="tag ${active ? 'accent' : ''}">${active ? 'Active' : 'Paused'}</span><br>
          <span class="faint">Repeats ${rrule_text}${next}</span></p>
        ${this.#deleted === id ? html`
          <div class="row confirm" role="alert"><p>Deleting cannot be undone. Its tasks stay.</p>
            <button class="danger" @click=${() => this.#delete(id)}>Delete for good</button>
            <button @click=${() => this.#askToDelete('')}>Keep</button></div>`
          : html`<div class="row">
            <button aria-label=${`${active ? 'Pause' : 'Resume'} ${title}`}
              @click=${() => this.#setActive(id, !active)}>
              ${icon(active ? 'stop' : 'play')}${active ? 'Pause' : 'Resume'}</button>
            <button aria-label=${`Edit ${title}`} @click=${() => this.#edit(template)}>${icon('edit')}Edit</button>
            <button class="quiet" aria-label=${`Delete ${title}`} title="Delete"
              @click=${() => this.#askToDelete(id)}>${icon('trash')}</button></div>`}
      </li>`;
  }

  /** @param {Template} template */
  #edit(template) {
    this.#form = new TemplateForm(this, template, () => {
      this.#form = undefined;
      this.update();
    });
    this.update();
    document.getElementById('template-title')?.focus();
  }

  /** @param {string} id */
  #askToDelete(id) {
    this.#deleted = id;
    this.update();
  }

  /** @param {string} id @param {boolean} active */
  #setActive(id, active) {
    return this.act(() => this.app.api.patch('/api/v1/templates/{id}',
        {path: {id}, body: {active, apply_to: 'template'}}));
  }

  /** @param {string} id */
  #delete(id) {
    return this.act(() => this.app.api.delete('/api/v1/templates/{id}', {path: {id}}));
  }
}
