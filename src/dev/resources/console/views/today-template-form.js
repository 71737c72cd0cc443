import {html} from '../lit-html/lit-html.js';
import {errorOf, focusInvalid, formError} from '../parts/field.js';
import {Repeats} from '../parts/repeats.js';
import {
  DRAFT_FIELDS, descriptionField, draftOf, dueField, entering, estimateField, priorityField, titleField, valuesOf,
} from '../parts/task-fields.js';
import {Intent} from '../sdk/index.js';

/** @typedef {import('../api/schemas.js').Schemas['Template']} Template */
/** @typedef {import('../api/schemas.js').Schemas['TemplatePatch']} TemplatePatch */

/** Edits a template. */
export class TemplateForm {
  #dialog;
  #before;
  #close;
  #draft;
  #start;
  #repeats;
  #intent = new Intent();
  /** @type {TemplatePatch['apply_to']} */
  #applyTo = 'future';
  /** @type {unknown} */
  #failure;

  /**
   * @param {import('../parts/live-dialog.js').LiveDialog} dialog
   * @param {Template} template
   * @param {() => void} close
   */
  constructor(dialog, template, close) {
    this.#dialog = dialog;
    this.#before = template;
    this.#close = close;
    this.#draft = draftOf({...template, due_date: template.next_due ?? template.starts_at}, template.timezone);
    this.#start = this.#draft.due_date;
    this.#repeats = new Repeats('template', dialog.app, () => dialog.update(), template.rrule, template.timezone);
    this.#repeats.startAt(this.#start);
  }

  template() {
    const failure = this.#failure;
    return html`
      <form @input=${this.#entering} @submit=${(/** @type {SubmitEvent} */ event) => this.#save(event)}>
        ${titleField('template', 'Title', this.#draft, failure)}
        ${descriptionField('template', this.#draft, failure)}
        <div class="columns">
          ${priorityField('template', this.#draft, failure)}
          ${estimateField('template', this.#draft, failure)}
          ${dueField('template', 'Next due', this.#draft, errorOf(failure, 'starts_at'))}
        </div>
        ${this.#repeats.template(errorOf(failure, 'rrule'))}
        <fieldset><legend>Apply to</legend>
          ${this.#choice('future', 'The open task and those that follow')}
          ${this.#choice('template', 'Only tasks that follow')}
        </fieldset>
        ${formError(failure, [...DRAFT_FIELDS, 'starts_at', 'rrule'])}
        <div class="row"><button class="primary">Save</button>
          <button type="button" @click=${this.#close}>Back to the list</button></div>
      </form>`;
  }

  /** @param {TemplatePatch['apply_to']} value @param {string} label */
  #choice(value, label) {
    return html`<label class="choice"><input type="radio" name="apply_to" .checked=${this.#applyTo === value}
      @change=${() => { this.#applyTo = value; }}>${label}</label>`;
  }

  #entering = (/** @type {Event} */ event) => {
    entering(this.#draft)(event);
    if (this.#repeats.start !== this.#draft.due_date) {
      this.#repeats.startAt(this.#draft.due_date);
    }
  };

  /** @param {SubmitEvent} event */
  async #save(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    try {
      await this.#dialog.app.api.patch('/api/v1/templates/{id}',
          {path: {id: this.#before.id}, body: this.#changes(), intent: this.#intent});
      this.#close();
    } catch (thrown) {
      this.#failure = thrown;
      this.#dialog.update();
      focusInvalid(form);
    }
  }

  /** Only what has changed: a rule that is set again would begin anew. @returns {TemplatePatch} */
  #changes() {
    const {due_date: starts_at, due_on: _on, start_on: _start, ...values} = valuesOf(this.#draft, this.#before.timezone);
    const rrule = this.#repeats.rule;
    const entries = Object.entries(values).filter(([name, value]) => value !== Reflect.get(this.#before, name));
    return {
      ...Object.fromEntries(entries),
      ...(rrule !== undefined && rrule !== this.#before.rrule && {rrule}),
      ...(starts_at && this.#draft.due_date !== this.#start && {starts_at}),
      apply_to: this.#applyTo,
    };
  }
}
