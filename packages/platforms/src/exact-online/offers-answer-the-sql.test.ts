import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Partition, PlatformTable, Predicate, SqlValue } from '@sluis/engine'
import { must } from '@sluis/shared'
import fc from 'fast-check'
import {
  type ConnectorLab,
  connector,
  openConnectorLab,
  tableNamed,
  wishFor,
} from './testing/connector-lab.ts'

// Nothing that is pushed may lose a row: what offers answer beside what DuckDB says of all rows.

let lab: ConnectorLab
before(async () => {
  // Thousands of ledger lines and several pages of the others, as each condition reads them all.
  lab = await openConnectorLab({ scale: 0.5 })
})
after(() => lab.close())

/** A predicate in DuckDB's SQL: the judge of what the service should answer. */
function sqlOf(predicate: Predicate): string {
  const literal = ({ type, value }: SqlValue) =>
    type === 'TIMESTAMP'
      ? `make_timestamp(${value})`
      : typeof value === 'string' && type !== 'DECIMAL(38,10)'
        ? `'${value.replaceAll("'", "''")}'::${type}`
        : `(${value})::${type}`
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`
  const column = 'column' in predicate ? `"${predicate.column}"` : ''
  switch (predicate.kind) {
    case 'compare':
      return `${column} ${predicate.op} ${literal(predicate.value)}`
    case 'in':
      return `${column} IN (${predicate.values.map(literal).join(', ')})`
    case 'is-null':
      return `${column} IS NULL`
    case 'is-not-null':
      return `${column} IS NOT NULL`
    case 'starts-with':
      return `starts_with(${column}, ${text(predicate.text)})`
    case 'ends-with':
      return `ends_with(${column}, ${text(predicate.text)})`
    case 'contains':
      return `contains(${column}, ${text(predicate.text)})`
    case 'and':
    case 'or':
      return `(${predicate.terms.map(sqlOf).join(` ${predicate.kind.toUpperCase()} `)})`
    case 'not':
      return `NOT (${sqlOf(predicate.term)})`
    case 'opaque':
      return 'true'
  }
}

for (const collation of ['sql-server', 'binary']) {
  describe(`what offers answer, strings compared as ${collation}`, () => {
    const names = [
      'crm.Accounts',
      'salesinvoice.SalesInvoices',
      'financialtransaction.TransactionLines',
      'vat.VATCodes',
    ]
    const data = new Map<string, { table: PlatformTable; key: string; values: Map<string, SqlValue[]> }>()
    let partition: Partition

    before(async () => {
      await lab.control('data', { collation })
      partition = must((await lab.partitions())[0])
      for (const name of names) {
        const table = tableNamed(name)
        const columns = table.columns.flatMap(({ name: column, type }) =>
          typeof type === 'string' ? [column] : [],
        )
        const offer = must(connector.negotiate(wishFor(table, { columns }), lab.url)[0])
        const { rows } = await lab.readAll(offer, partition)
        assert.ok(rows.length > 0)
        const file = join(lab.folder, 'all.json')
        writeFileSync(file, JSON.stringify(rows))
        const paged = table.columns.filter(({ name: column, page }) => page && columns.includes(column))
        const shape = paged.map(({ page }) => `'${page?.field}': '${page?.jsonType}'`).join(', ')
        const select = paged.map(
          ({ name: column, page, type }) => `(${page?.expression})::${type} AS "${column}"`,
        )
        const view = name.replace('.', '_')
        await lab.connection.run(
          `CREATE OR REPLACE TABLE ${view} AS SELECT ${select.join(', ')} FROM read_json(['${file}'], format='array', columns={${shape}})`,
        )
        data.set(name, {
          table,
          key: must(table.columns.find(({ isKey }) => isKey)).name,
          values: await valuesOf(view, table),
        })
      }
    })

    /** Some values of each column, as constants. */
    async function valuesOf(view: string, table: PlatformTable): Promise<Map<string, SqlValue[]>> {
      const values = new Map<string, SqlValue[]>()
      for (const { name, type, page } of table.columns) {
        if (!page || typeof type !== 'string') continue
        const result = await lab.connection.runAndReadAll(
          `SELECT DISTINCT ${type === 'TIMESTAMP' ? `epoch_us("${name}")` : `"${name}"::VARCHAR`} FROM ${view} WHERE "${name}" IS NOT NULL ORDER BY 1 LIMIT 25`,
        )
        const toValue = (raw: unknown): SqlValue =>
          type === 'TIMESTAMP'
            ? { type, value: BigInt(String(raw)) }
            : type === 'BIGINT'
              ? { type, value: BigInt(String(raw)) }
              : type === 'BOOLEAN'
                ? { type, value: raw === 'true' }
                : type === 'VARCHAR' || type === 'UUID' || type === 'DECIMAL(38,10)'
                  ? { type, value: String(raw) }
                  : { type, value: Number(raw) }
        const found = result.getRows().map(([raw]) => toValue(raw))
        if (found.length > 0) values.set(name, found)
      }
      return values
    }

    /** Conditions that some rows meet and some do not, made of values that occur. */
    function predicates(values: ReadonlyMap<string, SqlValue[]>): fc.Arbitrary<Predicate> {
      const valued = fc.constantFrom(...values.entries())
      const leaf = valued.chain(([column, found]): fc.Arbitrary<Predicate> => {
        const value = fc.constantFrom(...found).chain((one) => near(one))
        const texts = found.filter(({ type }) => type === 'VARCHAR').map((one) => String(one.value))
        const search = fc.record({
          kind: fc.constantFrom('starts-with' as const, 'ends-with' as const, 'contains' as const),
          column: fc.constant(column),
          text: fc
            .tuple(fc.constantFrom('', ...texts), fc.nat(4), fc.integer({ min: 1, max: 6 }))
            .map(([text, from, length]) => text.slice(from, from + length)),
        })
        return fc.oneof(
          fc.record({
            kind: fc.constant('compare' as const),
            column: fc.constant(column),
            op: fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
            value,
          }),
          fc.record({
            kind: fc.constant('in' as const),
            column: fc.constant(column),
            values: fc.array(value, { minLength: 1, maxLength: 6 }),
          }),
          fc.record({
            kind: fc.constantFrom('is-null' as const, 'is-not-null' as const),
            column: fc.constant(column),
          }),
          ...(texts.length > 0 ? [search] : []),
        )
      })
      return fc.letrec<{ tree: Predicate }>((tie) => ({
        tree: fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          leaf,
          fc.record({
            kind: fc.constantFrom('and' as const, 'or' as const),
            terms: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
          }),
          tie('tree').map((term): Predicate => ({ kind: 'not', term })),
        ),
      })).tree
    }

    /** The value itself, or one beside it: between milliseconds, in other case, with blanks. */
    function near({ type, value }: SqlValue): fc.Arbitrary<SqlValue> {
      if (type === 'TIMESTAMP')
        return fc.constantFrom(0n, 1n, 1000n, -1500n).map((step) => ({ type, value: BigInt(value) + step }))
      if (type === 'VARCHAR') {
        const text = String(value)
        return fc
          .constantFrom(text, text.toUpperCase(), text.toLowerCase(), `${text} `)
          .map((one) => ({ type, value: one }))
      }
      if (type === 'INTEGER' || type === 'SMALLINT') {
        return fc.oneof(
          fc.constant({ type, value }),
          fc.constant({ type: 'DOUBLE' as const, value: Number(value) + 0.5 }),
        )
      }
      return fc.constant({ type, value })
    }

    for (const name of names) {
      test(`${name}: at least the rows of the SQL, and exactly those where it says so`, async () => {
        const { table, key, values } = must(data.get(name))
        const view = name.replace('.', '_')
        await fc.assert(
          fc.asyncProperty(fc.array(predicates(values), { minLength: 1, maxLength: 2 }), async (where) => {
            const condition = where.map(sqlOf).join(' AND ')
            const expected = await lab.connection.runAndReadAll(
              `SELECT "${key}"::VARCHAR FROM ${view} WHERE ${condition}`,
            )
            const wanted = expected
              .getRows()
              .map(([id]) => String(id))
              .sort()
            for (const offer of connector.negotiate(wishFor(table, { columns: [key], where }), lab.url)) {
              const { rows } = await lab.readAll(offer, partition)
              const got = rows.map((row) => String(row[key])).sort()
              assert.equal(new Set(got).size, got.length, `${offer.filter}: a row came twice`)
              if (offer.judgements.every((judgement) => judgement === 'exact'))
                assert.deepEqual(got, wanted, offer.filter)
              else {
                const held = new Set(got)
                assert.deepEqual(
                  wanted.filter((id) => !held.has(id)),
                  [],
                  offer.filter,
                )
              }
            }
            const counts = connector.negotiate(
              wishFor(table, { columns: [], where, isCountOnly: true }),
              lab.url,
            )
            for (const offer of counts.filter(({ isCount }) => isCount)) {
              const response = await lab.ask(must(offer.requests(partition)[0]))
              assert.equal(connector.readCount(response.body), wanted.length, offer.filter)
            }
          }),
          { numRuns: 20 },
        )
      })
    }

    test('long lists are cut into requests that each fit and together answer every row once', async () => {
      let cutOff = 0
      for (const [name, column, most] of [
        ['crm.Accounts', 'ID', 400],
        ['crm.Accounts', 'Code', 400],
        ['financialtransaction.TransactionLines', 'Account', 200],
      ] as const) {
        const { table, key } = must(data.get(name))
        const view = name.replace('.', '_')
        const found = await lab.connection.runAndReadAll(
          `SELECT DISTINCT "${column}"::VARCHAR FROM ${view} WHERE "${column}" IS NOT NULL LIMIT ${most}`,
        )
        const type = column === 'Code' ? 'VARCHAR' : 'UUID'
        const missing = Array.from(
          { length: 150 },
          (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
        )
        const values = [...found.getRows().map(([value]) => String(value)), ...missing].map(
          (value): SqlValue => ({ type, value }),
        )
        const where: Predicate[] = [{ kind: 'in', column, values }]
        const expected = await lab.connection.runAndReadAll(
          `SELECT count(*)::INTEGER FROM ${view} WHERE ${sqlOf(must(where[0]))}`,
        )
        const [wanted] = expected.getRows()[0] ?? []
        const offers = connector.negotiate(wishFor(table, { columns: [key], where }), lab.url)
        for (const offer of offers.filter(({ judgements }) => judgements[0] !== 'no')) {
          assert.ok(offer.requests(partition).length > 1)
          const { rows, calls, cutOffs } = await lab.readAll(offer, partition)
          cutOff += cutOffs
          assert.equal(new Set(rows.map((row) => row[key])).size, rows.length)
          assert.equal(rows.length, wanted)
          if (column === 'ID') {
            const least = offer.requests(partition).length
            if (!offer.ifFull) assert.equal(calls, least, 'a key list is one call a request')
            assert.ok(calls >= least && calls <= least + (offer.ifFull?.(partition).flat().length ?? 0))
            assert.equal(offer.maxRows, values.length)
          }
        }
        assert.ok(
          offers.some(({ judgements }) => judgements[0] === 'no'),
          'reading without the list is offered too',
        )
        const packed = must(
          offers.find((offer) => offer.isCutOff !== undefined) ?? (column === 'ID' ? offers[0] : undefined),
          `${name} by ${column} in addresses that are full`,
        )
        for (const { url } of packed.requests(partition)) assert.ok(url.length <= 6000)
      }
      assert.ok(cutOff > 0, 'a next link of a full address was too long, and its values were asked for again')
    })

    for (const [name, column, isDescending, limit] of [
      ['salesinvoice.SalesInvoices', 'InvoiceNumber', true, 7],
      ['salesinvoice.SalesInvoices', 'Created', true, 90],
      ['financialtransaction.TransactionLines', 'AmountDC', true, 130],
    ] as const) {
      test(`the first ${limit} of ${name} by ${column} are those of DuckDB`, async () => {
        const { table } = must(data.get(name))
        const orderBy = [{ column, isDescending, areNullsFirst: false }]
        const wish = wishFor(table, { columns: [column], limit, orderBy })
        for (const offer of connector.negotiate(wish, lab.url)) {
          assert.ok(offer.isLimitPushed)
          const { rows, calls } = await lab.readAll(offer, partition)
          const result = await lab.connection.runAndReadAll(
            `SELECT count(*)::INTEGER FROM (FROM ${name.replace('.', '_')} ORDER BY "${column}" DESC NULLS LAST LIMIT ${limit})`,
          )
          assert.equal(rows.length, result.getRows()[0]?.[0])
          assert.ok(calls <= Math.ceil(limit / offer.pageRows))
          const column0 = must(table.columns.find((candidate) => candidate.name === column))
          const file = join(lab.folder, 'top.json')
          writeFileSync(file, JSON.stringify(rows))
          const difference = await lab.connection.runAndReadAll(
            `SELECT count(*)::INTEGER FROM (SELECT "${column}" FROM ${name.replace('.', '_')} ORDER BY 1 DESC NULLS LAST LIMIT ${limit}) a FULL JOIN (SELECT (${column0.page?.expression})::${column0.type} AS v FROM read_json(['${file}'], format='array', columns={'${column}': 'VARCHAR'})) b ON a."${column}" IS NOT DISTINCT FROM b.v WHERE a."${column}" IS DISTINCT FROM b.v`,
          )
          assert.deepEqual(difference.getRows(), [[0]])
        }
      })
    }
  })
}
