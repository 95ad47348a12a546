import type { ChosenRead } from '../catalog/connector.ts'
import type { Predicate } from '../catalog/predicate.ts'
import type { KeyTransfer, Scan } from '../catalog/scan.ts'
import type { Partition, ScalarType } from '../catalog/table.ts'
import { rowsBefore } from '../plan/estimate-calls.ts'
import { shouldTransferKeys } from '../plan/order-scans.ts'
import { toValue } from '../run/typed-value.ts'
import type { ChoosingHints, ReadChooser } from './choose-reads.ts'
import type { ReadScan } from './read-scan.ts'

/** A read of some partitions of a scan, and the keys that it is held to. */
export interface ReadPart {
  readonly read: ChosenRead
  readonly keys: readonly Predicate[]
}

/** The distinct keys that another scan hands over: by partition where they hold only within it. */
export type HandedKeys = readonly string[] | ReadonlyMap<string, readonly string[]>

/** The parts with these keys wherever that is expected to cost less; a partition without keys needs no call at all. */
export async function withKeys(
  parts: readonly ReadPart[],
  { column }: KeyTransfer,
  type: ScalarType,
  keys: HandedKeys,
  chooser: ReadChooser,
  hints: ChoosingHints,
): Promise<readonly ReadPart[]> {
  const term = (values: readonly string[]): Predicate => ({
    kind: 'in',
    column,
    values: values.map((text) => toValue(text, type)),
  })
  const one = async (scan: Scan, part: ReadPart, values: readonly string[], some: ChoosingHints) => {
    const added = [...part.keys, term(values)]
    const read = await chooser.choose(scan, added, some)
    // Rows that came for these keys last time come without them too: a guess of fewer is none.
    const isGuess = read.isKnown === true && part.read.isKnown !== true && scan.limit === null
    const full = isGuess
      ? await chooser.choose(scan, part.keys, { ...some, leastRows: rowsByPlace(read) })
      : part.read
    return shouldTransferKeys(full.calls, read.calls) ? { read, keys: added } : null
  }
  const next: ReadPart[] = []
  for (const part of parts) {
    const { partitions } = part.read
    const scan = withoutKeys(part)
    if (keys instanceof Map && partitions !== null) {
      const without: Partition[] = []
      for (const partition of partitions) {
        const values = keys.get(partition.id)
        if (values === undefined) continue
        const some = { ...hints, partitions: [partition] }
        const alone = { read: await chooser.choose(scan, part.keys, some), keys: part.keys }
        const keyed = await one(scan, alone, values, some)
        if (keyed === null) without.push(partition)
        else next.push(keyed)
      }
      if (without.length === 0) continue
      const some = { ...hints, partitions: without }
      next.push({ read: await chooser.choose(scan, part.keys, some), keys: part.keys })
    } else if (!(keys instanceof Map)) {
      const some = partitions === null ? hints : { ...hints, partitions }
      next.push((await one(scan, part, keys as readonly string[], some)) ?? part)
    }
  }
  return next
}

function rowsByPlace({ places }: ChosenRead): NonNullable<ChoosingHints['leastRows']> {
  const rows = new Map(places.map((place) => [place.partition?.id ?? '', place.rows]))
  return (partition) => rows.get(partition?.id ?? '') ?? 0
}

/** A chosen read's scan holds its keys as conditions. */
function withoutKeys({ read: { scan }, keys }: ReadPart): Scan {
  return keys.length === 0 ? scan : { ...scan, where: scan.where.filter((term) => !keys.includes(term)) }
}

/** A header has more than one line as a rule: else the lines were columns of it. */
const linesPerHeader = 3

/**
 * How long a table is likely to be that was never read, by the rows of another that its rows name: where each row of
 * that one has a key of its own, the rows that name it are not fewer as a rule.
 */
export function likelyRows(
  { scan }: ChosenRead,
  { column, fromColumn }: KeyTransfer,
  { read: giver, fetched }: ReadScan,
): ChoosingHints['likelyRows'] | null {
  const isSoleKey = (table: Scan['table'], name: string) => {
    const keys = table.columns.filter(({ isKey }) => isKey)
    return keys.length === 1 && keys[0]?.name === name
  }
  if (fetched === null || giver.nestedIn !== undefined || fetched.perPartition.length === 0) return null
  if (!isSoleKey(giver.scan.table, fromColumn) || isSoleKey(scan.table, column)) return null
  const areLines = (giver.scan.table.lines ?? []).some(
    ({ table, lineKey }) =>
      table.schema === scan.table.schema && table.name === scan.table.name && lineKey === column,
  )
  const rows = new Map(fetched.perPartition.map((place) => [place.partition, place.rows]))
  return (partition) =>
    rowsBefore(giver.scan.where, rows.get(partition?.id ?? '') ?? 0) * (areLines ? linesPerHeader : 1)
}
