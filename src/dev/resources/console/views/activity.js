import {View} from '../app/view.js';

/** Activity. */
export class ActivityView extends View {
  title = 'Activity';
}
