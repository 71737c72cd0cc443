import {html, nothing} from '../lit-html/lit-html.js';
import {counted, dateTime} from '../app/format.js';
import {icon} from '../parts/icons.js';
import {LiveDialog} from '../parts/live-dialog.js';

/** @typedef {import('../api/schemas.js').Schemas['OwnAchievements']} OwnAchievements */
/** @typedef {import('../api/schemas.js').Schemas['Achievement']} Achievement */

/** What an achievement is good for. @type {Record<Achievement['perk_type'], string>} */
const PERKS = {max_tasks: 'open tasks', max_notes: 'notes', daily_credits: 'credits a day'};

/** All achievements with the progress towards them. */
export class AchievementsDialog extends LiveDialog {
  /** @type {import('../api/changes.js').Topic[]} */
  topics = ['achievements'];
  /** @type {Achievement[]} */
  #catalogue = [];
  /** @type {OwnAchievements} */
  #own;

  /** @param {import('../app/app.js').App} app @param {OwnAchievements} own as the screen has it */
  constructor(app, own) {
    super(app, 'Achievements');
    this.#own = own;
  }

  async load() {
    const {api} = this.app;
    if (this.#catalogue.length === 0) {
      this.#catalogue = (await api.get('/api/v1/achievements')).data;
    } else {
      this.#own = (await api.get('/api/v1/achievements/me')).data;
    }
  }

  template() {
    const {stats, effective_limits: limits, freezes} = this.#own;
    return html`
      <dl class="achievement-figures">
        ${figure('Completed tasks', stats.lifetime_tasks_completed)}
        ${figure('Current streak', counted(stats.current_streak, 'day'))}
        ${figure('Longest streak', counted(stats.longest_streak, 'day'))}
        ${figure('Completed in focus', stats.focus_completions)}
        ${figure('Notes converted', stats.notes_converted)}
      </dl>
      <p class="faint">Your limits: ${counted(limits.max_tasks, 'open task')}, ${counted(limits.max_notes, 'note')},
        ${counted(limits.daily_ai_credits, 'credit')} a day. The <a href="#/profile">profile</a> has the settings of the streak: rest,
        pauses, and ${counted(freezes?.available ?? 0, 'freeze')} for missed days.</p>
      <ul class="plain task-lines" tabindex="0" aria-label="All achievements">
        ${this.#catalogue.map(achievement => this.#row(achievement))}</ul>`;
  }

  /** @param {Achievement} achievement */
  #row({id, name, description, threshold, perk_type, perk_value}) {
    const unlocked = this.#own.unlocked.find(one => one.id === id);
    const current = Math.min(this.#own.progress.find(one => one.id === id)?.current ?? 0, threshold);
    return html`
      <li class="achievement">
        <p><strong>${name}</strong>
          ${unlocked ? html`<span class="tag accent">${icon('trophy')} Unlocked</span>` : nothing}<br>
          <span class="faint">${description} · +${perk_value} ${PERKS[perk_type]}</span></p>
        ${unlocked ? html`<p class="faint">${dateTime(unlocked.unlocked_at, this.app.timeZone)}</p>` : html`
          <p class="achievement-progress">
            <progress aria-label=${`Progress: ${name}`} max=${threshold} .value=${current}></progress>
            <span class="faint number">${current} of ${threshold}</span></p>`}
      </li>`;
  }
}

/** @param {string} name @param {unknown} value */
function figure(name, value) {
  return html`<div><dt>${name}</dt><dd class="number">${value}</dd></div>`;
}
