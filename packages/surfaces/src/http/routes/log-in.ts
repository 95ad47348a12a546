import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HttpParts } from '../http-app.ts'
import { isAtHttps, originOf } from '../origin.ts'

/** `/api/auth/*`: log-in, log-out, password, second factor; the calls and answers are better-auth's. */
export function logInRoutes(app: FastifyInstance, { persons, publicUrl }: HttpParts): void {
  app.all('/api/auth/*', { schema: { hide: true } }, async (request, reply) => {
    const response = await persons.logIn.handle(
      toWebRequest(request, originOf(request, publicUrl)),
      request.ip,
    )
    return sendWebResponse(reply, response, isAtHttps(request, publicUrl))
  })
}

function toWebRequest(request: FastifyRequest, origin: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (
      value === undefined ||
      /^(host|connection|content-length|transfer-encoding|expect|upgrade)$/.test(name)
    )
      continue
    headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  if (hasBody) headers.set('content-type', 'application/json')
  return new Request(`${origin}${request.url}`, {
    method: request.method,
    headers,
    ...(hasBody ? { body: JSON.stringify(request.body ?? {}) } : {}),
  })
}

/** Sends a web `Response`; each cookie keeps a header of its own. */
async function sendWebResponse(
  reply: FastifyReply,
  response: Response,
  isHttps: boolean,
): Promise<FastifyReply> {
  reply.status(response.status)
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie' && name !== 'content-length') reply.header(name, value)
  }
  copyCookies(reply, response, isHttps)
  return reply.send(await response.text())
}

/**
 * Passes on the cookies of an answer and nothing else of it. Each gets `Secure` where the browser is at an https address,
 * also where the library, which is made once for all requests, was not told so.
 */
export function copyCookies(reply: FastifyReply, response: Response, isHttps: boolean): void {
  const cookies = response.headers
    .getSetCookie()
    .map((line) => (isHttps && !/;\s*secure\s*(;|$)/i.test(line) ? `${line}; Secure` : line))
  if (cookies.length > 0) reply.header('set-cookie', cookies)
}
