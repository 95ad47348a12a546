import { isSluisError, SluisError } from '@sluis/shared'
import type { PlatformTable } from '../catalog/table.ts'
import { planStatement } from './plan-statement.ts'
import type { PlannerReply, PlannerRequest, SourceKey } from './planner-messages.ts'
import { PlanningInstance } from './planning-instance.ts'
import { TableNames } from './table-names.ts'

// A planner: one statement at a time, started with an empty environment; it ends when its parent's channel closes.
const reply = (message: PlannerReply) => process.send?.(message)
const catalogues = new Map<string, readonly PlatformTable[]>()
const namesOfSources = new Map<string, TableNames>()
const instances = new Map<string, PlanningInstance>()

async function plan(message: Extract<PlannerRequest, { kind: 'plan' }>): Promise<void> {
  const { id, request, sources } = message
  const startedAt = performance.now()
  const instance = await instanceOf(request.timeZone)
  const { scans, ...rest } = await planStatement(instance, namesOf(sources), request)
  const sent = scans.map(({ table, ...scan }) => ({
    ...scan,
    tableIndex: indexOf(sources, scan.source, table),
  }))
  reply({
    kind: 'planned',
    id,
    plan: { ...rest, scans: sent },
    planMs: performance.now() - startedAt,
    rssBytes: process.memoryUsage.rss(),
  })
}

/** Settings are locked, so each time zone has an instance of its own; the few in use stay open. */
async function instanceOf(timeZone: string): Promise<PlanningInstance> {
  const known = instances.get(timeZone)
  if (known !== undefined) return known
  let instance: PlanningInstance
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    instance = await PlanningInstance.open(timeZone)
  } catch (error) {
    throw new SluisError('INVALID_REQUEST', `The time zone ${timeZone} is not known.`, {
      hint: 'Use a name of the IANA time zone database, for instance Europe/Amsterdam.',
      details: { field: 'timeZone' },
      cause: error,
    })
  }
  instances.set(timeZone, instance)
  dropOldest(instances, 4)?.close()
  return instance
}

function namesOf(sources: readonly SourceKey[]): TableNames {
  const key = JSON.stringify(sources)
  let names = namesOfSources.get(key)
  if (names === undefined) {
    names = new TableNames(
      sources.map(({ alias, key: catalogue }) => ({ alias, tables: tablesOf(catalogue) })),
    )
    namesOfSources.set(key, names)
    dropOldest(namesOfSources, 64)
  }
  return names
}

function tablesOf(key: string): readonly PlatformTable[] {
  const tables = catalogues.get(key)
  if (tables === undefined) throw new TypeError('a plan refers to a catalogue that was not sent')
  return tables
}

function indexOf(sources: readonly SourceKey[], alias: string, table: PlatformTable): number {
  const source = sources.find((candidate) => candidate.alias === alias)
  return source === undefined ? -1 : tablesOf(source.key).indexOf(table)
}

function dropOldest<V>(map: Map<string, V>, most: number): V | undefined {
  const [oldest] = map
  if (map.size <= most || oldest === undefined) return undefined
  map.delete(oldest[0])
  return oldest[1]
}

process.on('message', (message: PlannerRequest) => {
  if (message.kind === 'catalogue') catalogues.set(message.key, message.tables)
  else if (message.kind === 'forget') {
    catalogues.delete(message.key)
    namesOfSources.clear()
  } else {
    plan(message).catch((error: unknown) => {
      const isOurs = isSluisError(error)
      reply({
        kind: 'failed',
        id: message.id,
        code: isOurs ? error.code : null,
        message: error instanceof Error ? error.message : String(error),
        hint: isOurs ? (error.hint ?? null) : null,
        details: isOurs ? error.details : {},
      })
    })
  }
})
process.on('disconnect', () => process.exit(0))
