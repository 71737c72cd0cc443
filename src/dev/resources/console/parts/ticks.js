/**
 * The boxes that a person has just ticked or cleared, until the screen has loaded the change: an older answer that
 * arrives meanwhile does not turn them back.
 */
export class Ticks {
  /** By the id of the item. @type {Map<string, boolean>} */
  #wanted = new Map();

  /** Whether an item is shown as ticked. @param {string} id @param {boolean} loaded its state as it was loaded */
  shown(id, loaded) {
    return this.#wanted.get(id) ?? loaded;
  }

  /**
   * @template T
   * @param {string} id
   * @param {boolean} ticked
   * @param {() => Promise<T>} work saves the change and loads the screen
   */
  async during(id, ticked, work) {
    this.#wanted.set(id, ticked);
    try {
      return await work();
    } finally {
      this.#wanted.delete(id);
    }
  }
}
