// Times, numbers and names as people read them.

const LOCALE = 'en';

/** @param {string | Date} at @param {string} timeZone */
export function dateTime(at, timeZone) {
  return new Intl.DateTimeFormat(LOCALE,
      {weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone})
      .format(new Date(at));
}

/** @param {string | Date} at @param {string} timeZone */
export function time(at, timeZone) {
  return new Intl.DateTimeFormat(LOCALE, {hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone})
      .format(new Date(at));
}

/** "Fri, Nov 4" for YYYY-MM-DD. @param {string} value */
export function date(value) {
  return new Intl.DateTimeFormat(LOCALE, {weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC'})
      .format(new Date(value));
}

/** So many days after YYYY-MM-DD. @param {string} value @param {number} days */
export function plusDays(value, days) {
  return new Date(Date.parse(value) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The day as YYYY-MM-DD, to compare days. @param {string | Date} at @param {string} timeZone */
export function day(at, timeZone) {
  return new Intl.DateTimeFormat('en-CA', {year: 'numeric', month: '2-digit', day: '2-digit', timeZone})
      .format(new Date(at));
}

/** "today", "tomorrow", "in 3 days", "5 days ago". @param {string | Date} at @param {Date} now @param {string} timeZone */
export function relativeDay(at, now, timeZone) {
  const days = Math.round((Date.parse(day(at, timeZone)) - Date.parse(day(now, timeZone))) / 86_400_000);
  return new Intl.RelativeTimeFormat(LOCALE, {numeric: 'auto'}).format(days, 'day');
}

/** "just now", "5 minutes ago", "in 2 hours". @param {string | Date} at @param {Date} now */
export function ago(at, now) {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
  const format = new Intl.RelativeTimeFormat(LOCALE, {numeric: 'auto'});
  if (Math.abs(seconds) < 60) {
    return 'just now';
  }
  if (Math.abs(seconds) < 3600) {
    return format.format(Math.round(seconds / 60), 'minute');
  }
  return Math.abs(seconds) < 86_400
    ? format.format(Math.round(seconds / 3600), 'hour')
    : format.format(Math.round(seconds / 86_400), 'day');
}

/** "1:05:09" or "5:09". @param {number} seconds */
export function clock(seconds) {
  const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = (seconds % 3600) / 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${Math.floor(minutes)}:${two(seconds % 60)}`;
}

/** "1 h 20 min". @param {number} minutes */
export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  const rest = Math.round(minutes % 60);
  return [hours > 0 ? `${hours} h` : '', rest > 0 || hours === 0 ? `${rest} min` : ''].filter(Boolean).join(' ');
}

/** "3 tasks", "1 task". @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${new Intl.NumberFormat(LOCALE).format(count)} ${count === 1 ? one : many}`;
}

/** The first line of a text, cut after 60 characters. @param {string} text */
export function shortened(text) {
  const line = text.trim().split('\n')[0] ?? '';
  const characters = [...line];
  return characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : line;
}

/** "GB" for "Grace Brewster". @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ''].map(word => [...(word ?? '')][0] ?? '').join('').toUpperCase();
}

/**
 * The value of an `<input type="datetime-local">` for an instant, in a time zone.
 * @param {string | Date} at
 * @param {string} timeZone
 */
export function localInput(at, timeZone) {
  return `${day(at, timeZone)}T${time(at, timeZone)}`;
}

/**
 * The instant of an `<input type="datetime-local">`, as RFC 3339.
 * @param {string} value
 * @param {string} timeZone
 */
export function instantOf(value, timeZone) {
  // The offset at a local time is found by asking what the clock shows at the same time in UTC, once more near changes.
  let instant = new Date(`${value}Z`);
  for (let i = 0; i < 2; i++) {
    const shown = new Date(`${localInput(instant, timeZone)}Z`);
    instant = new Date(instant.getTime() + new Date(`${value}Z`).getTime() - shown.getTime());
  }
  return instant.toISOString();
}
