import type { ChosenRead } from '../catalog/connector.ts'
import type { Scan } from '../catalog/scan.ts'
import { isWhole, predicateSql } from '../run/predicate-sql.ts'

/**
 * A statement that names a table twice need not read it twice: a scan whose rows all stand in the pages of another one
 * (same source and table, no condition that this one lacks, nothing cut off) uses those, with the columns of both.
 * It is done where the wider read costs no more calls than the two would.
 *
 * @param choose the cheapest read of a scan
 */
export async function shareReads(
  reads: readonly ChosenRead[],
  choose: (scan: Scan) => Promise<ChosenRead>,
): Promise<readonly ChosenRead[]> {
  const shared = [...reads]
  for (const [index, guest] of reads.entries()) {
    if (guest.calls.max === 0 || guest.offer.isCount) continue
    const at = shared.findIndex(
      (host, other) => other !== index && host.sharedWith === undefined && holds(host.scan, guest.scan),
    )
    const host = shared[at]
    // Who lends its pages to another scan keeps them whole, so it does not borrow itself.
    if (host === undefined || shared.some((read) => read.sharedWith === guest.scan.id)) continue
    const columns = [...new Set([...host.scan.columns, ...guest.scan.columns])].sort()
    const wide = columns.length === host.scan.columns.length ? host : await choose({ ...host.scan, columns })
    if (wide.calls.expected > host.calls.expected + guest.calls.expected) continue
    shared[at] = wide
    shared[index] = {
      ...guest,
      offer: wide.offer,
      calls: { min: 0, expected: 0, max: 0 },
      places: [],
      reason: `its rows stand in the pages that are read for scan ${host.scan.id + 1}`,
      sharedWith: host.scan.id,
    }
  }
  // A host that was widened after it had lent its pages lends the wider ones.
  return shared.map((read) => {
    const host = shared.find(({ scan }) => scan.id === read.sharedWith)
    return host ? { ...read, offer: host.offer } : read
  })
}

function holds(host: Scan, guest: Scan): boolean {
  if (host.source !== guest.source || host.table !== guest.table) return false
  if (JSON.stringify(host.arguments) !== JSON.stringify(guest.arguments)) return false
  if (host.limit !== null || host.isCountOnly || host.keysFrom.length > 0) return false
  if (!host.where.every(isWhole)) return false
  const known = new Set(guest.where.map(predicateSql))
  return host.where.every((term) => known.has(predicateSql(term)))
}
