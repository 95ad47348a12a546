import type { Value } from './named-values.ts'
import { hashRow } from './seeded-hash.ts'

/** The generated file of an attachment: a note of a few hundred bytes. */
function contentOf(salt: number, index: number): Buffer {
  const lines = 3 + (hashRow(salt, index) % 20)
  return Buffer.from(
    Array.from({ length: lines }, (_, at) => `Bijlage ${index + 1}, regel ${at + 1} — gecontroleerd\n`).join(
      '',
    ),
  )
}

/** What a generated attachment says of its file; null for all other properties. */
export function attachmentValue(
  name: string,
  salt: number,
): ((division: number, index: number) => Value) | null {
  switch (name) {
    case 'Attachment':
      return (division, index) => contentOf(salt + division, index).toString('base64')
    case 'FileName':
      return (_, index) => `bijlage-${String(index + 1).padStart(5, '0')}.txt`
    case 'FileSize':
      return (division, index) => contentOf(salt + division, index).length
    // The address depends on where the service was called; a row that has a file has one.
    case 'Url':
      return () => ''
    default:
      return null
  }
}
