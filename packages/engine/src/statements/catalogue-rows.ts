import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlatformTable } from '../catalog/table.ts'
import type { StatementRecord } from '../engine.ts'
import { catalogueRelations } from '../plan/catalogue-relations.ts'
import { literal, typeText } from '../run/scan-view.ts'

/** What the data dictionary of one database shows. */
export interface CatalogueContent {
  readonly database: string
  readonly sources: readonly {
    readonly alias: string
    readonly grant: string
    readonly platform: string
    readonly region: string
    readonly clientId: string | null
    readonly state: string
    readonly tables: readonly PlatformTable[]
    readonly partitions: readonly {
      readonly id: string
      readonly name: string
      readonly isReadable: boolean
    }[]
    readonly budgets: readonly {
      readonly partition: string
      readonly window: string
      readonly endpoint: string | null
      readonly limit: number
      readonly remaining: number
      readonly resetsAt: string
    }[]
  }[]
  readonly statements: readonly StatementRecord[]
}

/** Surfaces with two levels show the first source's services as they are and another source's as `alias.service`. */
export function schemaName(alias: string, isFirst: boolean, schema: string): string {
  return isFirst ? schema : `${alias}.${schema}`
}

type Row = Readonly<Record<string, string | number | boolean | null>>

function rowsOf(relation: string, content: CatalogueContent): Row[] {
  const { database, sources, statements } = content
  const tables = sources.flatMap(({ alias, tables: list }, index) =>
    // Functions take parameters: nothing that lists tables to select from them should see one.
    list
      .filter(({ parameters }) => parameters === undefined)
      .map((table) => ({ table, schema: schemaName(alias, index === 0, table.schema) })),
  )
  switch (relation) {
    case 'information_schema_schemata':
      return [...new Set(tables.map(({ schema }) => schema))].map((schema) => ({
        catalog_name: database,
        schema_name: schema,
        schema_owner: 'sluis',
      }))
    case 'information_schema_tables':
      return tables.map(({ table, schema }) => ({
        table_catalog: database,
        table_schema: schema,
        table_name: table.name,
        table_type: 'BASE TABLE',
        is_insertable_into: 'NO',
      }))
    case 'information_schema_columns':
      return tables.flatMap(({ table, schema }) =>
        table.columns.map((column, index) => ({
          table_catalog: database,
          table_schema: schema,
          table_name: table.name,
          column_name: column.name,
          ordinal_position: index + 1,
          is_nullable: column.isNullable ? 'YES' : 'NO',
          data_type: typeText(column.type),
          is_key: column.isKey,
          is_partition: column.name === table.partitionColumn,
        })),
      )
    case 'sluis_partitions':
      return sources.flatMap(({ alias, partitions }) =>
        partitions.map(({ id, name, isReadable }) => ({ source: alias, id, name, is_readable: isReadable })),
      )
    case 'sluis_statements':
      return statements.map((record) => ({
        id: record.id,
        database: record.database,
        sql: record.sql,
        actor: record.actor,
        state: record.state,
        started_at: record.startedAt.replace('Z', ''),
        ended_at: record.endedAt?.replace('Z', '') ?? null,
        calls_made: record.progress.callsMade,
        calls_expected: record.progress.callsExpected,
        rows_fetched: record.progress.rowsFetched,
        partitions_done: record.progress.partitionsDone,
        partitions_total: record.progress.partitionsTotal,
        waiting_until: record.progress.waitingUntil?.replace('Z', '') ?? null,
        bytes_fetched: record.stats?.bytesFetched ?? null,
        error_code: record.error?.code ?? null,
        error_detail: record.error?.detail ?? null,
      }))
    case 'sluis_native_calls':
      return statements.flatMap((record) =>
        record.nativeCalls.map((call) => ({ statement_id: record.id, ...call })),
      )
    case 'sluis_budgets':
      return sources.flatMap(({ alias, budgets }) =>
        budgets.map(({ partition, window, endpoint, limit, remaining, resetsAt }) => ({
          source: alias,
          partition,
          window,
          call_limit: limit,
          remaining,
          resets_at: resetsAt.replace('Z', ''),
          endpoint,
        })),
      )
    case 'sluis_grants':
      return sources.map(({ alias, grant, platform, region, clientId, state }) => ({
        id: grant,
        source: alias,
        platform,
        region,
        client_id: clientId,
        state,
      }))
    default:
      throw new TypeError(`no catalogue relation ${relation}`)
  }
}

/** Writes the rows of a catalogue relation into the query's folder and gives the view over them. */
export async function catalogueView(
  relation: string,
  folder: string,
  content: CatalogueContent,
): Promise<string> {
  const definition = catalogueRelations.find(({ runnableName }) => runnableName === relation)
  if (!definition) throw new TypeError(`no catalogue relation ${relation}`)
  const file = join(folder, `${relation}.json`)
  const rows = rowsOf(relation, content)
  const types = definition.columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`)
  const names = definition.columns.map(({ name }) => `"${name}"`)
  if (rows.length === 0) {
    return `CREATE VIEW ${relation} AS SELECT ${definition.columns.map(({ name, type }) => `NULL::${type} AS "${name}"`).join(', ')} WHERE false`
  }
  await writeFile(file, JSON.stringify(rows), { mode: 0o600 })
  return `CREATE VIEW ${relation} AS SELECT ${names.join(', ')} FROM read_json([${literal(file)}], format='array', columns={${types.join(', ')}})`
}
