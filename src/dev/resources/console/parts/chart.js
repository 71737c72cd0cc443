import {html, nothing, svg} from '../lit-html/lit-html.js';

// Small charts. Their colours are classes of style/pro.css. A chart is one image with a text alternative; the
// screens show its data as a table or as numbers, too.

/**
 * One value; null where there is none, which interrupts the line.
 * @typedef {{x: number, y: number | null}} Point
 */

/**
 * @typedef {object} LineChart
 * @property {string} summary text alternative: what the line shows
 * @property {Point[]} points in the order of x
 * @property {(x: number) => string} xLabel
 * @property {(y: number) => string} [yLabel]
 * @property {boolean} [isStepped] whether a value holds until the next one, as a balance does
 */

/** @typedef {{label: string, value: number}} Bar */

/** Units of the drawing. At this width, a column of a phone shows one unit as about one pixel. */
const WIDTH = 320;
const HEIGHT = 150;
const PLOT = {left: 40, right: WIDTH - 10, top: 10, bottom: HEIGHT - 24};

const shortNumber = new Intl.NumberFormat('en', {notation: 'compact', maximumFractionDigits: 2}).format;

const ROW = 34;
const BARS = {left: 92, right: WIDTH - 48};

/** A line with the area below it. @param {LineChart} chart */
export function lineChart({summary, points, xLabel, yLabel = shortNumber, isStepped = false}) {
  const first = points[0]?.x ?? 0;
  const last = points.at(-1)?.x ?? first;
  const top = niceMaximum(points.map(({y}) => y ?? 0));
  const x = (/** @type {number} */ value) => scale(value, [first, last], [PLOT.left, PLOT.right]);
  const y = (/** @type {number} */ value) => scale(value, [0, top], [PLOT.bottom, PLOT.top]);
  const runs = runsOf(points).map(run => run.map(point => ({x: x(point.x), y: y(point.y)})));
  return html`
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${summary}>
      ${[0, top / 2, top].map(value => svg`
        <line class="grid" x1=${PLOT.left} x2=${PLOT.right} y1=${y(value)} y2=${y(value)}></line>
        <text class="label end" x=${PLOT.left - 6} y=${y(value) + 4}>${yLabel(value)}</text>`)}
      ${runs.map(run => svg`
        <path class="area" d=${`${lineOf(run, isStepped)}V${PLOT.bottom}H${run[0]?.x}Z`}></path>
        <path class="line" d=${lineOf(run, isStepped)}></path>`)}
      ${runs.filter(run => run.length === 1).map(run => svg`
        <circle class="point" cx=${run[0]?.x} cy=${run[0]?.y} r="3"></circle>`)}
      ${points.length > 0 ? svg`
        <text class="label" x=${PLOT.left} y=${HEIGHT - 6}>${xLabel(first)}</text>
        ${xLabel(last) === xLabel(first) ? nothing
          : svg`<text class="label end" x=${PLOT.right} y=${HEIGHT - 6}>${xLabel(last)}</text>`}` : nothing}
    </svg>`;
}

/** Horizontal bars with their values. @param {{summary: string, bars: Bar[]}} chart */
export function barChart({summary, bars}) {
  const top = niceMaximum(bars.map(({value}) => value));
  return html`
    <svg class="chart" viewBox="0 0 ${WIDTH} ${bars.length * ROW}" role="img" aria-label=${summary}>
      ${bars.map(({label, value}, index) => {
        const middle = index * ROW + ROW / 2;
        const end = scale(value, [0, top], [BARS.left, BARS.right]);
        return svg`
          <text class="label end" x=${BARS.left - 8} y=${middle + 4}>${label}</text>
          <line class="grid" x1=${BARS.left} x2=${BARS.left} y1=${middle - ROW / 2} y2=${middle + ROW / 2}></line>
          <rect class="bar" x=${BARS.left} y=${middle - 9} width=${end - BARS.left} height="18" rx="3"></rect>
          <text class="label strong" x=${end + 6} y=${middle + 4}>${value}</text>`;
      })}
    </svg>`;
}

/**
 * The parts of the line between points without a value.
 * @param {Point[]} points
 * @returns {{x: number, y: number}[][]}
 */
function runsOf(points) {
  /** @type {{x: number, y: number}[][]} */
  const runs = [];
  let isOpen = false;
  for (const {x, y} of points) {
    if (y === null) {
      isOpen = false;
    } else if (isOpen) {
      runs.at(-1)?.push({x, y});
    } else {
      runs.push([{x, y}]);
      isOpen = true;
    }
  }
  return runs;
}

/** @param {{x: number, y: number}[]} run @param {boolean} isStepped */
function lineOf(run, isStepped) {
  return run.map(({x, y}, index) => index === 0 ? `M${x} ${y}` : isStepped ? `H${x}V${y}` : `L${x} ${y}`).join('');
}

/**
 * The place of a value on the drawing, to a tenth of a unit.
 * @param {number} value
 * @param {[number, number]} from
 * @param {[number, number]} to
 */
function scale(value, [low, high], [start, end]) {
  const part = high > low ? (value - low) / (high - low) : 0;
  return Math.round((start + part * (end - start)) * 10) / 10;
}

/** A round number that no value exceeds, of which half is round too. @param {number[]} values */
function niceMaximum(values) {
  const highest = Math.max(0, ...values);
  if (highest === 0) {
    return 2;
  }
  const unit = 10 ** Math.floor(Math.log10(highest));
  // Even, so that the label in the middle is a whole number.
  const factors = unit === 1 ? [2, 4, 6, 8] : [1, 2, 3, 4, 5, 6, 8];
  return (factors.find(factor => factor * unit >= highest) ?? 10) * unit;
}
