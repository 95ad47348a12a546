import { z } from 'zod'

/** An object of exactly these fields; an unknown one is refused with the list of what is allowed. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${(issue.keys as string[]).join(', ')}; allowed: ${Object.keys(shape).join(', ')}`
        : undefined,
  })
}

/** A secret as text: never echoed, cleaned later. */
export const secretText = z
  .string()
  .min(1)
  .max(20_000)
  .refine((text) => !text.includes('\u0000'), 'holds a character that no secret has')

/** @see RFC 6749 § 3.3 */
export const scopeText = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, 'is not a scope')

/** ISO 8601 with a zone, as milliseconds. */
export const isoTime = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** The organisation that a request acts in, where a link leads there, which has no headers. */
export const organisationInAddress = z
  .string()
  .max(60)
  .optional()
  .describe('The organisation to act in, where the header Sluis-Organisation cannot be sent.')
