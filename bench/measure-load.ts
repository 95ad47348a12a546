import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { quantile, type Report } from './benchmark.ts'
import { PageLab, pageDivisions } from './page-lab.ts'

/** Twenty columns of a transaction line. */
export const columns =
  'ID, Account, AccountCode, AccountName, AmountDC, AmountFC, Created, Currency, Date, Description, Division, DocumentNumber, EntryID, EntryNumber, FinancialPeriod, FinancialYear, GLAccount, GLAccountCode, GLAccountDescription, Modified'
const isSmall = process.env.SLUIS_BENCH_SCALE === 'small'
const loadRows = isSmall ? 8_000 : 400_000
const rounds = isSmall ? 1 : 5
/** Both sides get the same: their code is compiled for good after some seconds of it. */
const warmUps = isSmall ? 1 : 5

/** How fast pages become typed values, beside a program without us: every cell of 20 columns is fetched, parsed and read. */
export async function measureLoad(report: Report): Promise<void> {
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
  for (let round = 0; round < warmUps; round++) {
    await loadOnce()
    await client.read()
  }
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
  const { loadedMs, sentMs } = await lab.tableAndOut(
    `SELECT ${columns} FROM bulk_financial.TransactionLines`,
    loadRows,
  )
  report({ name: 'load-stored', value: perSecond([loadedMs]), unit: 'rows/s' })
  report({ name: 'rows-out', value: perSecond([sentMs]), unit: 'rows/s' })
  await lab.close()
}

/** The same pages by a program without us, in a process of its own: milliseconds for each time that it is asked. */
function startPlainClient(url: string): { read(): Promise<number>; stop(): void } {
  const script = fileURLToPath(new URL('./plain-client.ts', import.meta.url))
  const child = spawn(process.execPath, [script, url, String(pageDivisions), columns], {
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
