import {View} from '../app/view.js';

/** Assistant. */
export class AssistantView extends View {
  title = 'Assistant';
}
