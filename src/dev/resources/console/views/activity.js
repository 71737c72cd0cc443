import {html, nothing} from '../lit-html/lit-html.js';
import {repeat} from '../lit-html/directives/repeat.js';
import {day, relativeDay, time} from '../app/format.js';
import {View} from '../app/view.js';
import {icon} from '../parts/icons.js';
import {Pages} from '../parts/pages.js';
import {waitingMark} from '../parts/waiting.js';
import {Filters, SOURCES} from './activity-filters.js';
import {Names} from './activity-names.js';
import {UndoHistory} from './activity-undo.js';
import {before, worded} from './activity-words.js';

/** @typedef {import('../api/schemas.js').Schemas['ActivityEntry']} ActivityEntry */

const PAGE = 50;

/** Everything that has changed in the last thirty days, by day and by the request that caused it. */
export class ActivityView extends View {
  title = 'Activity';
  /** @type {import('../app/view.js').Topic[]} */
  topics = ['tasks', 'notes', 'credits', 'subscription', 'achievements', 'focus', 'notifications', 'user'];
  #filters = new Filters(() => this.#filter());
  #names = new Names(this.app.api);
  #isBusy = false;
  #history = new UndoHistory([]);
  /** @type {Pages<ActivityEntry>} */
  #pages = new Pages(cursor => this.app.api.get('/api/v1/activity',
      {query: {...this.#filters.query(this.app.timeZone), cursor, limit: PAGE}}));

  /** @override */
  async load() {
    await this.#pages.refresh();
    await this.#names.load(this.#pages.items.map(worded));
  }

  /** @override */
  template() {
    const {items, hasMore} = this.#pages;
    this.#history = new UndoHistory(items);
    return html`
      ${this.#filters.template()}
      <div class="stack" aria-busy=${this.#isBusy}>
        ${items.length > 0 ? daysOf(items, this.app.timeZone).map(entries => this.#day(entries))
          : html`<p class="faint">${this.#empty()}</p>`}
        ${hasMore ? html`<div class="row"><button ?disabled=${this.#isBusy} @click=${() => this.#more()}>
          ${this.#isBusy ? 'Loading …' : 'Show older entries'}</button></div>` : nothing}
      </div>`;
  }

  #empty() {
    return this.#isBusy ? 'Loading …' : this.#filters.isActive
      ? 'Nothing of this kind has happened in the last thirty days.'
      : 'Every change will be here, by you, the assistant or the system: create a task to see the first.';
  }

  /** @param {ActivityEntry[]} entries of one day */
  #day(entries) {
    const at = entries[0]?.created_at ?? '';
    const {timeZone, clock} = this.app;
    const date = new Intl.DateTimeFormat('en', {weekday: 'long', day: 'numeric', month: 'long', timeZone})
        .format(new Date(at));
    const relative = relativeDay(at, clock.now(), timeZone);
    const groups = [...Map.groupBy(entries, ({request_id, id}) => request_id ?? id)];
    return html`
      <section class="day" aria-label=${date}>
        <h2>${date} <span class="faint">${relative}</span></h2>
        <ol class="plain timeline">
          ${repeat(groups, ([key]) => key, ([, group]) => this.#group(group))}
        </ol>
      </section>`;
  }

  /** What one request or job did. @param {ActivityEntry[]} entries */
  #group(entries) {
    const requestId = entries[0]?.request_id;
    const changes = Map.groupBy(entries, ({change_id, id}) => change_id ?? id);
    return html`
      <li class="group">
        ${[...changes.values()].map(change => this.#change(change))}
        ${requestId ? html`
          <p class="request faint"><span>${this.#request(requestId)}</span>
            <span class="id"><code>${requestId}</code>
              <button class="quiet" aria-label=${`Copy request id ${requestId}`} title="Copy request id"
                @click=${() => this.#copy(requestId)}>${icon('copy')}</button></span></p>`
          : nothing}
      </li>`;
  }

  /** What is undone together. @param {ActivityEntry[]} entries */
  #change(entries) {
    return html`
      <div class="change">
        <ul class="plain">${entries.map(entry => this.#entry(entry))}</ul>
        ${this.#undoButton(entries)}
      </div>`;
  }

  /** @param {ActivityEntry[]} entries of one change */
  #undoButton(entries) {
    const entry = entries.findLast(({undoable}) => undoable);
    if (!entry) {
      return nothing;
    }
    if (this.#history.isUndone(entry)) {
      return html`<span class="tag">Undone</span>`;
    }
    const mark = waitingMark(this.app.outbox, entry.id);
    if (mark !== nothing) {
      return mark;
    }
    const title = this.#names.of(worded(entry).id);
    const words = this.#history.wordsOf(entry);
    const what = title ? `${words}: ${title}` : words;
    const isRedo = this.#history.isRedo(entry);
    const label = isRedo ? 'Redo' : 'Undo';
    return html`<button aria-label=${`${label}: ${what}`} ?disabled=${this.#isBusy}
      @click=${() => this.#undo(entry.id, what, isRedo)}>${icon(isRedo ? 'repeat' : 'undo')} ${label}</button>`;
  }

  /** @param {string} id @param {string} what @param {boolean} isRedo */
  async #undo(id, what, isRedo) {
    await this.#whileBusy(async () => {
      await this.app.undo.undo(id, what, isRedo);
      await this.reload();
    });
    // The button that had the focus is gone, or was disabled.
    document.querySelector('h1')?.focus({preventScroll: true});
  }

  /** @param {ActivityEntry} entry */
  #entry(entry) {
    const {icon: name, text, of, id, more} = worded(entry);
    const {source, created_at} = entry;
    const title = this.#names.of(id);
    return html`
      <li class="entry">
        <span class="mark ${source}">${icon(name)}</span>
        <p>${title ? html`${before(text)} ${of === 'task' ? this.#task(id, title) : html`<strong>${title}</strong>`}`
          : text}${more}</p>
        <span class="tag">${SOURCES[source] ?? source}</span>
        <time class="faint number" datetime=${created_at}>${time(created_at, this.app.timeZone)}</time>
      </li>`;
  }

  /** @param {string} id @param {string} title */
  #task(id, title) {
    return html`<button class="link name" title="Show only this task"
      @click=${() => this.#filters.only(id)}>${title}</button>`;
  }

  /** What the request was, if this tab has sent it and still knows it. @param {string} id */
  #request(id) {
    const sent = this.app.exchanges.list.find(({answerHeaders}) =>
      answerHeaders.some(([name, value]) => name === 'x-request-id' && value === id));
    return sent ? `${sent.request.method} ${new URL(sent.request.url).pathname}` : 'Request';
  }

  /** @param {string} requestId */
  async #copy(requestId) {
    await this.act(async () => {
      await navigator.clipboard.writeText(requestId);
      this.app.toasts.show({text: 'Copied. The logs of the service name the request by it.'});
    });
  }

  async #filter() {
    this.#pages.clear();
    await this.#whileBusy(() => this.load());
  }

  async #more() {
    await this.#whileBusy(async () => {
      await this.#pages.more();
      await this.#names.load(this.#pages.items.map(worded));
    });
  }

  /** @param {() => Promise<void>} work */
  async #whileBusy(work) {
    this.#isBusy = true;
    this.update();
    await this.act(() => work().finally(() => { this.#isBusy = false; }));
  }
}

/**
 * The entries by day, newest first.
 * @param {ActivityEntry[]} entries
 * @param {string} timeZone
 */
function daysOf(entries, timeZone) {
  return [...Map.groupBy(entries, entry => day(entry.created_at, timeZone)).values()];
}
