import { openHttpLab, registerWithLimits } from '@sluis/server/testing'
import { must } from '@sluis/shared'
import type { Report } from './benchmark.ts'
import { columns } from './measure-load.ts'

const isSmall = process.env.SLUIS_BENCH_SCALE === 'small'
/** The books have some 8,930 transaction lines of a company at scale 1. */
const scale = isSmall ? 2.2 : 112
const minuteLimit = isSmall ? 8 : 60
const pageRows = 1_000
const minuteMs = 60_000

interface Call {
  readonly at: number
  readonly kind: string
  readonly status: number
}

/**
 * All transaction lines of one company under the platform's own limit of calls a minute. The emulator's clock is moved
 * on when, and only when, the server says until when it waits, so that no minute passes in which it could have asked:
 * minutes of the emulator are minutes that a user would wait, those of the machine are not.
 */
export async function measureCeiling(report: Report): Promise<void> {
  const lab = await openHttpLab()
  try {
    await lab.control('data', { divisions: 1, scale })
    await registerWithLimits(lab, 'ceiling', { minute: minuteLimit, day: 5000 }, { name: 'ceiling' })
    // A minute's calls may be made at its start: measured from there, and the companies are known before.
    const database = '/databases/ceiling'
    const counted = await lab.call('POST', `${database}/query`, {
      sql: 'SELECT count(*) FROM financialtransaction.TransactionLines',
    })
    const lines = Number(counted.body.rows[0][0])
    const { now } = (await lab.control('clock')) as { now: number }
    await lab.moveClock({ now: new Date((Math.floor(now / minuteMs) + 1) * minuteMs + 1000).toISOString() })
    const { last } = await lab.control('ledger')
    const begun = await lab.call(
      'POST',
      `${database}/query`,
      {
        sql: `SELECT count(*), count(DISTINCT ID), bit_xor(hash(${columns})) FROM bulk_financial.TransactionLines`,
      },
      { headers: { prefer: 'respond-async' } },
    )
    if (begun.status !== 202) throw new Error(begun.text)
    const path = `${database}/statements/${begun.body.id}`
    await followWaits(lab, path)
    const { body: record } = await lab.call('GET', path)
    if (record.state !== 'done') throw new Error(JSON.stringify(record.error))
    const { body: result } = await lab.call('GET', `${path}/result`)
    const [rows, distinct] = result.rows[0].map(Number)
    if (rows !== lines || distinct !== lines) throw new Error(`${rows} rows came, ${distinct} different ones`)
    const { entries } = (await lab.control(`ledger?since=${last}`)) as { entries: readonly Call[] }
    const calls = entries.filter(({ kind }) => kind === 'api')
    reportCalls(lines, calls, report)
  } finally {
    await lab.close()
  }
}

/** Moves the clock to the end of each wait, once, until the statement has ended. */
async function followWaits(lab: Awaited<ReturnType<typeof openHttpLab>>, path: string): Promise<void> {
  let movedTo = 0
  for (;;) {
    const { body } = await lab.call('GET', path)
    if (body.endedAt !== null) return
    const until = Date.parse(body.progress.waitingUntil ?? '')
    if (until > movedTo) {
      movedTo = until
      await lab.moveClock({ now: new Date(until + 1000).toISOString() })
    } else await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function reportCalls(lines: number, calls: readonly Call[], report: Report): void {
  const [first, latest] = [must(calls[0], 'a first call').at, must(calls.at(-1), 'a last call').at]
  const minutes = new Set(calls.map(({ at }) => Math.floor(at / minuteMs)))
  const perMinute = [...minutes].map(
    (minute) => calls.filter(({ at }) => Math.floor(at / minuteMs) === minute).length,
  )
  const ceiling = Math.ceil(lines / pageRows / minuteLimit)
  const elapsed = Math.floor(latest / minuteMs) - Math.floor(first / minuteMs) + 1
  report({ name: 'ceiling-lines', value: lines, unit: 'lines', goal: 'of one company' })
  report({
    name: 'ceiling-calls',
    value: calls.length,
    unit: 'calls',
    goal: `${Math.ceil(lines / pageRows)} pages of ${pageRows}`,
  })
  report({
    name: 'ceiling-refused',
    value: calls.filter(({ status }) => status !== 200).length,
    unit: 'calls',
    goal: '0',
  })
  report({
    name: 'ceiling-fullest-minute',
    value: Math.max(...perMinute),
    unit: 'calls',
    goal: `≤ ${minuteLimit}`,
  })
  report({
    name: 'ceiling-minutes',
    value: elapsed,
    unit: 'minutes',
    goal: `${ceiling} minutes of the emulator at ${minuteLimit} calls`,
  })
  report({ name: 'ceiling-ratio', value: elapsed / ceiling, unit: 'times', goal: '≤ 1.05' })
}
