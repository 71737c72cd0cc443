import {html, nothing} from '../lit-html/lit-html.js';
import {icon} from './icons.js';

// Lists with the changes of the outbox applied, as the person wants them to be.

/**
 * @typedef {import('../api/outbox.js').Outbox} Outbox
 * @typedef {import('../api/outbox.js').Entry} Entry
 * @typedef {import('../api/schemas.js').Task} Task
 * @typedef {import('../api/schemas.js').TaskDetail} TaskDetail
 * @typedef {import('../api/schemas.js').Note} Note
 * @typedef {import('../api/schemas.js').Schemas['Subtask']} Subtask
 * @typedef {import('../api/schemas.js').Schemas['Reminder']} Reminder
 */

/** The changes of an entity that wait. @param {Outbox} outbox @param {string} id */
function changesOf(outbox, id) {
  return outbox.waiting.filter(({command: {args, temp_id}}) => args.id === id || args.task_id === id || temp_id === id);
}

/** Whether an entity will be deleted. @param {Outbox} outbox @param {string} id */
export function isDeleting(outbox, id) {
  return changesOf(outbox, id).some(({command: {type, args}}) => type.endsWith('.delete') && args.id === id);
}

/**
 * Says that changes of an entity wait; nothing if none do.
 * @param {Outbox} outbox
 * @param {string} id
 */
export function waitingMark(outbox, id) {
  if (changesOf(outbox, id).length > 0) {
    return html`<span class="tag warm">${icon('clock')} ${isDeleting(outbox, id) ? 'Deletion waits' : 'Waits to be sent'}</span>`;
  }
  return outbox.refused.some(({command: {args}}) => args.id === id)
    ? html`<span class="tag bad">Change refused</span>` : nothing;
}

/** @template {{id: string}} T @param {T} item @param {Outbox} outbox @param {string} kind @returns {T} */
function updated(item, outbox, kind) {
  return changesOf(outbox, item.id)
      .filter(({command: {type, args}}) => args.id === item.id && type.startsWith(`${kind}.`))
      .reduce((result, {command: {type, args: {version, ...args}}}) => ({
        ...result,
        // A task is due at a time or on a day.
        ...(type === 'task.postpone' && {due_date: null, due_on: null}),
        ...args,
        ...(type === 'task.force_complete' && {completed: true}),
        ...(type === 'task.skip' && {archived: true}),
      }), item);
}

/** The changes that create something. @param {Outbox} outbox @param {string} type */
function creations(outbox, type) {
  return outbox.waiting.filter(({command}) => command.type === type);
}

/** @param {Entry} entry */
function base({key, command}) {
  const at = new Date(Number(key.split('.').at(-1)?.split('-')[0])).toISOString();
  return {id: command.temp_id ?? '', user_id: '', version: 1, created_at: at, updated_at: at};
}

/** @param {Task[]} tasks that are open @param {Outbox} outbox @returns {Task[]} */
export function withWaitingTasks(tasks, outbox) {
  const added = [...creations(outbox, 'task.create'), ...creations(outbox, 'task.quick_add')];
  return [...tasks, ...added.map(newTask)].map(task => {
    const subtasks = creations(outbox, 'subtask.create').filter(({command}) => command.args.task_id === task.id).length;
    return {...updated(task, outbox, 'task'), subtask_count: task.subtask_count + subtasks};
  });
}

/** @param {Entry} entry @returns {Task} */
function newTask(entry) {
  return {
    description: '', priority: 'medium', due_date: null, due_on: null, start_on: null, estimated_duration: null, title: '',
    list_id: null, label_ids: [], position: '',
    ...(typeof entry.command.args.text === 'string' && {title: entry.command.args.text}),
    ...entry.command.args,
    ...base(entry),
    template_id: null, focus_time_seconds: 0, completed: false, completed_at: null, completed_by: null, hidden: false,
    archived: false, subtask_count: 0, subtask_completed_count: 0,
  };
}

/** @param {TaskDetail} task @param {Outbox} outbox @returns {TaskDetail} */
export function withWaitingParts(task, outbox) {
  const subtasks = [
    ...task.subtasks,
    ...creations(outbox, 'subtask.create').filter(({command}) => command.args.task_id === task.id).map(newSubtask),
  ].map(subtask => updated(subtask, outbox, 'subtask'));
  const order = outbox.waiting.findLast(({command: {type, args}}) => type === 'subtask.reorder' && args.task_id === task.id)
      ?.command.args.subtask_ids;
  if (Array.isArray(order)) {
    const place = (/** @type {Subtask} */ {id}) => order.includes(id) ? order.indexOf(id) : order.length;
    subtasks.sort((one, other) => place(one) - place(other));
  }
  const added = creations(outbox, 'reminder.create').filter(({command}) => command.args.task_id === task.id);
  return {...task, subtasks, reminders: [...task.reminders, ...added.map(newReminder)]};
}

/** @param {Entry} entry @returns {Subtask} */
function newSubtask(entry) {
  return {
    title: '', task_id: '',
    ...entry.command.args,
    ...base(entry),
    completed: false, completed_at: null, order_index: Number.MAX_SAFE_INTEGER, source: 'user',
  };
}

/** @param {Entry} entry @returns {Reminder} */
function newReminder(entry) {
  return {
    type: 'before', task_id: '', offset_minutes: null, scheduled_at: null, method: 'in_app',
    ...entry.command.args,
    ...base(entry),
    fired: false, fired_at: null,
  };
}

/** @param {Note[]} notes the newest first @param {Outbox} outbox @returns {Note[]} */
export function withWaitingNotes(notes, outbox) {
  return [...creations(outbox, 'note.create').map(newNote).reverse(), ...notes].map(note => updated(note, outbox, 'note'));
}

/** @param {Entry} entry @returns {Note} */
function newNote(entry) {
  return {
    content: '',
    ...entry.command.args,
    ...base(entry),
    archived: false, voice_url: null, voice_duration_seconds: null, transcription_status: null,
  };
}
