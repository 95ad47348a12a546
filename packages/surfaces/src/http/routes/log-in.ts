import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HttpParts } from '../http-app.ts'
import { originOf } from '../origin.ts'

/** `/api/auth/*`: log-in, log-out, password, second factor; the calls and answers are better-auth's. */
export function logInRoutes(app: FastifyInstance, { persons, publicUrl }: HttpParts): void {
  app.all('/api/auth/*', { schema: { hide: true } }, async (request, reply) => {
    const response = await persons.logIn.handle(
      toWebRequest(request, originOf(request, publicUrl)),
      request.ip,
    )
    return sendWebResponse(reply, response)
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
async function sendWebResponse(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  reply.status(response.status)
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie' && name !== 'content-length') reply.header(name, value)
  }
  copyCookies(reply, response)
  return reply.send(await response.text())
}

/** Passes on the cookies of an answer and nothing else of it. */
export function copyCookies(reply: FastifyReply, response: Response): void {
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) reply.header('set-cookie', cookies)
}
