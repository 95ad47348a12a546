/** The value, which the surrounding code guarantees; a missing one is our own mistake and stops loudly. */
export function must<T>(value: T | null | undefined, what = 'a value'): T {
  if (value === null || value === undefined) throw new TypeError(`${what} is missing where it cannot be`)
  return value
}
