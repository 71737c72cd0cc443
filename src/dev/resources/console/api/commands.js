// Changes as commands of POST /sync: each stands for a request to another operation.

/**
 * @typedef {import('../sdk/index.js').Command & {args: Record<string, unknown>}} Command
 * @typedef {NonNullable<import('../sdk/index.js').CommandResult['error']>} CommandError
 */

/** The operations that may wait: method and path, type, and the name of the path's parameter. @type {[string, Command['type'], string?][]} */
const COMMANDS = [
  ['POST /api/v1/tasks', 'task.create'],
  ['POST /api/v1/tasks/quick', 'task.quick_add'],
  ['PATCH /api/v1/tasks/{id}', 'task.update'],
  ['POST /api/v1/tasks/{id}/force-complete', 'task.force_complete'],
  ['POST /api/v1/tasks/{id}/skip', 'task.skip'],
  ['POST /api/v1/tasks/{id}/postpone', 'task.postpone'],
  ['DELETE /api/v1/tasks/{id}', 'task.delete'],
  ['POST /api/v1/tasks/{id}/subtasks', 'subtask.create', 'task_id'],
  ['PUT /api/v1/tasks/{id}/subtasks/reorder', 'subtask.reorder', 'task_id'],
  ['PATCH /api/v1/subtasks/{id}', 'subtask.update'],
  ['DELETE /api/v1/subtasks/{id}', 'subtask.delete'],
  ['POST /api/v1/reminders', 'reminder.create'],
  ['DELETE /api/v1/reminders/{id}', 'reminder.delete'],
  ['POST /api/v1/notes', 'note.create'],
  ['PATCH /api/v1/notes/{id}', 'note.update'],
  ['DELETE /api/v1/notes/{id}', 'note.delete'],
  ['POST /api/v1/recovery/tombstones/{id}/recover', 'tombstone.recover'],
  ['POST /api/v1/activity/{id}/undo', 'activity.undo'],
];

/** Before the name of what waits to be created; ids of the service are UUIDs. */
export const TEMPORARY = 'new-';

/** Whether it stands for something that the service does not know yet. @param {string} id */
export function isTemporary(id) {
  return id.startsWith(TEMPORARY);
}

/** @param {Command['type']} type */
function isCreation(type) {
  return type.endsWith('.create') || type === 'task.quick_add';
}

/**
 * The command for a request; undefined if there is none.
 * @param {string} method
 * @param {string} path
 * @param {{path?: Record<string, string>, body?: unknown}} options
 * @returns {Omit<Command, 'uuid'> | undefined}
 */
export function commandOf(method, path, {path: values = {}, body}) {
  const found = COMMANDS.find(([operation]) => operation === `${method} ${path}`);
  if (!found) {
    return undefined;
  }
  const [, type, parameter = 'id'] = found;
  const [value] = Object.values(values);
  return {
    type,
    args: {...(value !== undefined && {[parameter]: value}), .../** @type {object | undefined} */ (body)},
    ...(isCreation(type) && {temp_id: TEMPORARY + crypto.randomUUID()}),
  };
}
