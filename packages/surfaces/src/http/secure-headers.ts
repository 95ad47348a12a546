import type { FastifyInstance } from 'fastify'

/** The description's own pages: scripts of this address only; the library colours its elements one by one. */
export const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/**
 * What a browser is told with every answer of the API: no guessing of types, no frames, no addresses told to other
 * sites, nothing kept. Pages bring a content security policy of their own.
 * @see OWASP REST Security Cheat Sheet, read 2026-11-24
 */
export function addSecureHeaders(app: FastifyInstance, isHttps: boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Content-Type-Options', 'nosniff')
    reply.header('X-Frame-Options', 'DENY')
    reply.header('Referrer-Policy', 'no-referrer')
    if (isHttps) reply.header('Strict-Transport-Security', 'max-age=31536000; includeSubDomains')
    if (/^\/api\/(v1|auth)\//.test(request.url)) reply.header('Cache-Control', 'no-store')
    // Pages of the web application and of the description bring one of their own.
    if (!/^\/(app|api\/docs)\b/.test(request.url)) {
      reply.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    }
  })
}
