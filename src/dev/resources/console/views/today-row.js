import {html, nothing} from '../lit-html/lit-html.js';
import {live} from '../lit-html/directives/live.js';
import {date, dateTime, day, duration} from '../app/format.js';
import {dot, icon} from '../parts/icons.js';
import {isTemporary} from '../api/commands.js';
import {dayWords, dueWords, isOverdue} from './today-groups.js';

/** @typedef {import('../api/schemas.js').Task} Task */

const PRIORITIES = {high: 'High priority', medium: 'Medium priority', low: 'Low priority'};

/**
 * What a row shows besides its task.
 * @typedef {object} RowContext
 * @property {Date} now
 * @property {string} timeZone
 * @property {import('../api/schemas.js').Schemas['Label'][]} labels of the person
 * @property {boolean} isCompleted as the person wants it; the service may not know yet
 * @property {unknown} mark template that says whether changes wait
 * @property {boolean} isDeleting whether its deletion waits
 * @property {boolean} isFocused whether the focus clock runs on the task
 * @property {unknown} subtasks template of the subtasks; undefined while they are not shown
 * @property {RowActions} actions
 */

/**
 * @typedef {object} RowActions
 * @property {(task: Task, completed: boolean) => void} complete
 * @property {(task: Task) => void} edit
 * @property {(task: Task) => void} expand
 * @property {(task: Task) => void} startFocus
 * @property {() => void} stopFocus
 * @property {(task: Task) => void} remove
 * @property {(task: Task) => void} keep withdraws a deletion that waits
 * @property {(task: Task, change: {hidden: false} | {archived: false}) => void} bringBack
 */

/** A task in a list. @param {Task} task @param {RowContext} context */
export function taskRow(task, context) {
  const {actions, isCompleted} = context;
  const isOpen = !isCompleted && !task.archived && !isTemporary(task.id);
  return html`
    <li class="task ${isCompleted ? 'completed' : ''}" data-row=${task.id}>
      <input type="checkbox" data-control="done" aria-label=${`Done: ${task.title}`} .checked=${live(isCompleted)}
        ?disabled=${task.archived || context.isDeleting}
        @change=${(/** @type {Event} */ event) =>
          actions.complete(task, /** @type {HTMLInputElement} */ (event.target).checked)}>
      <div class="about">
        <button class="title" data-control="edit" aria-haspopup="dialog"
          @click=${() => actions.edit(task)}>${task.title}</button>
        <div class="task-facts">${facts(task, context)}</div>
      </div>
      ${context.isDeleting ? html`<div class="tools">
        ${tool('Keep', 'undo', task, () => actions.keep(task))}</div>` : html`<div class="tools">
        ${task.hidden ? tool('Show again', 'undo', task, () => actions.bringBack(task, {hidden: false})) : nothing}
        ${task.archived
          ? tool('Unarchive', 'archive', task, () => actions.bringBack(task, {archived: false})) : nothing}
        ${context.isFocused ? tool('Stop focus on', 'stop', task, () => actions.stopFocus())
          : isOpen ? tool('Start focus on', 'play', task, () => actions.startFocus(task)) : nothing}
        ${tool('Delete', 'trash', task, () => actions.remove(task))}
      </div>`}
      ${context.subtasks === undefined ? nothing
        : html`<div class="subtasks" id=${`subtasks-${task.id}`}>${context.subtasks}</div>`}
    </li>`;
}

/**
 * @param {string} label
 * @param {import('../parts/icons.js').IconName} name
 * @param {Task} task
 * @param {() => void} run
 */
function tool(label, name, task, run) {
  return html`<button class="quiet" data-control=${name} title=${label} aria-label=${`${label} ${task.title}`}
    @click=${run}>${icon(name)}</button>`;
}

/** @param {Task} task @param {RowContext} context */
function facts(task, context) {
  const {now, timeZone} = context;
  const isLate = !task.completed && isOverdue(task, now, timeZone);
  return html`
    ${context.mark}
    ${task.completed && task.completed_at ? html`<span>Completed ${dueWords(task.completed_at, now, timeZone)}</span>`
      : task.due_on || task.due_date
        ? html`<span class=${isLate ? 'overdue' : ''}
            title=${task.due_on ? date(task.due_on) : dateTime(task.due_date ?? '', timeZone)}>
            ${isLate ? 'Overdue since' : 'Due'} ${task.due_on ? dayWords(task.due_on, now, timeZone)
              : dueWords(task.due_date ?? '', now, timeZone)}</span>`
        : nothing}
    ${task.start_on && !task.completed && task.start_on > day(now, timeZone)
      ? html`<span>Starts ${dayWords(task.start_on, now, timeZone)}</span>` : nothing}
    <span class=${task.priority === 'high' && !task.completed ? 'high' : ''}>${PRIORITIES[task.priority]}</span>
    ${task.estimated_duration === null ? nothing : html`<span>${duration(task.estimated_duration)} planned</span>`}
    ${task.focus_time_seconds === 0 ? nothing : html`<span>${spent(task.focus_time_seconds)} in focus</span>`}
    ${context.labels.filter(({id}) => task.label_ids?.includes(id)).map(({name, colour}) => html`<span class="tag">${dot(colour)} ${name}</span>`)}
    ${task.template_id ? html`<span>${icon('repeat')} Repeats</span>` : nothing}
    <button class="link" data-control="subtasks" aria-expanded=${context.subtasks !== undefined}
      aria-controls=${context.subtasks === undefined ? nothing : `subtasks-${task.id}`}
      aria-label=${`${subtaskCount(task)}, ${task.title}`}
      @click=${() => context.actions.expand(task)}>
      ${subtaskCount(task)}${icon(context.subtasks === undefined ? 'down' : 'up')}</button>`;
}

/** @param {Task} task */
function subtaskCount({subtask_count: count, subtask_completed_count: completed}) {
  return count === 0 ? 'Subtasks' : `${completed} of ${count} subtasks`;
}

/** @param {number} seconds */
export function spent(seconds) {
  return seconds < 60 ? `${seconds} s` : duration(seconds / 60);
}
