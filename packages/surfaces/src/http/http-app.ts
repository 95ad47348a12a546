import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { Engine } from '@sluis/engine'
import type { People, Persons } from '@sluis/people'
import { isSluisError, type Log, SluisError } from '@sluis/shared'
import type { Vault } from '@sluis/vault'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import { describedBy } from './open-api.ts'
import { toProblem } from './problem.ts'
import { admitByTable } from './request-context.ts'
import { apiPrefix } from './route-access.ts'
import { clientRoutes } from './routes/clients.ts'
import { connectRoutes } from './routes/connect.ts'
import { consentRoutes } from './routes/consents.ts'
import { databaseKeyRoutes } from './routes/database-keys.ts'
import { databaseRoutes } from './routes/databases.ts'
import { grantLoanRoutes } from './routes/grant-loans.ts'
import { grantRoutes } from './routes/grants.ts'
import { handoverRoutes } from './routes/handovers.ts'
import { keyRoutes } from './routes/keys.ts'
import { logInRoutes } from './routes/log-in.ts'
import { mailRoutes } from './routes/mail.ts'
import { memberRoutes } from './routes/members.ts'
import { organisationRoutes } from './routes/organisations.ts'
import { platformRoutes } from './routes/platforms.ts'
import { preauthenticationRoutes } from './routes/preauthentications.ts'
import { savedQueryRoutes } from './routes/saved-queries.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { statementRoutes } from './routes/statements.ts'
import { usageRoutes } from './routes/usage.ts'
import { vaultProcessRoutes } from './routes/vault-processes.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { addSecureHeaders, docsPolicy } from './secure-headers.ts'
import { webRoutes } from './web-app.ts'

/** What the HTTP surface stands on. */
export interface HttpParts {
  readonly people: People
  readonly persons: Persons
  readonly vault: Vault
  readonly engine: Engine
  readonly log: Log
  /** Null when all is well, else what is missing. */
  readonly readiness: () => Promise<string | null>
  /** Figures for `/metrics`, as name → value. */
  readonly gauges: () => Readonly<Record<string, number>>
  readonly version: string
  /** Where users reach this server; null: at the address that they use. */
  readonly publicUrl: string | null
  /** Addresses and networks of proxies that are believed about who asked; none: nobody is. */
  readonly trustedProxies: readonly string[]
  /** Where the built web application lies, to be served at `/app`. */
  readonly webFolder?: string
}

const bodyLimit = 4 << 20

