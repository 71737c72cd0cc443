import {View} from '../app/view.js';

/** Pro. */
export class ProView extends View {
  title = 'Pro';
}
