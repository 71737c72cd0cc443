import {View} from '../app/view.js';

/** Notes. */
export class NotesView extends View {
  title = 'Notes';
}
