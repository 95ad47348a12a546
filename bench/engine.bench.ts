import { readdirSync, readFileSync } from 'node:fs'
import { corpus, madeUpValues } from '@sluis/engine/testing'
import { openQueryLab } from '@sluis/server/testing'
import { type Benchmark, quantile, type Report } from './benchmark.ts'
import { measureLoad } from './measure-load.ts'
import { PageLab } from './page-lab.ts'

const isSmall = process.env.SLUIS_BENCH_SCALE === 'small'
const joinRows = isSmall ? 8_000 : 1_000_000

export const benchmark: Benchmark = {
  title: 'pages into tables, calls and planning over the corpus, a large join',
  async run(report) {
    await measureLoad(report)
    await measureJoin(report)
    await measureCorpus(report)
  },
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
