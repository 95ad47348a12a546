import type { IncomingResponse } from '@sluis/shared'
import { publicText } from './public-text.ts'

/** What Exact said in an error answer of its API: status, the message of the body, the `Reason` header. */
export function errorText(response: IncomingResponse): string {
  const body = response.body.subarray(0, 4096).toString('utf8')
  const message = bodyMessage(body) ?? body
  return publicText(
    [`HTTP ${response.status}`, message, response.headers.reason ?? '']
      .filter((part) => part.trim() !== '')
      .join(' · '),
  )
}

/** The `error.message.value` of an OData error body. */
function bodyMessage(body: string): string | null {
  try {
    const value: unknown = JSON.parse(body)?.error?.message?.value
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}
