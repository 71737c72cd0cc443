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

  /** @param {string} path as in the contract @param {string} request @param {unknown} answer */
  keep(path, request, answer) {
    if (KEPT.has(path) && !this.#isOver) {
      try {
        sessionStorage.setItem(this.#prefix + request, JSON.stringify(answer));
      } catch {
        // There is no more room; what is shown without a connection is older then.
      }
    }
  }

  /** The last answer; undefined if there is none. @param {string} path @param {string} request @returns {any} */
  of(path, request) {
    const text = KEPT.has(path) ? sessionStorage.getItem(this.#prefix + request) : null;
    return text === null ? undefined : JSON.parse(text);
  }
}
