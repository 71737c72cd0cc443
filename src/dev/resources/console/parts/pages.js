/** @template T @typedef {{data: T[], pagination: {has_more: boolean, next_cursor?: string | null}}} Page */

/**
 * A list that is loaded page by page, newest first, to which items are only ever added: the ledger, the activity log.
 * @template {{id: string}} T
 */
export class Pages {
  /** @type {T[]} */
  items = [];
  hasMore = false;
  #fetch;
  /** @type {string | null | undefined} */
  #next = '';
  #question = 0;

  /** @param {(cursor: string) => Promise<Page<T>>} fetch fetches one page; the cursor of the first is empty */
  constructor(fetch) {
    this.#fetch = fetch;
  }

  /** Loads what has been added. Older pages stay, unless more than a page has been added. */
  async refresh() {
    await this.#load('', ({data, pagination}) => {
      const known = this.items[0] ? data.findIndex(({id}) => id === this.items[0]?.id) : -1;
      if (known >= 0) {
        this.items = [...data.slice(0, known), ...this.items];
      } else {
        this.items = data;
        this.#ends(pagination);
      }
    });
  }

  /** Loads the next older page. */
  async more() {
    await this.#load(this.#next ?? '', ({data, pagination}) => {
      this.items = [...this.items, ...data];
      this.#ends(pagination);
    });
  }

  /** Forgets all, because the next page will answer another question. */
  clear() {
    this.items = [];
    this.hasMore = false;
    this.#question++;
  }

  /** @param {string} cursor @param {(page: Page<T>) => void} use */
  async #load(cursor, use) {
    const question = this.#question;
    const page = await this.#fetch(cursor);
    // The answer to an earlier question may arrive late.
    if (question === this.#question) {
      use(page);
    }
  }

  /** @param {Page<T>['pagination']} pagination */
  #ends({has_more, next_cursor}) {
    this.hasMore = has_more;
    this.#next = next_cursor;
  }
}
