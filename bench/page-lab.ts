import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine, type QueryStats } from '@sluis/engine'
import { exactOnlineConnector } from '@sluis/platforms'
import { createSend } from '@sluis/server'
import {
  type GrantId,
  must,
  newId,
  type OrganisationId,
  PlainSecret,
  silentLog,
  systemClock,
  systemRandom,
} from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'

/** Divisions that the rows of the page server are spread over. */
export const pageDivisions = 4

/** The engine beside a page server in a process of its own, without the limits of a platform. */
export class PageLab {
  readonly url: string
  readonly #pages: ChildProcess
  readonly #engine: Engine
  readonly #organisationId: OrganisationId
  readonly #ends: (() => unknown)[]

  private constructor(
    url: string,
    pages: ChildProcess,
    engine: Engine,
    organisationId: OrganisationId,
    ends: (() => unknown)[],
  ) {
    this.url = url
    this.#pages = pages
    this.#engine = engine
    this.#organisationId = organisationId
    this.#ends = ends
  }

  static async open(rows: number): Promise<PageLab> {
    const script = fileURLToPath(new URL('./page-server.ts', import.meta.url))
    const pages = spawn(process.execPath, [script, String(pageDivisions), String(rows / pageDivisions)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(must(pages.stdout), 'data')) as [Buffer]
    const url = line.toString().trim()
    const folder = mkdtempSync(join(tmpdir(), 'sluis-bench-'))
    const store = await openTestStore()
    const { send, close } = createSend()
    const engine = await createEngine({
      store,
      platforms: new Map([['exact-online', { connector: exactOnlineConnector(), alias: 'eol' }]]),
      openSession: async () => ({
        platform: 'exact-online',
        region: 'bench',
        baseUrl: url,
        state: 'active',
        clientId: 'bench',
        lease: async () => ({ accessToken: new PlainSecret('bench'), generation: 1 }),
        refused: async () => {},
      }),
      send,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      folder,
      // Nothing is kept here.
      sealer: { seal: async (_, __, plain) => plain, unseal: async (_, __, sealed) => sealed },
      renderError: (error) => ({ message: String(error) }),
    })
    const organisationId = newId('org', systemClock.now())
    const grant = newId('grt', systemClock.now()) as GrantId
    await engine.createDatabase(organisationId, {
      name: 'bench',
      sources: [{ alias: 'eol', grant, platform: 'exact-online', partitions: 'all' }],
    })
    return new PageLab(url, pages, engine, organisationId, [
      () => engine.stop(),
      () => store.close(),
      close,
      () => rmSync(folder, { recursive: true, force: true }),
    ])
  }

  async query(sql: string): Promise<{ rows: unknown[][]; stats: QueryStats }> {
    const run = await this.#engine.query({
      organisationId: this.#organisationId,
      database: 'bench',
      sql,
      actor: 'bench',
      mayWrite: false,
      format: 'json',
    })
    return (await json(run.body)) as { rows: unknown[][]; stats: QueryStats }
  }

  /** With a limit the engine stores the rows as a table before the first one leaves; then all leave as JSON. */
  async tableAndOut(sql: string, rows: number): Promise<{ loadedMs: number; sentMs: number }> {
    const startedAt = performance.now()
    const run = await this.#engine.query({
      organisationId: this.#organisationId,
      database: 'bench',
      sql,
      actor: 'bench',
      mayWrite: false,
      format: 'ndjson',
      maxRows: rows,
    })
    const loadedAt = performance.now()
    let bytes = 0
    for await (const chunk of run.body) bytes += (chunk as Buffer).length
    if (bytes < rows * 100) throw new Error('rows were lost on their way out')
    return { loadedMs: loadedAt - startedAt, sentMs: performance.now() - loadedAt }
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end()
    this.#pages.stdin?.end()
  }
}
