/**
 * What of a person's data may have changed.
 * @typedef {'tasks' | 'notes' | 'notifications' | 'credits' | 'subscription' | 'achievements' | 'focus' | 'user'
 *   | 'sessions' | 'feeds' | 'jobs'} Topic
 */

/** What a successful write may change, by the beginning of its path. @type {[string, Topic[]][]} */
const EFFECTS = [
  ['/api/v1/tasks', ['tasks']],
  ['/api/v1/lists', ['tasks']],
  ['/api/v1/labels', ['tasks']],
  ['/api/v1/filters', ['tasks']],
  ['/api/v1/subtasks', ['tasks']],
  ['/api/v1/templates', ['tasks']],
  ['/api/v1/reminders', ['tasks']],
  ['/api/v1/recovery', ['tasks', 'notes']],
  ['/api/v1/notes/{id}/convert', ['credits']],
  ['/api/v1/notes', ['notes']],
  ['/api/v1/focus', ['focus', 'tasks']],
  ['/api/v1/activity', ['tasks', 'notes', 'focus', 'achievements', 'notifications', 'user']],
  ['/api/v1/ai/confirm-action', ['tasks', 'notes', 'achievements', 'notifications']],
  ['/api/v1/ai', ['credits']],
  ['/api/v1/notifications', ['notifications']],
  ['/api/v1/credits', ['credits']],
  ['/api/v1/subscription', ['subscription', 'credits']],
  ['/api/v1/users', ['user']],
  ['/api/v1/sessions', ['sessions']],
  ['/api/v1/calendar-feeds', ['feeds']],
  ['/api/v1/streak', ['achievements']],
];

/** What views load of a person's data. @type {Topic[]} */
export const EVERYTHING = [
  'tasks', 'notes', 'notifications', 'credits', 'subscription', 'achievements', 'focus', 'user', 'sessions', 'feeds',
];

/** What shows an entity, by the type that `GET /events` and `GET /sync` name. @type {Record<string, Topic[]>} */
const SHOWN_BY = {
  task: ['tasks'],
  list: ['tasks'],
  label: ['tasks'],
  filter: ['tasks'],
  template: ['tasks'],
  reminder: ['tasks'],
  note: ['notes'],
  notification: ['notifications'],
  focus: ['focus'],
  achievements: ['achievements'],
  credits: ['credits'],
  subscription: ['subscription'],
  settings: ['user'],
};

/** Everything that entities of these types are shown by; nothing for types of later releases. @param {Iterable<string>} types */
export function topicsOf(types) {
  return [...new Set([...types].flatMap(type => SHOWN_BY[type] ?? []))];
}

/** Tells all views in all tabs of one person what to load again. Dispatches `change` with the topics as detail. */
export class Changes extends EventTarget {
  #tabs;

  /** @param {string} userId */
  constructor(userId) {
    super();
    this.#tabs = new BroadcastChannel(`perpetua-flow.changes.${userId}`);
    this.#tabs.onmessage = ({data}) => this.#dispatch(data);
  }

  /** A write has succeeded. @param {string} path */
  wrote(path) {
    this.announce(EFFECTS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? []);
  }

  /** @param {Topic[]} topics */
  announce(topics) {
    this.#dispatch(topics);
    this.#tabs.postMessage(topics);
  }

  close() {
    this.#tabs.close();
  }

  /** @param {Topic[]} topics */
  #dispatch(topics) {
    this.dispatchEvent(new CustomEvent('change', {detail: topics}));
  }
}
