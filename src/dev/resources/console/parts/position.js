// Places in an order that people choose: texts of digits to the base of 62, compared as fractions.

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A position after one and before another; after both if there is none between them.
 * @param {string} after empty for the begin
 * @param {string} before empty for the end
 */
export function between(after, before) {
  let result = '';
  let isOpen = before <= after;
  for (let i = 0; ; i++) {
    const low = DIGITS.indexOf(after[i] ?? '0');
    const high = isOpen ? DIGITS.length : DIGITS.indexOf(before[i] ?? '0');
    if (high - low > 1) {
      return result + DIGITS[Math.floor((low + high) / 2)];
    }
    result += DIGITS[low];
    isOpen ||= low < high;
  }
}
