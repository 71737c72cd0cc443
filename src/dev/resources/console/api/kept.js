/** What the screens for tasks and notes are made of. */
const KEPT = new Set([
  '/api/v1/users/me', '/api/v1/credits/balance', '/api/v1/tasks', '/api/v1/tasks/{id}', '/api/v1/notes',
  '/api/v1/achievements/me', '/api/v1/focus/active',
]);

/** The last answers to reads, which a tab shows while the service cannot be reached, also after a reload. */
export class KeptAnswers {
  #prefix;
  #isOver = false;

  /** @param {import('./session.js').Session} session */
  constructor(session) {
    this.#prefix = `perpetua-flow.kept.${session.user?.id}.`;
    session.addEventListener('end', () => {
      this.#isOver = true;
      Object.keys(sessionStorage)
          .filter(key => key.startsWith(this.#prefix))
          .forEach(key => sessionStorage.removeItem(key));
    }, {once: true});
  }

  /** @param {string} path as in the contract @param {string} url @param {string} text */
  keep(path, url, text) {
    if (KEPT.has(path) && !this.#isOver) {
      try {
        sessionStorage.setItem(this.#prefix + url, text);
      } catch {
        // There is no more room; what is shown without a connection is older then.
      }
    }
  }

  /** The last answer; undefined if there is none. @param {string} path @param {string} url */
  of(path, url) {
    return KEPT.has(path) ? sessionStorage.getItem(this.#prefix + url) ?? undefined : undefined;
  }
}
