import { createHash } from 'node:crypto'
import type { OutgoingRequest } from '@sluis/shared'

/** The name under which the pages of a request are kept: the same only for the same request of the same grant. */
export function chainKey(grant: string, { method, url, body }: OutgoingRequest): string {
  const text = JSON.stringify([grant, method, url, body === undefined ? null : String(body)])
  return createHash('sha256').update(text).digest('base64url')
}
