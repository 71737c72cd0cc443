/**
 * Renders, and gives the focus a place if its element has moved or gone: the same control of the same row, otherwise
 * the row that took its place, otherwise the heading. Without this, a keyboard would start again at the top of
 * the page.
 * Rows have `data-row`, their controls `data-control`.
 * @param {HTMLElement} root
 * @param {() => void} render
 */
export function keepFocus(root, render) {
  const active = document.activeElement;
  const found = active && root.contains(active) ? active.closest('[data-row]') : null;
  const row = found instanceof HTMLElement ? found : undefined;
  const index = row ? rowsIn(root).indexOf(row) : -1;
  render();
  if (!(active instanceof HTMLElement) || !row) {
    return;
  }
  const isKept = document.activeElement === active && !active.matches(':disabled');
  if (isKept || (document.activeElement !== document.body && document.activeElement !== active)) {
    return;
  }
  const rows = rowsIn(root);
  const same = rows.find(({dataset}) => dataset.row === row.dataset.row);
  const target = controlIn(same, active.dataset.control) ?? controlIn(rows[Math.min(index, rows.length - 1)], undefined)
    ?? root.querySelector('h1');
  target?.focus();
}

/** @param {HTMLElement} root @returns {HTMLElement[]} */
function rowsIn(root) {
  return [...root.querySelectorAll('[data-row]')].filter(row => row instanceof HTMLElement);
}

/** @param {HTMLElement | undefined} row @param {string | undefined} name @returns {HTMLElement | null} */
function controlIn(row, name) {
  const named = name ? row?.querySelector(`[data-control="${name}"]:not(:disabled)`) : undefined;
  return /** @type {HTMLElement | null} */ (named ?? row?.querySelector('[data-control]:not(:disabled)') ?? null);
}
