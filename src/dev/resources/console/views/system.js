import {View} from '../app/view.js';

/** System. */
export class SystemView extends View {
  title = 'System';
}
