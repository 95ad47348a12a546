import { SluisError } from '@sluis/shared'
import type { CallEstimate, PlaceCalls } from '../catalog/connector.ts'
import type { CallBudgets, DayLeft } from '../fetch/call-budget.ts'
import { orderScans } from '../plan/order-scans.ts'
import type { CheckedRow } from '../write/check-rows.ts'
import type { PreparedStatement } from './prepare-statement.ts'
import type { SourceContext } from './source-context.ts'

/** A partition whose calls of today do not suffice for what a statement will take, or will probably take. */
export interface Scarcity {
  readonly partition: string
  readonly min: number
  readonly expected: number
  readonly day: DayLeft
  readonly isCertain: boolean
}

interface Need {
  readonly source: SourceContext
  readonly place: Omit<PlaceCalls, 'rows'>
}

/** Holds what a statement's reads take of each partition against what is left of its day. Makes no call. */
export async function weighBudgets(
  { reads, chooser }: Pick<PreparedStatement, 'reads' | 'chooser'>,
  budgets: CallBudgets,
): Promise<{ readonly scarce: readonly Scarcity[] }> {
  const order = new Map(orderScans(reads).map(({ scanId, keysFrom }) => [scanId, keysFrom]))
  const needs = reads.flatMap((read): Need[] => {
    if (read.sharedWith !== undefined || read.calls.max === 0) return []
    const source = chooser.sourceOf(read.scan)
    // Keys of another scan may make a read unnecessary.
    const isCertain = (order.get(read.scan.id) ?? []).length === 0
    return read.places.map((place) => ({ source, place: isCertain ? place : { ...place, min: 0 } }))
  })
  return { scarce: await weigh(needs, budgets) }
}

/** The same for the rows of a write: each is a call. */
export async function weighWrites(
  source: SourceContext,
  rows: readonly CheckedRow[],
  budgets: CallBudgets,
): Promise<readonly Scarcity[]> {
  const needs = rows.flatMap(({ partition, write }): Need[] =>
    write === null ? [] : [{ source, place: { partition, min: 1, expected: 1 } }],
  )
  return weigh(needs, budgets)
}

async function weigh(needs: readonly Need[], budgets: CallBudgets): Promise<readonly Scarcity[]> {
  const bySource = new Map<SourceContext, Map<string, { min: number; expected: number }>>()
  for (const { source, place } of needs) {
    // What has no partition counts against no limit that is known.
    if (place.partition === null) continue
    const places = bySource.get(source) ?? new Map<string, { min: number; expected: number }>()
    bySource.set(source, places)
    const before = places.get(place.partition.id) ?? { min: 0, expected: 0 }
    places.set(place.partition.id, {
      min: before.min + place.min,
      expected: before.expected + place.expected,
    })
  }
  const found: Scarcity[] = []
  for (const [source, places] of bySource) {
    const days = await budgets.dayLeft(source.platform, source.clientId, [...places.keys()])
    for (const [partition, { min, expected }] of places) {
      const day = days.get(partition)
      if (day === undefined) continue
      if (expected > day.left || min > day.left)
        found.push({ partition, min, expected, day, isCertain: min > day.left })
    }
  }
  return found.sort((a, b) => Number(b.isCertain) - Number(a.isCertain))
}

/** `Division 12 has 40 calls left until 2026-11-26T00:00:00.000Z; the statement takes 120 there.` */
export function describeScarcity({ partition, min, expected, day, isCertain }: Scarcity): string {
  const takes = isCertain ? `takes at least ${min}` : `probably takes ${expected}`
  const until = new Date(day.resetsAt).toISOString()
  return `Partition ${partition} has ${day.left} of its ${day.limit} calls left until ${until}; the statement ${takes} there.`
}

/**
 * Refuses a statement that certainly cannot end today, before its first call; one that waits for days goes on.
 * @throws SluisError PLATFORM_BUDGET_EXHAUSTED with the estimate and when it would fit
 * @returns what to warn of
 */
export function refuseScarcity(
  scarce: readonly Scarcity[],
  calls: CallEstimate,
  isPatient: boolean,
): readonly string[] {
  const [first] = scarce
  if (first === undefined || !first.isCertain || isPatient) return scarce.map(describeScarcity)
  const { partition, min, day } = first
  const resetsAt = new Date(day.resetsAt).toISOString()
  const fits = min <= day.limit
  throw new SluisError('PLATFORM_BUDGET_EXHAUSTED', describeScarcity(first), {
    hint: fits
      ? `Nothing was asked. It fits from ${resetsAt}; run asynchronously (Prefer: respond-async) it waits until then.`
      : 'Nothing was asked. It takes more than a day has: run it asynchronously (Prefer: respond-async), or ask for less.',
    details: {
      calls,
      partition,
      remaining: day.left,
      resetsAt,
      fitsAt: fits ? resetsAt : null,
    },
  })
}
