import {counted, duration} from '../app/format.js';

/**
 * @typedef {import('../api/schemas.js').Schemas['ActivityEntry']} ActivityEntry
 * @typedef {import('../parts/icons.js').IconName} IconName
 * @typedef {ActivityEntry['metadata']} Metadata
 */

/**
 * The sentence of an action: the words before and after the name of the object.
 * @typedef {object} Words
 * @property {IconName} icon
 * @property {string} label for the filter, and the sentence if nothing is added
 * @property {(metadata: Metadata) => string} [text] the sentence instead of the label
 * @property {'task' | 'achievement'} [of] kind of the thing that is named after the text
 * @property {(metadata: Metadata) => string} [more] after the name
 */

const KINDS = {daily: 'daily', subscription: 'subscription', purchased: 'purchased', kickstart: 'kickstart'};

const ACTION_TYPES = {
  create_task: 'to create a task',
  update_task: 'to change a task',
  complete_task: 'to complete a task',
  create_subtasks: 'to add subtasks',
  convert_note: 'to make a task of a note',
};

const COMPLETED_BY = {auto: ', with its last subtask', force: ', with all of its subtasks'};

/** @param {string} label @param {Words['of']} [of] @returns {Words} */
const undid = (label, of) => ({
  icon: 'undo',
  label,
  of,
  text: ({undone_action}) => {
    const action = String(undone_action);
    return isUndo(action)
      ? label.replace('Undid', 'Undid the undo of')
      : `Undid: ${ACTIONS[action]?.label ?? plain(action)}`;
  },
});

/** @param {Metadata} metadata */
const credits = ({amount, type}) =>
  counted(Math.abs(Number(amount)), `${named(KINDS, type)} credit`.trim());

/** @param {Metadata} metadata */
const used = ({credits_used}) => Number(credits_used) > 0 ? ` (${counted(Number(credits_used), 'credit')})` : '';

