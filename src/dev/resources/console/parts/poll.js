/**
 * Repeats work while the page is visible, one at a time, until the signal aborts; at once when the page becomes
 * visible again.
 * @param {number} milliseconds
 * @param {() => Promise<unknown>} work
 * @param {AbortSignal} signal
 */
export function poll(milliseconds, work, signal) {
  if (signal.aborted) {
    return;
  }
  let isRunning = false;
  const run = async () => {
    if (!document.hidden && !isRunning) {
      isRunning = true;
      try {
        await work();
      } finally {
        isRunning = false;
      }
    }
  };
  const timer = setInterval(run, milliseconds);
  signal.addEventListener('abort', () => clearInterval(timer), {once: true});
  document.addEventListener('visibilitychange', run, {signal});
}
