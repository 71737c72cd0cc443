/**
 * The service's time. In development it can be moved; a client in production uses the browser's. Dispatches `change`
 * when it was moved, in all tabs.
 */
export class ServiceClock extends EventTarget {
  #control;
  #offset = 0;
  #tabs = new BroadcastChannel('perpetua-flow.clock');

  /** @param {import('./control.js').ControlPort} control */
  constructor(control) {
    super();
    this.#control = control;
    this.#tabs.onmessage = () => this.read();
  }

  /** Reads the time. */
  async read() {
    const {now} = await this.#control.get('/clock');
    this.#offset = Date.parse(now) - Date.now();
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Moves the clock. Access tokens expire on the way.
   * @param {{advance: string} | {set: string} | {reset: true}} move
   */
  async move(move) {
    await this.#control.post('/clock', move);
    await this.read();
    this.#tabs.postMessage('moved');
  }

  /** @returns {Date} */
  now() {
    return new Date(Date.now() + this.#offset);
  }
}
