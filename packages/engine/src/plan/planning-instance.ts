import {
  BIGINT,
  BOOLEAN,
  DECIMAL,
  DOUBLE,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  DuckDBTableFunction,
  type DuckDBTableFunctionBindInfo,
  type DuckDBType,
  INTEGER,
  LIST,
  SMALLINT,
  STRUCT,
  TIMESTAMP,
  UUID,
  VARCHAR,
} from '@duckdb/node-api'
import type { PlatformTable, ScalarType, TableColumn } from '../catalog/table.ts'
import { catalogueRelations } from './catalogue-relations.ts'
import { isNode, type JsonNode, parseLosslessJson } from './plan-json.ts'
import type { ResultColumn } from './statement-plan.ts'

const duckdbTypes: Readonly<Record<ScalarType, DuckDBType>> = {
  BOOLEAN,
  SMALLINT,
  INTEGER,
  BIGINT,
  'DECIMAL(38,10)': DECIMAL(38, 10),
  DOUBLE,
  UUID,
  TIMESTAMP,
  VARCHAR,
}

/**
 * A DuckDB without data that parses and plans statements of one time zone. Reading a table of the platform is a
 * table function here, which the optimiser can neither look into nor fold away, and whose place in the plan it shows.
 *
 * Planning runs the statement's constant expressions, so the instance has no files, no network, no extensions, little
 * memory and settings that nobody can change back.
 */
