import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine, type QueryStats } from '@sluis/engine'
import { corpus, madeUpValues } from '@sluis/engine/testing'
import { exactOnlineConnector } from '@sluis/platforms'
import { createSend } from '@sluis/server'
import { openQueryLab } from '@sluis/server/testing'
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
import { type Benchmark, quantile, type Report } from './benchmark.ts'

const columns =
  'ID, Account, AccountCode, AccountName, AmountDC, AmountFC, Created, Currency, Date, Description, Division, DocumentNumber, EntryID, EntryNumber, FinancialPeriod, FinancialYear, GLAccount, GLAccountCode, GLAccountDescription, Modified'
const isSmall = process.env.SLUIS_BENCH_SCALE === 'small'
const divisions = 4
const loadRows = isSmall ? 8_000 : 400_000
const joinRows = isSmall ? 8_000 : 1_000_000
const rounds = isSmall ? 1 : 5

export const benchmark: Benchmark = {
  title: 'pages into tables, calls and planning over the corpus, a large join',
  async run(report) {
    await measureLoad(report)
    await measureJoin(report)
    await measureCorpus(report)
  },
}

/** The engine beside a page server in a process of its own, without the limits of a platform. */
class PageLab {
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
    const pages = spawn(process.execPath, [script, String(divisions), String(rows / divisions)], {
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
  async tableAndOut(sql: string): Promise<{ loadedMs: number; sentMs: number }> {
    const startedAt = performance.now()
    const run = await this.#engine.query({
      organisationId: this.#organisationId,
      database: 'bench',
      sql,
      actor: 'bench',
      mayWrite: false,
      format: 'ndjson',
      maxRows: loadRows,
    })
    const loadedAt = performance.now()
    let bytes = 0
    for await (const chunk of run.body) bytes += (chunk as Buffer).length
    if (bytes < loadRows * 100) throw new Error('rows were lost on their way out')
    return { loadedMs: loadedAt - startedAt, sentMs: performance.now() - loadedAt }
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end()
    this.#pages.stdin?.end()
  }
}

/** Every cell of 20 columns is fetched, parsed, typed and read. */
async function measureLoad(report: Report): Promise<void> {
  const lab = await PageLab.open(loadRows)
  const sql = `SELECT count(*), bit_xor(hash(${columns})) FROM bulk_financial.TransactionLines`
  const ours: number[] = []
  const plain: number[] = []
  const lag = monitorEventLoopDelay({ resolution: 1 })
  const loadOnce = async () => {
    lag.enable()
    const startedAt = performance.now()
    const { rows } = await lab.query(sql)
    const ms = performance.now() - startedAt
    lag.disable()
    if (Number(rows[0]?.[0]) !== loadRows) throw new Error(`${rows[0]?.[0]} rows came, not ${loadRows}`)
    return ms
  }
  const client = startPlainClient(lab.url)
  await loadOnce()
  await client.read()
  lag.reset()
  for (let round = 0; round < rounds; round++) {
    // In turn, so that neither always has the warmer machine.
    if (round % 2 === 0) ours.push(await loadOnce())
    plain.push(await client.read())
    if (round % 2 === 1) ours.push(await loadOnce())
  }
  client.stop()
  const perSecond = (times: readonly number[]) => (loadRows * 1000) / quantile(times, 0.5)
  const ratios = ours.map((time, round) => (plain[round] ?? Number.NaN) / time)
  report({ name: 'load', value: perSecond(ours), unit: 'rows/s', goal: '≥ 400,000 where the machine allows' })
  report({ name: 'fetch-and-parse', value: perSecond(plain), unit: 'rows/s' })
  report({
    name: 'load-ratio',
    value: quantile(ratios, 0.5),
    unit: 'times',
    goal: '≥ 1.2 fetch + JSON.parse',
  })
  report({ name: 'loop-lag-p99', value: lag.percentile(99) / 1e6, unit: 'ms', goal: '< 20 during a load' })
  const { loadedMs, sentMs } = await lab.tableAndOut(`SELECT ${columns} FROM bulk_financial.TransactionLines`)
  report({ name: 'load-stored', value: perSecond([loadedMs]), unit: 'rows/s' })
  report({ name: 'rows-out', value: perSecond([sentMs]), unit: 'rows/s' })
  await lab.close()
}

