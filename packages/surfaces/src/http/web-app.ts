import { createHash, randomBytes } from 'node:crypto'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const mediaTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
}

interface WebFile {
  readonly body: Buffer
  readonly gzip: Buffer
  readonly type: string
  readonly etag: string
}

/**
 * Scripts and styles of our own address only. The nonce is for the style elements that the pages make themselves;
 * scripts have none, so nothing inline can run.
 * @see https://www.w3.org/TR/CSP3/
 */
const policy = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const secureHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=()',
}

/** What pages of others may load; everything else is for our own. */
const forOthers: ReadonlySet<string> = new Set(['connect.js'])

/** `/app/*`: the built web application. Every address that is no file is a page of it, so that deep links work. */
export function webRoutes(app: FastifyInstance, folder: string): void {
  const files = readFiles(folder)
  const index = files.get('index.html')?.body.toString()

  const sendFile = (request: FastifyRequest, reply: FastifyReply, name: string, file: WebFile) => {
    reply
      .headers(secureHeaders)
      .header('Cross-Origin-Resource-Policy', forOthers.has(name) ? 'cross-origin' : 'same-origin')
      .header('ETag', file.etag)
      .header('Vary', 'Accept-Encoding')
      // Names in assets/ hold a hash of what is in them.
      .header(
        'Cache-Control',
        name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      )
    if (request.headers['if-none-match'] === file.etag) return reply.status(304).send()
    reply.type(file.type)
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(file.body)
    return reply.header('Content-Encoding', 'gzip').send(file.gzip)
  }
  const sendPage = (reply: FastifyReply) => {
    const nonce = randomBytes(16).toString('base64url')
    reply
      .headers(secureHeaders)
      .header('Content-Security-Policy', policy(nonce))
      .header('Cache-Control', 'no-store')
      .type('text/html; charset=utf-8')
    if (index !== undefined) return reply.send(index.replace('%NONCE%', nonce))
    return reply
      .status(503)
      .send('<!doctype html><title>Sluis</title>The web application is not built: run npm ci.')
  }

  const schema = { hide: true }
  app.get('/', { schema }, (_, reply) => reply.redirect('/app/'))
  app.get('/app', { schema }, (_, reply) => reply.redirect('/app/'))
  app.get<{ Params: { '*': string } }>('/app/*', { schema }, (request, reply) => {
    const name = request.params['*']
    const file = name === 'index.html' ? undefined : files.get(name)
    if (file) return sendFile(request, reply, name, file)
    // A script of an older build must fail as one, and not be answered with a page.
    if (name.startsWith('assets/')) return reply.callNotFound()
    return sendPage(reply)
  })
}

function readFiles(folder: string): ReadonlyMap<string, WebFile> {
  if (!existsSync(folder)) return new Map()
  const names = globSync('**/*', { cwd: folder }).filter((name) => statSync(join(folder, name)).isFile())
  return new Map(
    names.map((name) => {
      const body = readFileSync(join(folder, name))
      const type = mediaTypes[extname(name)] ?? 'application/octet-stream'
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
      return [name, { body, gzip: gzipSync(body), type, etag }]
    }),
  )
}
