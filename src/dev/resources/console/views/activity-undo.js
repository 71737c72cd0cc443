import {changeWords, isUndo} from './activity-words.js';

/** @typedef {import('../api/schemas.js').Schemas['ActivityEntry']} ActivityEntry */

/** What was undone and repeated, as far as the loaded entries tell. */
export class UndoHistory {
  /** @type {Map<string, ActivityEntry>} */
  #entries;
  /** The numbers of the changes that are not in effect. @type {Set<number>} */
  #undone = new Set();

  /** @param {ActivityEntry[]} entries newest first */
  constructor(entries) {
    this.#entries = new Map(entries.map(entry => [entry.id, entry]));
    // The newest decide about older ones: an undo that was undone itself leaves its change in effect.
    for (const entry of entries) {
      const change = this.#target(entry)?.change_id;
      if (typeof change === 'number' && !this.isUndone(entry)) {
        this.#undone.add(change);
      }
    }
  }

  /** Whether the change of an entry was undone, and not repeated. @param {ActivityEntry} entry */
  isUndone({change_id}) {
    return change_id !== null && this.#undone.has(change_id);
  }

  /** Whether the undo of an entry repeats a change. @param {ActivityEntry} entry @returns {boolean} */
  isRedo(entry) {
    const target = this.#target(entry);
    return isUndo(entry.action) && !(target ? this.isRedo(target) : isUndo(String(entry.metadata.undone_action)));
  }

  /** What was done at first, for the undo of an entry. @param {ActivityEntry} entry @returns {string} */
  wordsOf(entry) {
    const target = this.#target(entry);
    return target ? this.wordsOf(target) : changeWords(entry);
  }

  /** What an entry has undone, if it has. @param {ActivityEntry} entry */
  #target({metadata}) {
    return this.#entries.get(String(metadata.undone_id));
  }
}
