/**
 * A text from elsewhere as PostgreSQL can keep it: no NUL, which its `text` and `jsonb` refuse, and no half of a
 * surrogate pair, which is no Unicode. @see PostgreSQL manual, sections 8.3 and 8.14
 */
export const storableText = (text: string): string => text.replaceAll('\u0000', ' ').toWellFormed()

/** The same for all texts in a value made of JSON. */
export function storable<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === 'string' ? storableText(part) : part,
  )
}
