import {ActivityView} from '../views/activity.js';
import {AssistantView} from '../views/assistant.js';
import {NotesView} from '../views/notes.js';
import {ProView} from '../views/pro.js';
import {SystemView} from '../views/system.js';
import {TodayView} from '../views/today.js';

/**
 * The screens in the order of the navigation; the address of one is `#/` and its id.
 * @type {{id: string, label: string, icon: import('../parts/icons.js').IconName, View: typeof import('./view.js').View}[]}
 */
export const VIEWS = [
  {id: 'today', label: 'Today', icon: 'today', View: TodayView},
  {id: 'notes', label: 'Notes', icon: 'notes', View: NotesView},
  {id: 'assistant', label: 'Assistant', icon: 'assistant', View: AssistantView},
  {id: 'pro', label: 'Pro & credits', icon: 'pro', View: ProView},
  {id: 'activity', label: 'Activity', icon: 'activity', View: ActivityView},
  {id: 'system', label: 'System', icon: 'system', View: SystemView},
];
