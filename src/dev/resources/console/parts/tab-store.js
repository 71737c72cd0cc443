/**
 * Something that a tab remembers of a person until the tab closes or the person signs out. It survives a reload.
 * @template T
 */
export class TabStore {
  #key;
  #isOver = false;

  /**
   * @param {import('../app/app.js').App} app
   * @param {string} name
   */
  constructor(app, name) {
    this.#key = `perpetua-flow.${name}.${app.session.user?.id}`;
    app.session.addEventListener('end', () => {
      this.#isOver = true;
      sessionStorage.removeItem(this.#key);
    }, {once: true});
  }

  /** @returns {T | undefined} */
  read() {
    const text = sessionStorage.getItem(this.#key);
    return text ? JSON.parse(text) : undefined;
  }

  /** @param {T} value */
  write(value) {
    if (!this.#isOver) {
      sessionStorage.setItem(this.#key, JSON.stringify(value));
    }
  }
}
