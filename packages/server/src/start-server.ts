import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine } from '@sluis/engine'
import { createMailer, createPersons, People } from '@sluis/people'
import { exactOnlineConnector, oauthPlatforms, regionsFromFile, twinfieldConnector } from '@sluis/platforms'
import { type Log, SluisError, systemClock, systemRandom } from '@sluis/shared'
import { openStore } from '@sluis/store'
import { createHttpApp, toProblem } from '@sluis/surfaces/http'
import { createVault, holdsSealedData, loadOrCreateKek, parseKek, type Vault } from '@sluis/vault'
import { FollowedClock } from './followed-clock.ts'
import { giveMemoryBack } from './give-memory-back.ts'
import { loadOrCreateOwnerKey } from './owner-key-file.ts'
import type { ServerOptions } from './server-options.ts'
import { createSend } from './undici-send.ts'

export interface RunningServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string
  /** Where the first owner's key was put, when this start found no key at all; else null. */
  readonly ownerKeyFile: string | null
  /** The one-time link with which somebody becomes the first owner, while there is none; else null. */
  readonly setupUrl: string | null
  /** The server's time, in milliseconds since 1970: the machine's, or that of the clock which it follows. */
  now(): number
  /** Ends in order: no new request, queries cancelled, spends under way finished. */
  close(): Promise<void>
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

/** The one place where all parts meet. */
export async function startServer(options: ServerOptions, log: Log): Promise<RunningServer> {
  const opened: (() => Promise<unknown> | unknown)[] = []
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end()
  }
  try {
    // Others may pass through, as the database runs under another account when we are root; nothing in it is theirs.
    mkdirSync(options.home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    const followed =
      options.unsafeClockUrl === null ? null : await FollowedClock.start(options.unsafeClockUrl)
    const clock = followed ?? systemClock
    if (followed) opened.push(() => followed.close())
    const random = systemRandom
    const own = options.regions === null ? new Map() : regionsFromFile(options.regions)
    const store = await openStore({
      home: options.home,
      ...(options.databaseUrl === null ? {} : { databaseUrl: options.databaseUrl }),
      clock,
      log,
    })
    opened.push(() => store.close())
    const { send, close: closeSend } = createSend()
    opened.push(closeSend)
    const people = new People({ store, clock, random })
    let ownerKeyFile: string | null = null
    if (options.bootstrapApiKey !== null) await people.bootstrap(options.bootstrapApiKey)
    else if (!(await people.hasKeys())) {
      const { file, key } = loadOrCreateOwnerKey(options.home, random)
      await people.bootstrap(key)
      ownerKeyFile = file
    }

    // Vault and engine know each other only through these functions.
    const parts: { engine?: Engine; vault?: Vault } = {}
    const engineOf = () => parts.engine ?? missing('engine')
    const vault = await createVault({
      store,
      platforms: oauthPlatforms(own),
      send,
      clock,
      random,
      log,
      kek:
        options.kek === null
          ? loadOrCreateKek(options.kekFile, random, { mayCreate: !(await holdsSealedData(store)) })
          : parseKek(options.kek),
      spoolFolder: join(options.home, 'spool'),
      tokenTimeoutMs: options.tokenTimeoutMs,
      unsafePrivateWebhooks: options.unsafePrivateWebhooks,
      hooks: {
        onMerged: (tx, from, to) => engineOf().moveSources(tx, from, to),
        onRefused: (tx, grant) => engineOf().dropDatabasesOf(tx, grant),
        onDeleted: (tx, grant) => engineOf().forgetGrant(tx, grant),
        databasesOf: (grants) => engineOf().databasesOf(grants),
      },
    })
    opened.push(() => vault.stop())
    const engine = await createEngine({
      store,
      platforms: new Map([
        ['exact-online', { connector: exactOnlineConnector(), alias: 'eol' }],
        ['twinfield', { connector: twinfieldConnector(), alias: 'twf' }],
      ]),
      openSession: (organisationId, grantId) => vault.openSource(organisationId, grantId),
      limitsOf: (organisationId, grants) => vault.loans.limitsOf(organisationId, grants),
      send,
      clock,
      random,
      log,
      folder: join(options.home, 'queries'),
      workers: options.workers,
      cacheBytes: options.cacheBytes,
      sealer: {
        seal: (organisationId, place, plain) => vault.sealPage(organisationId, place, plain),
        unseal: (organisationId, place, sealed) => vault.unsealPage(organisationId, place, sealed),
      },
      renderError: toProblem,
    })
    parts.engine = engine
    opened.push(() => engine.stop())
    vault.run()
    opened.push(giveMemoryBack())
    void engine
      .resume()
      .catch((error: Error) =>
        log.error({ error: error.message }, 'statements of an earlier server were not gone on with'),
      )

    // Until the port is known nobody can have been let in, and no letter is written.
    const reached = { at: 'http://localhost' }
    const persons = createPersons({
      mailer:
        options.smtpUrl === null ? null : createMailer({ url: options.smtpUrl, from: options.mailFrom }),
      address: () => reached.at,
      store,
      clock,
      random,
      log,
      audit: people.audit,
      secret: await vault.peopleKey(),
      publicUrl: options.publicUrl,
      singleSignOn: options.singleSignOn,
    })
    const app = await createHttpApp({
      people,
      persons,
      publicUrl: options.publicUrl,
      trustedProxies: options.trustedProxies,
      vault,
      engine,
      log,
      version,
      webFolder: fileURLToPath(new URL('../../web/dist', import.meta.url)),
      readiness: async () =>
        store.pool.query('SELECT 1').then(
          () => null,
          () => 'database',
        ),
      gauges: () => ({
        sluis_statements_running: engine.running,
        sluis_process_resident_memory_bytes: process.memoryUsage.rss(),
        sluis_process_uptime_seconds: Math.round(process.uptime()),
      }),
    })
    opened.push(() => app.close())
    await app.listen({ host: options.host, port: options.port }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      throw new SluisError('OPTIONS_INVALID', `Port ${options.port} is taken.`, {
        hint: 'Choose another one with SLUIS_PORT or --port.',
      })
    })
    const { port } = app.server.address() as AddressInfo
    const host = options.host.includes(':') ? `[${options.host}]` : options.host
    const setupToken = await persons.setUp.createLink()
    // By its name and not its number: passkeys know no numeric addresses.
    const named = options.publicUrl ?? `http://${host === '127.0.0.1' ? 'localhost' : host}:${port}`
    reached.at = new URL(named).origin
    opened.push(() => persons.alarms.stop())
    persons.alarms.run()
    return {
      url: `http://${host}:${port}`,
      now: () => clock.now(),
      ownerKeyFile,
      setupUrl: setupToken === null ? null : `${new URL(named).origin}/app/setup#token=${setupToken}`,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function missing(name: string): never {
  throw new TypeError(`${name} was asked before it was there`)
}