/** The HTTP API, ready to listen. */
export async function createHttpApp(parts: HttpParts): Promise<FastifyInstance> {
  const { log } = parts
  const app = fastify({
    bodyLimit,
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    // Route patterns are logged below; Fastify's own lines would hold query strings.
    logger: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
    // Faults of the address itself never reach the error handler below.
    frameworkErrors: (_error, _request, reply: Pick<FastifyReply, 'raw' | 'hijack'>) => {
      const problem = toProblem(
        new SluisError(
          'INVALID_REQUEST',
          'The path cannot be read: a part is too long or not well encoded.',
          {
            hint: 'Encode each part of the path; the API is described at /api/docs.',
          },
        ),
      )
      reply.hijack()
      reply.raw
        .writeHead(problem.status, { 'Content-Type': 'application/problem+json' })
        .end(`${JSON.stringify(problem)}\n`)
    },
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  acceptEmptyBodies(app)
  refuseOtherEncodings(app)
  addSecureHeaders(app, parts.publicUrl?.startsWith('https://') === true)

  const counts = new Map<string, number>()
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    const name = `sluis_http_requests_total{method="${request.method}",route="${route}",status="${reply.statusCode}"}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
    log.debug(
      { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    )
  })
  // A terminal's prompt belongs on a line of its own.
  app.addHook('onSend', async (_, reply, payload) =>
    typeof payload === 'string' &&
    /^application\/(problem\+)?json/.test(String(reply.getHeader('content-type'))) &&
    !payload.endsWith('\n')
      ? `${payload}\n`
      : payload,
  )
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(asSluisError(error, request.routeOptions.url))
    if (problem.status >= 500 && !isSluisError(error)) {
      log.error(
        { route: request.routeOptions.url, error: error.stack ?? String(error) },
        'a request failed by our own mistake',
      )
    }
    if (problem.status === 401) reply.header('WWW-Authenticate', 'Bearer')
    const retryAt =
      problem.status === 429
        ? problem.resetsAt
        : problem.code === 'GRANT_REFRESH_TOO_EARLY'
          ? problem.notBefore
          : undefined
    if (typeof retryAt === 'string') reply.header('Retry-After', new Date(retryAt).toUTCString())
    return reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
  })
  app.setNotFoundHandler((request) => {
    throw new SluisError(
      'NOT_FOUND',
      `There is nothing at ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}.`,
      {
        hint: 'The API is described at /api/docs.',
      },
    )
  })

  await app.register(swagger, describedBy(parts.version))
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: docsPolicy })
  await app.register(
    async (api) => {
      admitByTable(api, parts)
      grantRoutes(api, parts)
      grantLoanRoutes(api, parts)
      clientRoutes(api, parts)
      databaseRoutes(api, parts)
      databaseKeyRoutes(api, parts)
      statementRoutes(api, parts)
      savedQueryRoutes(api, parts)
      usageRoutes(api, parts)
      keyRoutes(api, parts)
      vaultProcessRoutes(api, parts)
      platformRoutes(api, parts)
      preauthenticationRoutes(api, parts)
      consentRoutes(api, parts)
      connectRoutes(api, parts)
      organisationRoutes(api, parts)
      memberRoutes(api, parts)
      mailRoutes(api, parts)
      sessionRoutes(api, parts)
      webhookRoutes(api, parts)
      handoverRoutes(api, parts)
      api.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
    },
    { prefix: apiPrefix },
  )
  logInRoutes(app, parts)
  if (parts.webFolder !== undefined) webRoutes(app, parts.webFolder)
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }))
  app.get('/readyz', { schema: { hide: true } }, async (_, reply) => {
    const missing = await parts.readiness()
    return missing === null ? { status: 'ready' } : reply.status(503).send({ status: 'not ready', missing })
  })
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) => {
    const lines = [...Object.entries(parts.gauges()), ...counts].map(([name, value]) => `${name} ${value}`)
    return reply.type('text/plain; version=0.0.4').send(`${lines.join('\n')}\n`)
  })
  return app
}

/** What is no HTTP at all never becomes a request: it is answered on the bare connection, and that ends. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = toProblem(
    new SluisError('INVALID_REQUEST', 'The request is not readable as HTTP.', {
      hint: 'Headers are at most 16 kB together; the API is described at /api/docs.',
    }),
  )
  const body = `${JSON.stringify(problem)}\n`
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** A body is UTF-8 and not compressed: anything else would be read as something that it is not. */
function refuseOtherEncodings(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers }) => {
    const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
    if (encoding !== 'identity' && encoding !== '') {
      throw new SluisError('INVALID_REQUEST', 'The body has a Content-Encoding, which is not supported.', {
        hint: 'Send the body as it is, without compression.',
        details: { field: 'Content-Encoding' },
      })
    }
    const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1]
    if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
      throw new SluisError('INVALID_REQUEST', 'The body is in another charset than UTF-8.', {
        hint: 'Send UTF-8.',
        details: { field: 'Content-Type' },
      })
    }
  })
}

/** No body means `{}`, with or without a `Content-Type`; anything but JSON is refused in our own words. */
function acceptEmptyBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
    if (body.length === 0) return done(null, {})
    try {
      // A body is data: a key named __proto__ must not become a prototype.
      const value = JSON.parse(String(body), (key, inner) =>
        key === '__proto__' ? undefined : inner,
      ) as unknown
      return done(null, value)
    } catch {
      return done(
        new SluisError('INVALID_REQUEST', 'The body is not JSON.', { hint: 'Check quotes and commas.' }),
      )
    }
  })
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) =>
    body.length === 0
      ? done(null, {})
      : done(
          new SluisError('INVALID_REQUEST', 'The body is not sent as JSON.', {
            hint: 'Send Content-Type: application/json.',
          }),
        ),
  )
  app.addHook('preValidation', async (request) => {
    if ((request.body === undefined || request.body === null) && /^(POST|PATCH|DELETE)$/.test(request.method))
      request.body = {}
  })
}

/** Where a large body is a large statement. */
const queryRoute = /\/databases\/:name\/(query|explain)$/

function asSluisError(error: FastifyError, route = ''): unknown {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const faults = error.validation.map(({ instancePath, message }) => ({
      field:
        /^unknown field ([^,;]+)/.exec(message ?? '')?.[1] ||
        instancePath.replace(/^\//, '').replaceAll('/', '.') ||
        (error.validationContext ?? 'body'),
      message: message ?? 'is not usable',
    }))
    return new SluisError(
      'INVALID_REQUEST',
      faults.map(({ field, message }) => `${field}: ${message}`).join('; '),
      {
        hint: 'The fields of every call are described at /api/docs.',
        details: { field: faults[0]?.field, faults },
      },
    )
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new SluisError(
      queryRoute.test(route) ? 'QUERY_TOO_LARGE' : 'REQUEST_TOO_LARGE',
      `The body is larger than ${bodyLimit >> 20} MB.`,
      { hint: 'Send less at once.' },
    )
  }
  if (error.code?.startsWith('FST_ERR_') && (error.statusCode ?? 500) < 500) {
    return new SluisError('INVALID_REQUEST', 'The request cannot be read.', {
      hint: 'Send JSON with a correct Content-Length.',
    })
  }
  return error
}
