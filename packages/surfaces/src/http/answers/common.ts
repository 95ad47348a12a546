import { z } from 'zod'

export const time = z.iso.datetime()
export const facts = z.record(z.string(), z.unknown())
export const text = z.string()
export const count = z.number().int()
export const nothing = z.undefined()

/** RFC 9457, with our stable code; more members tell the facts of a code. */
export const problemAnswer = z.looseObject({
  type: text,
  title: text,
  status: count,
  code: text,
  detail: text,
  hint: text.optional(),
})
