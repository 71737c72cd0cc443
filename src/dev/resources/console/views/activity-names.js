/**
 * Names of the objects in the log, which contains only ids. They are loaded when an entry needs one that is not known;
 * ids that stay unknown belong to deleted objects.
 */
export class Names {
  #api;
  /** @type {Map<string, string>} empty: looked for and not found */
  #names = new Map();

  /** @param {import('../api/client.js').ApiClient} api */
  constructor(api) {
    this.#api = api;
  }

  /** @param {string} id */
  of(id) {
    return this.#names.get(id) ?? '';
  }

  /** Fetches what is missing. @param {{of?: 'task' | 'achievement', id: string}[]} wanted */
  async load(wanted) {
    const missing = wanted.filter(({id}) => id && !this.#names.has(id));
    await Promise.all([
      missing.some(({of}) => of === 'task') && this.#tasks(),
      missing.some(({of}) => of === 'achievement') && this.#achievements(),
    ]);
    for (const {id} of missing) {
      this.#names.set(id, this.of(id));
    }
  }

  async #tasks() {
    const [tasks, deleted] = await Promise.all([
      this.#api.get('/api/v1/tasks', {query: {sort: 'updated_at', limit: 100}}),
      this.#api.get('/api/v1/recovery/tombstones'),
    ]);
    deleted.data.forEach(({entity_id, preview}) => this.#names.set(entity_id, preview.title));
    tasks.data.forEach(({id, title}) => this.#names.set(id, title));
  }

  async #achievements() {
    const {data} = await this.#api.get('/api/v1/achievements');
    data.forEach(({id, name}) => this.#names.set(id, name));
  }
}
