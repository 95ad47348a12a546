import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine, type Explanation, type QueryStats } from '@sluis/engine'
import { exactOnlineConnector, exactOnlineOAuth, regionsFromFile } from '@sluis/platforms'
import {
  must,
  newId,
  type OrganisationId,
  PlainSecret,
  silentLog,
  systemClock,
  systemRandom,
} from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'
import { toProblem } from '@sluis/surfaces/http'
import { createVault, loadOrCreateKek } from '@sluis/vault'
import { createSend } from '../undici-send.ts'

/** A statement as the lab runs it. */
export interface LabStatement {
  readonly sql: string
  readonly parameters?: readonly unknown[]
}

export interface LabAnswer {
  readonly rows: readonly (readonly unknown[])[]
  readonly stats: QueryStats
}

export interface QueryLab {
  /** Pushes what it can. */
  readonly planned: Engine
  /** Reads every table whole. */
  readonly whole: Engine
  /** Where the emulator listens, for clients of its own. */
  readonly emulatorUrl: string
  run(engine: Engine, statement: LabStatement): Promise<LabAnswer>
  explain(statement: LabStatement): Promise<Explanation>
  /** API calls that the emulator saw while `work` ran, apart from those for tokens. */
  seen<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly calls: number }>
  control(path: string, body?: object): Promise<Record<string, unknown>>
  /** As on a fresh database: nothing is known of what tables hold. */
  forget(): Promise<void>
  close(): Promise<void>
}

const app = { clientId: 'lab', clientSecret: 'lab-secret', redirectUri: 'https://partner.example/cb' }
const database = 'lab'

/**
 * Two engines over one vault and one PostgreSQL, beside the emulator in a process of its own. The app's call limits
 * are so high that no statement waits for its turn.
 */
export async function openQueryLab(data: { divisions: number; scale: number }): Promise<QueryLab> {
  const folder = mkdtempSync(join(tmpdir(), 'sluis-query-lab-'))
  const emulator = await startEmulator(data)
  const control = async (path: string, body?: object) => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    const response = await fetch(`${emulator.url}/_control/${path}`, init)
    return (await response.json()) as Record<string, unknown>
  }
  const store = await openTestStore()
  const { send, close: closeSend } = createSend()
  const regions = regionsFromFile({ 'exact-online': { lab: { label: 'Lab', baseUrl: emulator.url } } })
  const platform = exactOnlineOAuth(must(regions.get('exact-online')))
  const organisationId = newId('org', systemClock.now()) as OrganisationId
  const vault = await createVault({
    store,
    platforms: new Map([[platform.id, platform]]),
    send,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    kek: loadOrCreateKek(join(folder, 'kek'), systemRandom),
    spoolFolder: join(folder, 'spool'),
    tokenTimeoutMs: 20_000,
  })
  const engineWith = (pushdown: boolean) =>
    createEngine({
      store,
      platforms: new Map([['exact-online', { connector: exactOnlineConnector(), alias: 'eol' }]]),
      openSession: (organisation, grantId) => vault.openSource(organisation, grantId),
      send,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      folder: join(folder, pushdown ? 'planned' : 'whole'),
      workers: 2,
      pushdown,
      sealer: {
        seal: (organisation, place, plain) => vault.sealPage(organisation, place, plain),
        unseal: (organisation, place, sealed) => vault.unsealPage(organisation, place, sealed),
      },
      renderError: toProblem,
    })
  const planned = await engineWith(true)
  const whole = await engineWith(false)

  const { redirectUri, ...client } = app
  await control('apps', {
    ...client,
    redirectUris: [redirectUri],
    limits: { minute: 1_000_000, day: 10_000_000 },
  })
  const { code } = await control('consents', {
    clientId: app.clientId,
    user: 'anna@example.com',
    redirectUri,
  })
  const { grant } = await vault.handOver({
    organisationId,
    platform: 'exact-online',
    region: 'lab',
    client: { clientId: app.clientId, clientSecret: new PlainSecret(app.clientSecret), redirectUri },
    credentials: { kind: 'code', code: new PlainSecret(String(code)) },
  })
  const source = { alias: 'eol', grant: grant.id, platform: 'exact-online', partitions: 'all' } as const
  await planned.createDatabase(organisationId, { name: database, sources: [source] })

  let seq = 0
  /** Entries of the ledger that are new since the last look. */
  const news = async () => {
    const { last, totals } = (await control(`ledger?since=${seq}`)) as {
      last: number
      totals: { api: number }
    }
    seq = last
    return totals.api
  }
  const request = ({ sql, parameters }: LabStatement) => ({
    organisationId,
    database,
    sql,
    actor: 'test',
    mayWrite: false,
    ...(parameters === undefined ? {} : { parameters }),
  })
  return {
    planned,
    whole,
    emulatorUrl: emulator.url,
    control,
    async run(engine, statement) {
      const run = await engine.query({ ...request(statement), format: 'json' })
      const answer = (await json(run.body)) as { rows: unknown[][]; stats: QueryStats; error?: unknown }
      if (answer.error) throw new Error(`the answer broke off: ${JSON.stringify(answer.error)}`)
      return { rows: answer.rows, stats: answer.stats }
    },
    explain: (statement) => planned.explain(request(statement)),
    async seen(work) {
      await news()
      const result = await work()
      return { result, calls: await news() }
    },
    async forget() {
      await store.pool.query('TRUNCATE read_memory')
    },
    async close() {
      await Promise.all([planned.stop(), whole.stop()])
      await vault.stop()
      await store.close()
      await closeSend()
      await emulator.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startEmulator({ divisions, scale }: { divisions: number; scale: number }) {
  const main = fileURLToPath(new URL('../../../../emulators/main.ts', import.meta.url))
  const flags = [
    'exact-online',
    '--port',
    '0',
    '--json',
    '--divisions',
    `${divisions}`,
    '--scale',
    `${scale}`,
  ]
  const child: ChildProcess = spawn(process.execPath, [main, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(must(child.stdout), 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