/** The same pages by a program without us, in a process of its own: milliseconds for each time that it is asked. */
function startPlainClient(url: string): { read(): Promise<number>; stop(): void } {
  const script = fileURLToPath(new URL('./plain-client.ts', import.meta.url))
  const child = spawn(process.execPath, [script, url, String(divisions), columns], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const read = async () => {
    child.stdin.write('\n')
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const [rows, ms] = line.toString().split(' ').map(Number)
    if (rows !== loadRows) throw new Error('the plain client lost rows')
    return ms ?? Number.NaN
  }
  return { read, stop: () => child.stdin.end() }
}

async function measureJoin(report: Report): Promise<void> {
  const lab = await PageLab.open(joinRows)
  const startedAt = performance.now()
  let peak = 0
  // A worker that grew large is replaced after its statement: it is looked at while it lives.
  const sampler = setInterval(() => {
    peak = Math.max(peak, peakOfRunners())
  }, 50)
  const { rows, stats } = await lab.query(
    `SELECT a.City, count(*) AS lines, sum(l.AmountDC) AS amount
     FROM bulk_financial.TransactionLines l JOIN bulk_crm.Accounts a ON a.ID = l.Account AND a.Division = l.Division
     GROUP BY a.City ORDER BY a.City`,
  )
  peak = Math.max(peak, peakOfRunners())
  clearInterval(sampler)
  const lines = rows.reduce((sum, [, count]) => sum + Number(count), 0)
  if (lines !== joinRows) throw new Error(`the join gave ${lines} lines, not ${joinRows}`)
  report({ name: 'join-rows', value: stats.rowsFetched, unit: 'rows' })
  report({ name: 'join-time', value: (performance.now() - startedAt) / 1000, unit: 's' })
  report({
    name: 'join-peak-rss',
    value: peak === 0 ? Number.NaN : peak / 1e6,
    unit: 'MB',
    goal: '< 512 in its worker',
  })
  await lab.close()
}

/** The highest resident size that any living query process of ours ever had, in bytes. */
function peakOfRunners(): number {
  const peaks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('runner-child')) return []
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        if (Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) !== process.pid) return []
        return [Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024]
      } catch {
        return []
      }
    })
  return Math.max(0, ...peaks)
}

/** Calls of every statement against the emulator, with pushdown and without, and how long planning takes. */
async function measureCorpus(report: Report): Promise<void> {
  const lab = await openQueryLab({ divisions: 2, scale: isSmall ? 0.1 : 0.5 })
  const planMs: number[] = []
  const calls = { first: 0, again: 0, whole: 0 }
  const statements = isSmall ? corpus(madeUpValues).slice(0, 10) : corpus(madeUpValues)
  for (const statement of statements) {
    calls.whole += (await lab.run(lab.whole, statement)).stats.apiCalls
    await lab.forget()
    calls.first += (await lab.run(lab.planned, statement)).stats.apiCalls
    const { stats } = await lab.run(lab.planned, statement)
    calls.again += stats.apiCalls
    planMs.push(stats.planMs)
  }
  await lab.close()
  const each = (count: number) => count / statements.length
  report({ name: 'calls-per-query', value: each(calls.again), unit: 'calls' })
  report({ name: 'calls-per-query-first', value: each(calls.first), unit: 'calls' })
  report({ name: 'calls-per-query-unplanned', value: each(calls.whole), unit: 'calls' })
  report({ name: 'plan-p50', value: quantile(planMs, 0.5), unit: 'ms' })
  report({ name: 'plan-p95', value: quantile(planMs, 0.95), unit: 'ms', goal: '< 15 over the corpus' })
}
