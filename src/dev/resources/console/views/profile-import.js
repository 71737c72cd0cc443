import {html, nothing} from '../lit-html/lit-html.js';
import {sentence} from '../api/failures.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/schemas.js').Schemas['Import']} Import */
/** @typedef {import('../api/schemas.js').Schemas['ImportSource']} ImportSource */
/** @typedef {import('../api/schemas.js').Schemas['ImportReportLine']} ReportLine */

/** @type {[ImportSource, string][]} */
const SOURCES = [
  ['perpetua_flow', 'Perpetua Flow (export)'],
  ['todoist_csv', 'Todoist (CSV)'],
  ['todoist_json', 'Todoist (API backup)'],
  ['ticktick_csv', 'TickTick (backup)'],
  ['icalendar', 'Calendar file (to-dos)'],
];

/** Sources whose files do not name the list of their tasks, or may be given another. */
const WITHOUT_LISTS = ['todoist_csv', 'icalendar'];

/** While an import runs, it is asked for at this interval, in milliseconds. */
const POLL_MS = 500;

/** Lines of the report on the page; the rest is in the API. */
const LINES = 100;

/** Imports of files: a trial first, then the import itself, each with its report. */
export class ImportCard {
  #view;
  #isRunning = false;
  #error = '';
  /** @type {Import | undefined} */
  #latest;
  /** @type {ReportLine[]} */
  #report = [];

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  template() {
    return html`
      <section class="card stack" aria-labelledby="import">
        <h2 id="import">Import</h2>
        <p>Tasks with their lists and labels from a file of Todoist, TickTick or a calendar, or from an export of Perpetua Flow.
          Importing a file again adds nothing.</p>
        <form class="profile" @submit=${this.#submit}>
          <label>Source
            <select name="source">${SOURCES.map(([value, label]) => html`<option value=${value}>${label}</option>`)}</select>
          </label>
          <label>File <input type="file" name="file" required></label>
          <label>List of a Todoist CSV or calendar file <input name="list" maxlength="100"></label>
          <p class="field-error" role="alert">${this.#error}</p>
          <div class="row">
            <button name="dry_run" value="true" ?disabled=${this.#isRunning}>Try without changes</button>
            <button class="primary" name="dry_run" value="false" ?disabled=${this.#isRunning}>
              ${icon('archive')} ${this.#isRunning ? 'Importing …' : 'Import'}</button>
            <button type="button" ?disabled=${this.#isRunning} @click=${() => this.#sample()}>Import the sample</button>
          </div>
        </form>
        ${this.#latest ? this.#result(this.#latest) : nothing}
      </section>`;
  }

  /** @param {Import} latest */
  #result({dry_run, state, progress, added, error}) {
    if (error) {
      return html`<p class="failure" role="alert">${error.message}${error.line ? ` (line ${error.line})` : ''}</p>`;
    }
    if (state !== 'done') {
      return html`<p role="status">${progress.processed} of ${progress.total ?? '…'} entries</p>`;
    }
    return html`
      <p role="status">${dry_run ? 'Would add' : 'Added'} ${added.tasks} tasks, ${added.subtasks} subtasks, ${
        added.templates} templates, ${added.reminders} reminders, ${added.notes} notes, ${added.lists} lists, ${
        added.labels} labels and ${added.filters} filters:
        ${progress.taken} entries as they are, ${progress.changed} changed, ${progress.left} left.</p>
      ${this.#report.length === 0 ? nothing : html`
        <ul class="plain task-lines" aria-label="Report of the import">${this.#report.map(line => html`
          <li><p><strong>${line.title || line.source_id}</strong> <span class="tag">${
            line.entity_type}</span> <span class="tag">${line.outcome}</span><br>
            <span class="faint">${line.line ? `Line ${line.line}. ` : ''}${line.reasons.join(' ')}</span></p></li>`)}
        </ul>`}`;
  }

  /** @param {SubmitEvent} event */
  #submit = event => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const data = new FormData(form, event.submitter);
    const source = /** @type {ImportSource} */ (String(data.get('source')));
    const list = WITHOUT_LISTS.includes(source) ? String(data.get('list')).trim() : '';
    void this.#run(source, list, /** @type {File} */ (data.get('file')), data.get('dry_run') === 'true');
  };

  async #sample() {
    const file = await (await fetch('/console/sample/todoist.csv')).blob();
    await this.#run('todoist_csv', '', file, false);
  }

  /** @param {ImportSource} source @param {string} list @param {Blob} file @param {boolean} dryRun */
  async #run(source, list, file, dryRun) {
    const {api} = this.#view.app;
    this.#isRunning = true;
    this.#error = '';
    this.#latest = undefined;
    this.#view.update();
    try {
      let latest = (await api.post('/api/v1/imports', {query: {source, dry_run: dryRun, ...(list && {list})}, body: file})).data;
      while (latest.finished_at === null) {
        this.#latest = latest;
        this.#view.update();
        await new Promise(resolve => setTimeout(resolve, POLL_MS));
        latest = (await api.get('/api/v1/imports/{id}', {path: {id: latest.id}})).data;
      }
      this.#report = (await api.get('/api/v1/imports/{id}/report',
          {path: {id: latest.id}, query: {limit: LINES}})).data
          .filter(({entity_type, outcome}) => outcome !== 'taken' || entity_type === 'list' || entity_type === 'label');
      this.#latest = latest;
    } catch (thrown) {
      this.#error = sentence(thrown);
    }
    this.#isRunning = false;
    this.#view.update();
  }
}
