import { randomBytes } from 'node:crypto'
import { PlainSecret, SluisError } from '@sluis/shared'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isAtHttps } from './origin.ts'

/**
 * What a browser is recognised by between the start of a consent and its return. It says nothing of who somebody is:
 * only that it is the same browser. Ours alone, so that no third party's cookies are needed.
 */
const nameOf = (isHttps: boolean) => `${isHttps ? '__Host-' : ''}sluis.consent`

export function browserOf(request: FastifyRequest, publicUrl: string | null): PlainSecret | null {
  // A page of another site cannot send our header.
  if (request.headers['x-sluis-csrf'] !== '1') {
    throw new SluisError('FORBIDDEN', 'A consent is begun and ended by our own pages.', {
      hint: 'Send X-Sluis-Csrf: 1.',
      details: { field: 'X-Sluis-Csrf' },
    })
  }
  const own = nameOf(isAtHttps(request, publicUrl))
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='))
  const value = pairs.find(([name]) => name === own)?.[1]
  return value !== undefined && /^[\w-]{43}$/.test(value) ? new PlainSecret(value) : null
}

/** The browser's own secret, made where it has none: it ends with the browser's session. */
export function recogniseBrowser(
  request: FastifyRequest,
  reply: FastifyReply,
  publicUrl: string | null,
): PlainSecret {
  const known = browserOf(request, publicUrl)
  if (known !== null) return known
  const isHttps = isAtHttps(request, publicUrl)
  const fresh = randomBytes(32).toString('base64url')
  reply.header(
    'set-cookie',
    `${nameOf(isHttps)}=${fresh}; Path=/; HttpOnly; SameSite=Lax${isHttps ? '; Secure' : ''}`,
  )
  return new PlainSecret(fresh)
}
