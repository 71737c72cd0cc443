/** @typedef {import('./schemas.js').Schemas['Device']} Device */

const KEY = 'perpetua-flow.device';

/** @type {[RegExp, string][]} */
const BROWSERS = [
  [/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari'],
];

/** @type {[RegExp, string][]} */
const PLATFORMS = [
  [/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Mac OS X/, 'macOS'], [/Windows/, 'Windows'], [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

/**
 * This browser, for the list of sessions. Its id stays the same as long as its storage is not cleared, so that signing
 * in again replaces the session of this browser and ends no other.
 * @returns {Device}
 */
export function thisDevice() {
  let id = localStorage.getItem(KEY);
  if (!id) {
    id = crypto.randomUUID();
    localStorage.setItem(KEY, id);
  }
  return {id, name: deviceName(navigator.userAgent)};
}

/** "Firefox on Linux". @param {string} userAgent */
function deviceName(userAgent) {
  const named = (/** @type {[RegExp, string][]} */ names, /** @type {string} */ other) =>
    names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? other;
  return `${named(BROWSERS, 'Browser')} on ${named(PLATFORMS, 'an unknown system')}`;
}
