/**
 * The service's time. In development it can be moved; a client in production uses the browser's. Dispatches `change`
 * when it was moved, in all tabs; the detail is when, by the browser's clock, in milliseconds.
 */
export class ServiceClock extends EventTarget {
  #control;
  #offset = 0;
  #tabs = new BroadcastChannel('perpetua-flow.clock');

  /** @param {import('./control.js').ControlPort} control */
  constructor(control) {
    super();
    this.#control = control;
    this.#tabs.onmessage = ({data}) => this.read(data);
  }

  /** Reads the time. @param {number} [movedAt] when it was moved */
  async read(movedAt = 0) {
    const {now} = await this.#control.get('/clock');
    this.#offset = Date.parse(now) - Date.now();
    this.dispatchEvent(new CustomEvent('change', {detail: movedAt}));
  }

  /**
   * Moves the clock. Tokens may expire on the way.
   * @param {{advance: string} | {set: string} | {reset: true}} move
   */
  async move(move) {
    await this.#control.post('/clock', move);
    const movedAt = Date.now();
    await this.read(movedAt);
    this.#tabs.postMessage(movedAt);
  }

  /** @returns {Date} */
  now() {
    return new Date(Date.now() + this.#offset);
  }
}
