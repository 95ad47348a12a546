import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CorpusStatement, type CorpusValues, corpus, madeUpValues } from '@sluis/engine/testing'
import { must } from '@sluis/shared'
import { openQueryLab, type QueryLab } from './testing/query-lab.ts'

// The whole path, for every statement of the corpus: what it answers must not depend on what was pushed, and what it
// costs must be what the platform saw, and what explain said.

let lab: QueryLab
let statements: readonly CorpusStatement[]
const wholeAnswers = new Map<string, readonly string[]>()

before(async () => {
  lab = await openQueryLab({ divisions: 2, scale: 0.5 })
  statements = corpus(await valuesOfData())
})
after(() => lab.close())

/** The values that statements name are such as stand in the data. */
async function valuesOfData(): Promise<CorpusValues> {
  const column = async (sql: string) => (await lab.run(lab.whole, { sql })).rows.map(([value]) => value)
  const ids = (await column('SELECT ID FROM crm.Accounts ORDER BY Code')) as string[]
  const [division, otherDivision] = (await column(
    'SELECT DISTINCT Division FROM crm.Accounts ORDER BY 1',
  )) as number[]
  const invoices = await lab.run(lab.whole, {
    sql: 'SELECT InvoiceID, InvoiceNumber FROM salesinvoice.SalesInvoices ORDER BY InvoiceNumber',
  })
  return {
    division: must(division),
    otherDivision: must(otherDivision),
    accountIds: [...ids, ...madeUpValues.accountIds].slice(0, 1000),
    invoiceIds: invoices.rows.slice(0, 10).map(([id]) => String(id)),
    firstInvoiceNumber: Number(invoices.rows[0]?.[1]),
  }
}

/** Rows in no order; floating-point sums depend on the order of the rows in their last digits. */
const asSet = (rows: readonly (readonly unknown[])[]) =>
  rows.map((row) => JSON.stringify(row.map(rounded))).sort()

const rounded = (cell: unknown) =>
  typeof cell === 'number' || (typeof cell === 'string' && /^-?\d+\.\d{6,}$/.test(cell))
    ? Number(Number(cell).toPrecision(10))
    : cell

async function wholeAnswer(statement: CorpusStatement): Promise<readonly string[]> {
  const known = wholeAnswers.get(statement.name)
  if (known) return known
  const { rows } = await lab.run(lab.whole, statement)
  wholeAnswers.set(statement.name, asSet(rows))
  return asSet(rows)
}

function assertSame(statement: CorpusStatement, pushed: readonly string[], whole: readonly string[]) {
  if (statement.compare === 'count') assert.equal(pushed.length, whole.length)
  else assert.deepEqual(pushed, whole)
}

describe('every statement of the corpus', () => {
  test('costs what the ledger says, within what explain said, and the second time exactly that', async (t) => {
    for (const statement of statements) {
      await t.test(statement.name, async () => {
        const whole = await wholeAnswer(statement)
        await lab.forget()
        const before = await lab.seen(() => lab.explain(statement))
        assert.equal(before.calls, 0, 'explain makes no call')
        const first = await lab.seen(() => lab.run(lab.planned, statement))
        assert.equal(first.result.stats.apiCalls, first.calls, 'stats and ledger, first run')
        const { min, expected, max } = before.result.calls
        const said = `explain said ${min}, ${expected}, ${max}; the ledger has ${first.calls}`
        assert.ok(min <= expected && expected <= (max ?? Number.POSITIVE_INFINITY), said)
        assert.ok(min <= first.calls && first.calls <= (max ?? Number.POSITIVE_INFINITY), said)
        if (statement.isCostFixed) assert.deepEqual([min, max], [first.calls, first.calls], said)
        assertSame(statement, asSet(first.result.rows), whole)

        const again = await lab.explain(statement)
        const second = await lab.seen(() => lab.run(lab.planned, statement))
        assert.equal(second.result.stats.apiCalls, second.calls, 'stats and ledger, second run')
        assert.equal(again.calls.expected, second.calls, 'what explain expects once the statement has run')
      })
    }
  })

  test('answers the same from a platform that compares byte by byte', async (t) => {
    await lab.control('data', { collation: 'binary' })
    for (const statement of statements) {
      await t.test(statement.name, async () => {
        const { rows } = await lab.run(lab.planned, statement)
        assertSame(statement, asSet(rows), await wholeAnswer(statement))
      })
    }
    await lab.control('data', { collation: 'sql-server' })
  })

  test('reads a table once that it names twice', async () => {
    const once = await lab.run(lab.planned, { sql: 'SELECT City, Name, Status FROM crm.Accounts' })
    const twice = await lab.seen(() =>
      lab.run(lab.planned, {
        sql: "SELECT Name FROM crm.Accounts WHERE Status = 'C' UNION ALL SELECT City FROM crm.Accounts",
      }),
    )
    assert.equal(twice.calls, once.stats.apiCalls)
    assert.equal(twice.result.stats.apiCalls, once.stats.apiCalls)
  })

  test('says before the first call what it will cost where the plan fixes that', async () => {
    const fixed = statements.filter(({ isCostFixed }) => isCostFixed)
    assert.ok(fixed.length >= 20)
    await lab.forget()
    for (const statement of statements) {
      const { min, max } = (await lab.explain(statement)).calls
      // None is fixed unnoticed either, so that the list stays whole.
      assert.equal(min === max, statement.isCostFixed === true, `${statement.name}: ${min} to ${max}`)
    }
  })

  test('finds something, so that the comparison proves something', () => {
    const found = [...wholeAnswers.values()].filter((rows) => rows.length > 0).length
    assert.ok(found > statements.length * 0.6, `only ${found} of ${statements.length} find rows`)
  })
})
