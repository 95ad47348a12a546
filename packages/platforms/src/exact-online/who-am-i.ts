import type { IncomingResponse } from '@sluis/shared'
import type { WhoAmIAnswer } from '@sluis/vault'
import { z } from 'zod'
import { errorText } from './error-text.ts'

const meShape = z.object({
  UserID: z.guid().transform((id) => id.toLowerCase()),
  FullName: z.string().nullish(),
  UserName: z.string().nullish(),
  Email: z.string().nullish(),
})

/** Exact wraps a collection in `results`, a collection cut by `$top` in an array, one entity in nothing. */
const answerShape = z.object({
  d: z.union([
    z.object({ results: z.array(meShape).length(1) }).transform(({ results }) => results[0]),
    z
      .array(meShape)
      .length(1)
      .transform((rows) => rows[0]),
    meShape,
  ]),
})

/** Who an access token speaks for, from the answer of `current/Me`. */
export function classifyWhoAmIResponse(response: IncomingResponse): WhoAmIAnswer {
  const text = errorText(response)
  if (response.status === 200) {
    const me = parseMe(response.body)
    if (me === null) return { kind: 'transient', text: 'The answer of current/Me was not readable.' }
    const email = me.Email?.trim() ?? ''
    const name = [me.FullName, me.UserName, me.Email].find((part) => (part?.trim() ?? '') !== '')?.trim()
    return {
      kind: 'user',
      user: { id: me.UserID, name: name ?? me.UserID, ...(email === '' ? {} : { email }) },
    }
  }
  // 401 has an empty body or, on older hosts, a redirect to the log-in page. 403 (BlockedUser, LicenseExpired, …)
  // is final too: asking again with this token changes nothing and counts against the error budget.
  if ([301, 302, 303, 307, 401, 403].includes(response.status)) return { kind: 'refused', text }
  return { kind: 'transient', text }
}

function parseMe(body: Buffer): z.infer<typeof meShape> | null {
  try {
    return answerShape.parse(JSON.parse(body.toString('utf8'))).d ?? null
  } catch {
    return null
  }
}
