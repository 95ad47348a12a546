import type { FastifyRequest } from 'fastify'

/** Where users reach this server: the address of its options, else the one that this request came to. */
export function originOf(request: FastifyRequest, publicUrl: string | null): string {
  if (publicUrl !== null) return new URL(publicUrl).origin
  const origin = `${request.protocol}://${request.host}`
  return URL.canParse(origin) ? new URL(origin).origin : 'http://localhost'
}

/**
 * Whether the browser that asks is at an https address, so that its cookies get `Secure`. Also where something in front
 * of this server ends TLS and no option says so: browsers send the `Origin` of their page with every POST.
 */
export function isAtHttps(request: FastifyRequest, publicUrl: string | null): boolean {
  if (originOf(request, publicUrl).startsWith('https://') || request.protocol === 'https') return true
  const { origin, host } = request.headers
  const page = origin === undefined ? null : URL.parse(origin)
  return page?.protocol === 'https:' && page.host === host
}
