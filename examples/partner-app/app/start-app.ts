import { readFileSync } from 'node:fs'
import { createSluis, SluisError } from '@sluis/sdk'
import { fastify } from 'fastify'
import { openInvoices } from './books.ts'
import { beginConsent, endConsent } from './consent.ts'
import { beginOnHostedPage, endOnHostedPage } from './hosted-page.ts'
import { OwnTable } from './own-table.ts'
import { booksPage, connectionsPage, customers, logInPage } from './pages.ts'
import type { PartnerPlatform } from './platforms.ts'
import { type Language, languageOf, texts } from './texts.ts'

export interface AppOptions {
  readonly port: number
  readonly databaseFile: string
  readonly sluisUrl: string
  readonly sluisApiKey: string
  /** Made with the app's own address, which each platform sends the browser back to. */
  readonly platforms: readonly PartnerPlatform[]
  readonly fetch?: typeof globalThis.fetch
}

export interface PartnerApp {
  readonly url: string
  close(): Promise<void>
}

const cookieName = 'polder'
const css = readFileSync(new URL('./polder.css', import.meta.url), 'utf8')
const notices = ['cancelled', 'stranger', 'refused', 'notReachable'] as const

/** The address that Sluis' page sends the browser back to, and the one that a platform does. */
export const returnPath = '/connected'
export const callbackPath = (platform: PartnerPlatform) => `/callback/${platform.id}`

/** The partner's web application, on the loopback interface. */
export async function startPartnerApp(options: AppOptions): Promise<PartnerApp> {
  const { platforms, fetch = globalThis.fetch } = options
  const own = new OwnTable(options.databaseFile)
  const sluis = createSluis({ url: options.sluisUrl, apiKey: options.sluisApiKey })
  const app = fastify({ trustProxy: false })
  let url = ''
  const redirectUri = (platform: PartnerPlatform) => `${url}${callbackPath(platform)}`
  const parts = { own, sluis, fetch, redirectUri }
  const platformOf = (id: string) => platforms.find((platform) => platform.id === id)
  const hosted = () => ({ own, sluis, returnAddress: `${url}${returnPath}` })
  const origins = [options.sluisUrl, ...platforms.map(({ authorizeUrl }) => authorizeUrl)]
    .map((address) => new URL(address).origin)
    .join(' ')

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      // The form that begins a consent is redirected to the platform, or to Sluis' page.
      'content-security-policy': `default-src 'none'; style-src 'self'; form-action 'self' ${origins}; base-uri 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    // Another site's form must not log anybody in or out, or begin a consent.
    const isForeign = request.method === 'POST' && request.headers.origin !== url
    if (isForeign) await reply.code(403).send('Forbidden')
  })

  const cookieOf = (header: string | undefined) =>
    new RegExp(`(?:^|; )${cookieName}=([\\w-]+)`).exec(header ?? '')?.[1] ?? ''
  const enter = (headers: {
    readonly cookie?: string | undefined
    readonly 'accept-language'?: string | undefined
  }) => {
    const cookie = cookieOf(headers.cookie)
    const language: Language = languageOf(headers['accept-language'])
    return { cookie, language, customer: own.customerOf(cookie) }
  }

  app.get('/polder.css', (_, reply) => reply.type('text/css').send(css))

  app.get<{ Querystring: { notice?: string } }>('/', (request, reply) => {
    const { language, customer } = enter(request.headers)
    reply.type('text/html; charset=utf-8')
    if (customer === null) return reply.send(logInPage(language))
    const notice = notices.find((name) => name === request.query.notice)
    const shown = platforms.map((platform) => ({
      platform,
      connection: own.connection(customer, platform.id),
    }))
    return reply.send(
      connectionsPage(language, customer, shown, notice === undefined ? null : texts[language][notice]),
    )
  })

  app.post<{ Body: { customer?: string } }>('/log-in', (request, reply) => {
    const customer = customers.find(({ id }) => id === request.body?.customer)
    if (customer === undefined) return reply.redirect('/', 303)
    const cookie = own.logIn(customer.id)
    // Lax: the platform's redirect back to us must carry it.
    reply.header('set-cookie', `${cookieName}=${cookie}; HttpOnly; SameSite=Lax; Path=/`)
    return reply.redirect('/', 303)
  })

  app.post('/log-out', (request, reply) => {
    own.logOut(enter(request.headers).cookie)
    reply.header('set-cookie', `${cookieName}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0`)
    return reply.redirect('/', 303)
  })

  app.post<{ Params: { platform: string } }>('/connect/:platform', async (request, reply) => {
    const { cookie, customer } = enter(request.headers)
    const platform = platformOf(request.params.platform)
    if (platform === undefined || customer === null) return reply.redirect('/', 303)
    try {
      return reply.redirect(await beginConsent(parts, platform, cookie), 303)
    } catch (error) {
      if (!(error instanceof SluisError)) throw error
      return reply.redirect('/?notice=notReachable', 303)
    }
  })

  app.get<{ Params: { platform: string }; Querystring: Record<string, string> }>(
    '/callback/:platform',
    async (request, reply) => {
      const { cookie, customer } = enter(request.headers)
      const platform = platformOf(request.params.platform)
      if (platform === undefined || customer === null) return reply.redirect('/?notice=stranger', 303)
      const outcome = await endConsent(parts, platform, cookie, customer, request.query)
      if (outcome !== 'kept') return reply.redirect(`/?notice=${outcome}`, 303)
      // Where Sluis serves this customer already, the new tokens go there at once: one program refreshes.
      const isServed = own.connection(customer, platform.id)?.grant != null
      return reply.redirect(isServed ? `/books/${platform.id}` : '/', 303)
    },
  )

  app.post<{ Params: { platform: string } }>('/hosted/:platform', async (request, reply) => {
    const { cookie, customer } = enter(request.headers)
    const platform = platformOf(request.params.platform)
    if (platform === undefined || customer === null) return reply.redirect('/', 303)
    try {
      return reply.redirect(await beginOnHostedPage(hosted(), platform, cookie, customer), 303)
    } catch (error) {
      if (!(error instanceof SluisError)) throw error
      return reply.redirect('/?notice=notReachable', 303)
    }
  })

  app.get(returnPath, async (request, reply) => {
    const { cookie, customer } = enter(request.headers)
    if (customer === null) return reply.redirect('/?notice=stranger', 303)
    const { outcome, platform } = await endOnHostedPage(hosted(), cookie, customer, new URL(request.url, url))
    return reply.redirect(outcome === 'connected' ? `/books/${platform}` : `/?notice=${outcome}`, 303)
  })

  app.get<{ Params: { platform: string } }>('/books/:platform', async (request, reply) => {
    const { language, customer } = enter(request.headers)
    const platform = platformOf(request.params.platform)
    const connection =
      platform === undefined || customer === null ? null : own.connection(customer, platform.id)
    if (platform === undefined || customer === null || connection === null) return reply.redirect('/', 303)
    const books: Awaited<ReturnType<typeof openInvoices>> = connection.isLapsed
      ? { kind: 'lapsed' }
      : await openInvoices(parts, platform, connection)
    return reply.type('text/html; charset=utf-8').send(booksPage(language, customer, platform, books))
  })

  url = (await app.listen({ port: options.port, host: '127.0.0.1' })).replace('127.0.0.1', 'localhost')
  return {
    url,
    async close() {
      await app.close()
      own.close()
    },
  }
}
