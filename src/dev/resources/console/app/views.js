import {ActivityView} from '../views/activity.js';
import {AgendaView} from '../views/agenda.js';
import {AssistantView} from '../views/assistant.js';
import {FiltersView} from '../views/filters.js';
import {ListsView} from '../views/lists.js';
import {NotesView} from '../views/notes.js';
import {ProView} from '../views/pro.js';
import {ProfileView} from '../views/profile.js';
import {SearchView} from '../views/search.js';
import {SystemView} from '../views/system.js';
import {TodayView} from '../views/today.js';

/**
 * One screen; its address is `#/` and its id.
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} label
 * @property {import('../parts/icons.js').IconName} icon
 * @property {typeof import('./view.js').View} View
 * @property {boolean} [isSecondary] whether a narrow navigation has it in its menu
 * @property {boolean} [isInMenu] whether the menu of the account leads to it, not the navigation
 */

/** The screens in the order of the navigation. @type {Entry[]} */
export const VIEWS = [
  {id: 'today', label: 'Today', icon: 'today', View: TodayView},
  {id: 'agenda', label: 'Agenda', icon: 'agenda', View: AgendaView},
  {id: 'lists', label: 'Lists', icon: 'lists', View: ListsView},
  {id: 'filters', label: 'Filters', icon: 'filter', View: FiltersView, isSecondary: true},
  {id: 'search', label: 'Search', icon: 'search', View: SearchView},
  {id: 'notes', label: 'Notes', icon: 'notes', View: NotesView},
  {id: 'assistant', label: 'Assistant', icon: 'assistant', View: AssistantView, isSecondary: true},
  {id: 'pro', label: 'Pro & credits', icon: 'pro', View: ProView, isSecondary: true},
  {id: 'activity', label: 'Activity', icon: 'activity', View: ActivityView, isSecondary: true},
  {id: 'system', label: 'System', icon: 'system', View: SystemView, isSecondary: true},
  {id: 'profile', label: 'Profile', icon: 'user', View: ProfileView, isInMenu: true},
];
