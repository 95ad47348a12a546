import { readFile } from 'node:fs/promises'
import type { Predicate } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { Partition, PlatformTable } from '../catalog/table.ts'
import type { WriteValue } from '../catalog/table-write.ts'
import type { WritePlan } from '../plan/write-plan.ts'
import { predicateSql } from '../run/predicate-sql.ts'
import { toValue } from '../run/typed-value.ts'
import type { ReadChooser } from '../statements/choose-reads.ts'
import { type FetchReadsOptions, fetchReads, viewOf } from '../statements/fetch-reads.ts'
import { readRows, rowsSql, typeOf } from './evaluate-rows.ts'

export interface FoundRow {
  readonly key: string
  readonly values: ReadonlyMap<string, WriteValue>
  /** As it stood in the page. */
  readonly body: string
}

/** The rows that a condition takes in one partition, as they stand at the platform now. */
export type LookForRow = (
  where: Predicate,
  columns: readonly string[],
  partition: Partition | null,
) => Promise<readonly FoundRow[]>

/** Above the ids of the scans that a statement itself has. */
const firstLookId = 1_000_000

/** Looks through the connector's own reads, so that what a read costs and how it is asked is said in one place. */
export function lookerFor(
  plan: WritePlan,
  table: PlatformTable,
  chooser: ReadChooser,
  reading: Omit<FetchReadsOptions, 'reads' | 'chooser'>,
): LookForRow {
  let id = firstLookId
  return async (where, columns, partition) => {
    const { partitionColumn } = table
    const terms = where.kind === 'and' ? where.terms : [where]
    const scalar = table.columns
      .filter(({ name, type, page }) => page && name !== partitionColumn && typeof type === 'string')
      .map(({ name }) => name)
    const type = partitionColumn === null ? null : typeOf(table, partitionColumn)
    const inPartition: readonly Predicate[] =
      partition === null || partitionColumn === null || typeof type !== 'string'
        ? []
        : [{ kind: 'compare', column: partitionColumn, op: '=', value: toValue(partition.id, type) }]
    const scan: Scan = {
      id: id++,
      source: plan.source,
      table,
      columns: scalar,
      where: [...inPartition, ...terms],
      limit: null,
      orderBy: [],
      isCountOnly: false,
      keysFrom: [],
    }
    const [read] = await fetchReads({ ...reading, reads: [await chooser.choose(scan)], chooser })
    if (!read) throw new TypeError('a look gave no answer')
    const read_ = [plan.keyColumn, ...columns.filter((name) => scalar.includes(name))]
    const names = read_.map((name) => `"${name}"`).join(', ')
    const sql = `SELECT ${names} FROM scan_${scan.id} WHERE ${terms.map(predicateSql).join(' AND ')}`
    const asked = { ...plan, read: read_, assigned: [] }
    const rows = readRows(
      await reading.values([viewOf(read.read, read.fetched)], rowsSql(sql, asked, table), 10),
      asked,
    )
    const bodies = await pageRows(read.fetched?.files ?? [])
    return rows.flatMap(({ old }) => {
      const key = String(old.get(plan.keyColumn))
      const field = table.columns.find(({ name }) => name === plan.keyColumn)?.page?.field ?? plan.keyColumn
      const body = bodies.find((row) => String(row[field]).toLowerCase() === key.toLowerCase())
      return [{ key, values: old, body: JSON.stringify(body ?? {}) }]
    })
  }
}

async function pageRows(files: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await readFile(file, 'utf8') })))
  return texts.flatMap(({ file, text }) =>
    file.endsWith('.ndjson')
      ? text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : (JSON.parse(text) as Record<string, unknown>[]),
  )
}
