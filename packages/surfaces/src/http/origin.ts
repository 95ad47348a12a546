import type { FastifyRequest } from 'fastify'

/** Where users reach this server: the address of its options, else the one that this request came to. */
export function originOf(request: FastifyRequest, publicUrl: string | null): string {
  if (publicUrl !== null) return new URL(publicUrl).origin
  const origin = `${request.protocol}://${request.host}`
  return URL.canParse(origin) ? new URL(origin).origin : 'http://localhost'
}