/** The actions of the log, in the order of the filter. @type {Record<string, Words>} */
export const ACTIONS = {
  task_created: {icon: 'plus', label: 'Created a task', of: 'task'},
  task_updated: {icon: 'edit', label: 'Changed a task', of: 'task'},
  task_completed: {
    icon: 'check', label: 'Completed a task', of: 'task', more: ({completed_by}) => named(COMPLETED_BY, completed_by),
  },
  task_reopened: {icon: 'undo', label: 'Reopened a task', of: 'task'},
  task_skipped: {icon: 'archive', label: 'Skipped a task', of: 'task'},
  task_deleted: {icon: 'trash', label: 'Deleted a task', of: 'task'},
  task_recovered: {icon: 'undo', label: 'Recovered a task', of: 'task'},
  task_undone: undid('Undid a change of a task', 'task'),
  subtask_created: {icon: 'plus', label: 'Added a subtask to a task', of: 'task'},
  subtask_updated: {icon: 'edit', label: 'Changed a subtask of a task', of: 'task'},
  subtask_completed: {icon: 'check', label: 'Completed a subtask of a task', of: 'task'},
  subtask_deleted: {icon: 'trash', label: 'Deleted a subtask of a task', of: 'task'},
  subtask_reordered: {icon: 'edit', label: 'Reordered the subtasks of a task', of: 'task'},
  subtask_undone: undid('Undid a change of a subtask'),
  reminder_created: {icon: 'bell', label: 'Set a reminder for a task', of: 'task'},
  reminder_updated: {icon: 'bell', label: 'Moved a reminder of a task', of: 'task'},
  reminder_deleted: {icon: 'trash', label: 'Removed a reminder of a task', of: 'task'},
  reminder_undone: undid('Undid a change of a reminder'),
  reminder_fired: {icon: 'bell', label: 'Reminded of a task', of: 'task'},
  reminder_skipped: {
    icon: 'bell', label: 'Did not remind of a task', of: 'task', more: ({reason}) => reason ? ` (${reason})` : '',
  },
  focus_started: {icon: 'play', label: 'Started to focus on a task', of: 'task'},
  focus_ended: {
    icon: 'stop',
    label: 'Ended the focus on a task',
    of: 'task',
    more: ({seconds}) => ` after ${duration(Number(seconds) / 60)}`,
  },
  focus_undone: undid('Undid a change of the focus'),
  template_created: {icon: 'repeat', label: 'Created a recurring task'},
  template_updated: {icon: 'repeat', label: 'Changed a recurring task'},
  template_deleted: {icon: 'trash', label: 'Deleted a recurring task'},
  template_undone: undid('Undid a change of a recurring task'),
  list_created: {icon: 'lists', label: 'Created a list'},
  list_updated: {icon: 'lists', label: 'Changed a list'},
  list_deleted: {icon: 'trash', label: 'Deleted a list'},
  list_recovered: {icon: 'undo', label: 'Recovered a list'},
  list_undone: undid('Undid a change of a list'),
  label_created: {icon: 'lists', label: 'Created a label'},
  label_updated: {icon: 'lists', label: 'Changed a label'},
  label_deleted: {icon: 'trash', label: 'Deleted a label'},
  label_undone: undid('Undid a change of a label'),
  filter_created: {icon: 'filter', label: 'Saved a filter'},
  filter_updated: {icon: 'filter', label: 'Changed a filter'},
  filter_deleted: {icon: 'trash', label: 'Deleted a filter'},
  filter_undone: undid('Undid a change of a filter'),
  note_created: {icon: 'notes', label: 'Wrote a note'},
  note_updated: {icon: 'notes', label: 'Changed a note'},
  note_deleted: {icon: 'trash', label: 'Deleted a note'},
  note_recovered: {icon: 'undo', label: 'Recovered a note'},
  note_undone: undid('Undid a change of a note'),
  note_converted: {icon: 'notes', label: 'Made a note into a task', of: 'task'},
  ai_chat: {icon: 'assistant', label: 'Asked the assistant', more: used},
  ai_subtasks_generated: {
    icon: 'assistant',
    label: 'Asked the assistant for subtasks',
    text: ({count}) => `Got ${counted(Number(count), 'subtask')} suggested for a task`,
    of: 'task',
    more: used,
  },
  ai_note_conversion_suggested: {icon: 'assistant', label: 'Got a task suggested for a note', more: used},
  ai_suggested: {
    icon: 'assistant',
    label: 'The assistant suggested something',
    text: ({action_type}) => `The assistant suggested ${named(ACTION_TYPES, action_type)}`,
  },
  ai_suggestion_confirmed: {
    icon: 'check',
    label: 'Confirmed a suggestion',
    text: ({action_type}) => `Confirmed the suggestion ${named(ACTION_TYPES, action_type)}`,
  },
  ai_undone: undid('Undid a suggestion'),
  ai_transcribed: {icon: 'mic', label: 'Transcribed speech', more: used},
  credits_granted: {icon: 'pro', label: 'Received credits', text: metadata => `Received ${credits(metadata)}`},
  credits_consumed: {icon: 'pro', label: 'Spent credits', text: metadata => `Spent ${credits(metadata)}`},
  credits_expired: {
    icon: 'pro',
    label: 'Credits expired',
    text: metadata => `${credits(metadata)} expired`,
  },
  credits_refunded: {icon: 'pro', label: 'Got credits back', text: metadata => `Got ${credits(metadata)} back`},
  subscription_created: {icon: 'pro', label: 'Pro began'},
  subscription_renewed: {icon: 'pro', label: 'Pro was renewed'},
  subscription_past_due: {icon: 'pro', label: 'A payment for Pro failed'},
  subscription_grace: {icon: 'pro', label: 'All payments for Pro failed; the grace period began'},
  subscription_cancelled: {icon: 'pro', label: 'Cancelled Pro'},
  subscription_expired: {icon: 'pro', label: 'Pro ended'},
  subscription_restored: {icon: 'pro', label: 'Pro is back'},
  payment_duplicated: {icon: 'pro', label: 'A payment arrived twice'},
  payment_refunded: {icon: 'pro', label: 'A payment was refunded'},
  payment_disputed: {icon: 'pro', label: 'A payment was disputed'},
  achievement_unlocked: {icon: 'trophy', label: 'Unlocked an achievement', of: 'achievement'},
  achievement_freeze_used: {icon: 'trophy', label: 'Used a freeze of the streak', more: ({day}) => ` for ${day}`},
  user_registered: {icon: 'user', label: 'Joined Perpetua Flow'},
  user_logged_in: {icon: 'user', label: 'Signed in', more: ({ip}) => ip ? ` from ${ip}` : ''},
  user_logged_out: {icon: 'user', label: 'Signed out'},
  user_session_ended: {icon: 'user', label: 'A session was ended'},
  user_session_revoked: {icon: 'user', label: 'A session was ended because its token was used twice'},
  user_token_created: {icon: 'user', label: 'Created an access token'},
  user_token_revoked: {icon: 'user', label: 'Revoked an access token'},
  user_calendar_feed_created: {icon: 'user', label: 'Created a calendar feed'},
  user_calendar_feed_deleted: {icon: 'user', label: 'Revoked a calendar feed'},
  user_updated: {icon: 'user', label: 'Changed the profile'},
  user_streak_updated: {icon: 'user', label: 'Changed the streak settings'},
  user_data_imported: {icon: 'archive', label: 'Imported a file', more: ({tasks}) => ` with ${tasks} tasks`},
  user_undone: undid('Undid a change of the profile'),
};

/** The text before a name: "Completed a task" becomes "Completed the task". @param {string} text */
export function before(text) {
  return text.replace(/\ban? (task|achievement)$/, 'the $1');
}

/**
 * An entry in plain words: before and after the name, and of what.
 * @param {ActivityEntry} entry
 * @returns {{icon: IconName, text: string, of: Words['of'], id: string, more: string}}
 */
export function worded({action, metadata, entity_id, entity_type}) {
  // Later releases may add actions.
  const words = ACTIONS[action] ?? {icon: 'activity', label: plain(action)};
  const ids = {task: entity_type === 'task' ? entity_id : metadata.task_id, achievement: metadata.achievement_id};
  return {
    icon: words.icon,
    text: words.text?.(metadata) ?? words.label,
    of: words.of,
    id: String((words.of && ids[words.of]) ?? ''),
    more: words.more?.(metadata) ?? '',
  };
}

/** Whether it is the undo of a change, or of an undo. @param {string} action */
export function isUndo(action) {
  return action.endsWith('_undone');
}

/** What the undo of an entry is about: what was done, or what was undone. @param {ActivityEntry} entry */
export function changeWords({action, metadata}) {
  const changed = isUndo(action) ? String(metadata.undone_action) : action;
  return ACTIONS[changed]?.label ?? plain(changed);
}

/** "some_name" as "Some name". @param {unknown} name */
function plain(name) {
  const words = String(name).replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {Record<string, string>} names @param {unknown} key */
function named(names, key) {
  return names[String(key)] ?? '';
}
