import {html} from '../lit-html/lit-html.js';

/** @typedef {{start: number, end: number}} Span positions in code points, the end exclusive */

/** A text with parts of it marked. @param {string} text @param {Span[]} spans in order and apart */
export function marked(text, spans) {
  const points = [...text];
  const part = (/** @type {number} */ start, /** @type {number} */ end) => points.slice(start, end).join('');
  return html`${spans.map(({start, end}, i) =>
    html`${part(spans[i - 1]?.end ?? 0, start)}<mark>${part(start, end)}</mark>`)}${part(spans.at(-1)?.end ?? 0, points.length)}`;
}

/** The position in UTF-16 units, as controls count, of one in code points. @param {string} text @param {number} position */
export function unitsUpTo(text, position) {
  return [...text].slice(0, position).join('').length;
}
