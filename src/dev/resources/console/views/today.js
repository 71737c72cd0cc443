import {View} from '../app/view.js';

/** Today. */
export class TodayView extends View {
  title = 'Today';
}
