/** Throws an error with this text unless `condition` holds. */
export function expect(condition, text) {
  if (!condition) throw new Error(text);
}
