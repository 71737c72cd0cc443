import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {counted, date, day} from '../app/format.js';
import {errorOf, formError} from '../parts/field.js';
import {onSubmit, onValue} from '../parts/forms.js';
import {icon} from '../parts/icons.js';

/** @typedef {import('../api/schemas.js').Schemas['Streak']} Streak */
/** @typedef {import('../api/schemas.js').Schemas['StreakPause']} Pause */

/** @type {Streak['rest_weekdays']} */
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** The settings of the streak: when its days end, the weekdays for rest, and pauses. Each choice is saved at once. */
export class StreakCard {
  #view;
  /** @type {Streak | undefined} */
  #streak;
  #pause = {from: '', to: ''};
  /** @type {unknown} */
  #failure;

  /** @param {import('../app/view.js').View} view */
  constructor(view) {
    this.#view = view;
  }

  async load() {
    this.#streak = (await this.#view.app.api.get('/api/v1/streak')).data;
  }

  template() {
    const streak = this.#streak;
    return streak && html`
      <section class="card stack" aria-labelledby="streak">
        <h2 id="streak" tabindex="-1">Streak</h2>
        <p>${counted(streak.current, 'day')} now, ${counted(streak.longest, 'day')} at most.
          ${counted(streak.freezes.available, 'freeze')} for missed days${streak.freezes.used_on.length === 0 ? '.'
            : `; used for ${streak.freezes.used_on.map(date).join(', ')}.`}</p>
        <div class="profile stack">
          <label>Days end at midnight
            <select .value=${live(streak.streak_day)} @change=${onValue(value =>
              this.#save({streak_day: /** @type {Streak['streak_day']} */ (value)}))}>
              <option value="utc">UTC</option><option value="local">in my time zone</option>
            </select></label>
          <fieldset><legend>Weekdays for rest, on which nothing has to be completed</legend>
            <div class="days">${WEEKDAYS.map(weekday => html`
              <label class="choice"><input type="checkbox" .checked=${live(streak.rest_weekdays.includes(weekday))}
                @change=${() => this.#toggle(streak, weekday)}>${named(weekday)}</label>`)}</div>
          </fieldset>
        </div>
        ${streak.pauses.length === 0 ? nothing : html`
          <ul class="plain task-lines" aria-label="Pauses">${streak.pauses.map(pause => this.#row(pause))}</ul>`}
        ${this.#form()}
      </section>`;
  }

  /** @param {Pause} pause */
  #row({id, from, to}) {
    const {clock, timeZone} = this.#view.app;
    const begun = from < day(clock.now(), this.#streak?.streak_day === 'utc' ? 'UTC' : timeZone);
    const words = `${date(from)} to ${date(to)}`;
    return html`
      <li>
        <p>Paused ${words}</p>
        <button aria-label=${`${begun ? 'End' : 'Remove'} the pause ${words}`} @click=${() => this.#end(id)}>
          ${icon(begun ? 'stop' : 'trash')} ${begun ? 'End now' : 'Remove'}</button>
      </li>`;
  }

  #form() {
    const from = errorOf(this.#failure, 'from');
    const to = errorOf(this.#failure, 'to');
    return html`
      <form aria-label="Pause the streak" @submit=${onSubmit(() => this.#add())}>
        <div class="columns">
          <div class="field"><label for="pause-from">Pause from</label>
            <input id="pause-from" type="date" required .value=${live(this.#pause.from)} aria-invalid=${Boolean(from)}
              aria-describedby="pause-from-error" @input=${onValue(value => { this.#pause.from = value; })}>
            <p class="field-error" id="pause-from-error">${from}</p></div>
          <div class="field"><label for="pause-to">Pause to</label>
            <input id="pause-to" type="date" required .value=${live(this.#pause.to)} aria-invalid=${Boolean(to)}
              aria-describedby="pause-to-error" @input=${onValue(value => { this.#pause.to = value; })}>
            <p class="field-error" id="pause-to-error">${to}</p></div>
        </div>
        ${this.#failure === undefined ? nothing : formError(this.#failure, ['from', 'to'])}
        <div class="row"><button>${icon('plus')} Add pause</button></div>
      </form>`;
  }

  /** @param {Streak} streak @param {Streak['rest_weekdays'][number]} weekday */
  #toggle({rest_weekdays: present}, weekday) {
    return this.#save({rest_weekdays: WEEKDAYS.filter(one => present.includes(one) !== (one === weekday))});
  }

  /** @param {{streak_day: Streak['streak_day']} | {rest_weekdays: Streak['rest_weekdays']}} body */
  #save(body) {
    return this.#view.act(async () => {
      this.#streak = (await this.#view.app.api.patch('/api/v1/streak', {body})).data;
    });
  }

  async #add() {
    this.#failure = undefined;
    try {
      await this.#view.app.api.post('/api/v1/streak/pauses', {body: this.#pause});
      this.#pause = {from: '', to: ''};
      await this.load();
    } catch (thrown) {
      this.#failure = thrown;
    }
    this.#view.update();
  }

  /** @param {string} id */
  async #end(id) {
    await this.#view.act(async () => {
      await this.#view.app.api.delete('/api/v1/streak/pauses/{id}', {path: {id}});
      await this.load();
    });
    // The button that had the focus is gone.
    document.getElementById('streak')?.focus();
  }
}

/** "Monday" for "monday". @param {string} weekday */
function named(weekday) {
  return `${weekday[0]?.toUpperCase()}${weekday.slice(1)}`;
}
