import {date, dateTime, day, relativeDay, time} from '../app/format.js';

/** @typedef {import('../api/schemas.js').Task} Task */

/**
 * Tasks that belong together on the screen.
 * @typedef {object} Group
 * @property {string} id
 * @property {string} title
 * @property {Task[]} tasks
 */

const DAY_MS = 86_400_000;

/**
 * Open tasks by when they are due, in the order in which a day deals with them. Empty groups are left out.
 * @param {Task[]} tasks
 * @param {Date} now
 * @param {string} timeZone
 * @returns {Group[]}
 */
export function groupsOf(tasks, now, timeZone) {
  const today = day(now, timeZone);
  /** @type {Group[]} */
  const groups = [
    {id: 'overdue', title: 'Overdue', tasks: []},
    {id: 'today', title: 'Today', tasks: []},
    {id: 'next', title: 'Next days', tasks: []},
    {id: 'undated', title: 'Without date', tasks: []},
  ];
  for (const task of tasks) {
    const due = task.due_on ?? (task.due_date && day(task.due_date, timeZone));
    const id = !due ? 'undated'
      : isOverdue(task, now, timeZone) ? 'overdue'
        : due === today ? 'today' : 'next';
    groups.find(group => group.id === id)?.tasks.push(task);
  }
  return groups.filter(group => group.tasks.length > 0);
}

/** Whether its time has passed, or its day has ended. @param {Task} task @param {Date} now @param {string} timeZone */
export function isOverdue({due_date, due_on}, now, timeZone) {
  return due_on ? due_on < day(now, timeZone) : Boolean(due_date) && new Date(due_date ?? 0) < now;
}

/**
 * "today", "Friday", "2 days ago", or the date if it is further away than a week.
 * @param {string} value YYYY-MM-DD
 * @param {Date} now
 * @param {string} timeZone
 */
export function dayWords(value, now, timeZone) {
  const days = (Date.parse(value) - Date.parse(day(now, timeZone))) / DAY_MS;
  return Math.abs(days) > 6 ? date(value)
    : days > 1 ? new Intl.DateTimeFormat('en', {weekday: 'long', timeZone: 'UTC'}).format(new Date(value))
      : new Intl.RelativeTimeFormat('en', {numeric: 'auto'}).format(days, 'day');
}

/** "Tuesday, November 4". @param {Date} at @param {string} timeZone */
export function longDay(at, timeZone) {
  return new Intl.DateTimeFormat('en', {weekday: 'long', day: 'numeric', month: 'long', timeZone}).format(at);
}

/**
 * "today, 17:00", "Friday, 09:00", "2 days ago, 08:00", or the date if it is further away than a week.
 * @param {string} at
 * @param {Date} now
 * @param {string} timeZone
 */
export function dueWords(at, now, timeZone) {
  const days = Math.round((Date.parse(day(at, timeZone)) - Date.parse(day(now, timeZone))) / DAY_MS);
  if (Math.abs(days) > 6) {
    return dateTime(at, timeZone);
  }
  const name = days > 1
    ? new Intl.DateTimeFormat('en', {weekday: 'long', timeZone}).format(new Date(at))
    : relativeDay(at, now, timeZone);
  return `${name}, ${time(at, timeZone)}`;
}