export class PlanningInstance {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #serializeSql: DuckDBPreparedStatement
  readonly #serializePlan: DuckDBPreparedStatement
  readonly #scans: PlatformTable[]

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    prepared: readonly [DuckDBPreparedStatement, DuckDBPreparedStatement],
    scans: PlatformTable[],
  ) {
    this.#instance = instance
    this.#connection = connection
    this.#serializeSql = prepared[0]
    this.#serializePlan = prepared[1]
    this.#scans = scans
  }

  /** @throws when the time zone is not one that ICU knows. */
  static async open(timeZone: string): Promise<PlanningInstance> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: '256MB',
      max_temp_directory_size: '0B',
      temp_directory: '',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    })
    try {
      const connection = await instance.connect()
      const scans: PlatformTable[] = []
      connection.registerTableFunction(
        DuckDBTableFunction.create({
          name: 'scan',
          parameterTypes: [INTEGER],
          supportsProjectionPushdown: true,
          bindFunction: (info) => bindScan(info, scans),
          initFunction: () => undefined,
          mainFunction: (_info, chunk) => {
            chunk.rowCount = 0
          },
        }),
      )
      connection.registerTableFunction(
        DuckDBTableFunction.create({
          name: 'catalogue',
          parameterTypes: [INTEGER],
          bindFunction: (info) => {
            for (const { name, type } of catalogueRelations[Number(info.getParameter(0))]?.columns ?? []) {
              info.addResultColumn(name, { VARCHAR, BIGINT, BOOLEAN, TIMESTAMP }[type])
            }
          },
          initFunction: () => undefined,
          mainFunction: (_info, chunk) => {
            chunk.rowCount = 0
          },
        }),
      )
      for (const [index, relation] of catalogueRelations.entries()) {
        await connection.run(`CREATE VIEW "${relation.runnableName}" AS SELECT * FROM catalogue(${index})`)
      }
      await connection.run(`SET TimeZone = '${timeZone.replaceAll("'", "''")}'`)
      // Rewritten to a join with a list of constants, an IN list of six and more would no longer be a filter.
      // The column maps that `column_lifetime` puts into joins do not survive the serialiser's copy of some plans
      // ("Failed to bind column reference"); which columns are read at all is decided elsewhere.
      await connection.run("SET disabled_optimizers = 'in_clause,column_lifetime'")
      await connection.run('SET enable_external_access = false')
      await connection.run('SET lock_configuration = true')
      // The argument's type must be said, or the serialiser is bound to no function.
      const serializeSql = await connection.prepare('SELECT json_serialize_sql($1::VARCHAR)')
      const serializePlan = await connection.prepare(
        'SELECT json_serialize_plan($1::VARCHAR, optimize := true)',
      )
      return new PlanningInstance(instance, connection, [serializeSql, serializePlan], scans)
    } catch (error) {
      instance.closeSync()
      throw error
    }
  }

  /** The parse tree of SELECT statements, or `{error: true, error_type, error_message, position}`. */
  async parse(sql: string): Promise<JsonNode> {
    return this.#call(this.#serializeSql, sql)
  }

  /** How many statements the text holds. @throws DuckDB's parser error */
  async countStatements(sql: string): Promise<number> {
    return (await this.#connection.extractStatements(sql)).count
  }

  /** Makes the views `scan_0`, `scan_1`, … stand for these tables, until the next call. */
  async setScans(tables: readonly PlatformTable[]): Promise<void> {
    const old = this.#scans.splice(0, this.#scans.length, ...tables)
    let sql = ''
    for (let id = 0; id < Math.max(old.length, tables.length); id++) {
      // Making a view binds every column of the table; one that stands already is worth keeping.
      if (id < tables.length && old[id] === tables[id]) continue
      sql +=
        id < tables.length
          ? `CREATE OR REPLACE VIEW scan_${id} AS SELECT * FROM scan(${id});`
          : `DROP VIEW IF EXISTS scan_${id};`
    }
    if (sql === '') return
    try {
      await this.#connection.run(sql)
    } catch (error) {
      // Nobody knows which of them stand now.
      this.#scans.length = 0
      throw error
    }
  }

  /** The optimised plan of one SELECT statement, or `{error: true, …}`. */
  async plan(sql: string): Promise<JsonNode> {
    return this.#call(this.#serializePlan, sql)
  }

  /** The columns that a statement yields. @throws DuckDB's binder error */
  async describe(sql: string): Promise<ResultColumn[]> {
    const prepared = await this.#connection.prepare(sql)
    try {
      return Array.from({ length: prepared.columnCount }, (_, index) => ({
        name: prepared.columnName(index),
        type: prepared.columnType(index).toString(),
      }))
    } finally {
      prepared.destroySync()
    }
  }

  /** Type and text of a constant expression; null where it is NULL. @throws DuckDB's errors */
  async evaluate(expression: string): Promise<{ readonly type: string; readonly text: string } | null> {
    const sql = `SELECT typeof(v), CAST(v AS VARCHAR) FROM (SELECT (${expression}\n) AS v)`
    const [type, text] = (await this.#connection.runAndReadAll(sql)).getRows()[0] ?? []
    return typeof text === 'string' ? { type: String(type), text } : null
  }

  close(): void {
    this.#serializeSql.destroySync()
    this.#serializePlan.destroySync()
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  async #call(prepared: DuckDBPreparedStatement, sql: string): Promise<JsonNode> {
    prepared.bindVarchar(1, sql)
    const reader = await prepared.runAndReadAll()
    const parsed = parseLosslessJson(String(reader.getRows()[0]?.[0]))
    if (!isNode(parsed)) throw new TypeError('DuckDB serialised something else than an object')
    return parsed
  }
}

function bindScan(info: DuckDBTableFunctionBindInfo, scans: readonly PlatformTable[]): void {
  const table = scans[Number(info.getParameter(0))]
  if (table === undefined) {
    info.setError('no such scan')
    return
  }
  for (const column of table.columns) info.addResultColumn(column.name, duckdbType(column))
  // A guess that keeps the optimiser from treating the table as tiny; row counts are weighed elsewhere.
  info.setCardinality(10_000, false)
}

const listTypes = new WeakMap<TableColumn, DuckDBType>()

function duckdbType(column: TableColumn): DuckDBType {
  if (typeof column.type === 'string') return duckdbTypes[column.type]
  let type = listTypes.get(column)
  if (type === undefined) {
    const fields = Object.fromEntries(column.type.list.map((field) => [field.name, duckdbType(field)]))
    type = LIST(STRUCT(fields))
    listTypes.set(column, type)
  }
  return type
}
