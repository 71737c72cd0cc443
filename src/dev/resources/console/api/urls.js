/**
 * The path with values in the place of the names in braces.
 * @param {string} path
 * @param {object} values
 */
export function filled(path, values) {
  return path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(Reflect.get(values, name)));
}

/**
 * The query of a URL, with its question mark; empty if there is none.
 * @param {object} values those that are undefined or empty are left out; but an empty cursor asks for the first page
 */
export function queryOf(values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && (value !== '' || name === 'cursor')) {
      query.set(name, String(value));
    }
  }
  return query.size > 0 ? `?${query}` : '';
}
