import { z } from 'zod'
import { count, problemAnswer, text, time } from './common.ts'
import { grant } from './grants.ts'

// Databases, what they hold, and statements on them.

export const databaseSource = z.object({
  alias: text,
  grant: text,
  platform: text,
  partitions: z.union([z.literal('all'), z.array(text)]),
})
export const database = z.object({
  name: text,
  title: text.nullable(),
  strict: z.boolean(),
  maxAgeSeconds: count.nullable(),
  sources: z.array(databaseSource),
  createdAt: time,
})
export const createdDatabase = database.extend({ grant: grant.optional() })
export const stats = z.object({
  apiCalls: count.describe('Calls that the platform saw for this statement.'),
  rowsFetched: count,
  bytesFetched: count,
  planMs: z.number(),
  elapsedMs: z.number(),
  truncated: z.boolean().optional(),
  cache: z.object({ hits: count, callsSaved: count, oldestAgeSeconds: count.nullable() }).optional(),
  warnings: z.array(text),
  scans: z.array(
    z.object({
      table: text,
      endpoint: text,
      partitions: z.array(text),
      filter: text,
      columns: z.array(text),
      calls: count,
      rows: count,
      cached: z.object({ pages: count, oldestAgeSeconds: count }).optional(),
    }),
  ),
})
export const queryAnswer = z.object({
  columns: z.array(z.object({ name: text, type: text })),
  rows: z.array(z.array(z.unknown())),
  stats: stats.optional(),
  error: problemAnswer
    .optional()
    .describe('Came after the first rows: what is there is not the whole answer.'),
})
/** A value as a row's columns hold it. */
export const columnValues = z.record(text, z.unknown()).nullable()
export const writtenStatement = z.object({
  verb: text,
  table: text,
  rows: z.array(
    z.object({
      row: count,
      outcome: z.enum(['inserted', 'updated', 'unchanged', 'deleted', 'failed', 'unknown', 'not attempted']),
      partition: text.nullable(),
      key: text.nullable(),
      error: text.nullable(),
      old: columnValues,
      new: columnValues,
    }),
  ),
  revert: z.array(text),
})
export const statement = z.object({
  id: text,
  database: text,
  sql: text,
  actor: text,
  actorName: text.nullable().describe('What the person or key that ran it is called now.'),
  state: z.enum(['planning', 'fetching', 'running', 'done', 'failed', 'cancelled']),
  startedAt: time,
  endedAt: time.nullable(),
  progress: z.object({
    callsMade: count,
    callsExpected: z.number(),
    rowsFetched: count,
    partitionsDone: count,
    partitionsTotal: count,
    waitingUntil: time.nullable(),
  }),
  error: z.object({ code: text, detail: text, hint: text.optional() }).nullable(),
  stats: stats.nullable(),
  write: writtenStatement.optional(),
  nativeCalls: z.array(
    z.object({
      method: text,
      route: text,
      status: count.nullable(),
      rows: count.nullable(),
      bytes: count,
      ms: z.number(),
    }),
  ),
})
export const savedQuery = z.object({
  id: text,
  name: text,
  sql: text,
  isShared: z.boolean(),
  isOwn: z.boolean(),
  mayChange: z.boolean(),
  author: text.nullable(),
  createdAt: time,
  changedAt: time,
})
export const calls = z.object({ min: z.number(), expected: z.number(), max: z.number().nullable() })
export const explanation = z.object({
  class: text,
  calls,
  scans: z.array(
    z.object({
      table: text,
      endpoint: text,
      partitions: z.array(text),
      filter: text,
      columns: z.array(text),
      pushed: z.array(z.object({ term: text, judgement: text })),
      keysFrom: z.array(text),
      requests: z.array(text),
      calls,
      reason: text,
    }),
  ),
  write: z
    .object({
      verb: text,
      table: text,
      rows: count.nullable().describe('Null where the rows must be read first.'),
      requests: z.array(text),
      calls,
    })
    .optional()
    .describe('For a write: what would be sent after the reads.'),
  warnings: z.array(text),
})
export const column = z.object({
  name: text,
  type: text,
  fields: z.array(z.object({ name: text, type: text })).optional(),
  isNullable: z.boolean(),
  isKey: z.boolean(),
  filter: z
    .enum(['exact', 'superset', 'no'])
    .describe(
      'How the platform itself answers `column = value`: the same rows, more of them, or not at all.',
    ),
})
export const tableSummary = z.object({
  schema: text,
  name: text,
  source: text,
  columns: count,
  isFunction: z.literal(true).optional(),
})
export const tableDescription = z.object({
  schema: text,
  name: text,
  source: text,
  partitionColumn: text.nullable(),
  columns: z.array(column),
  isFunction: z.literal(true).optional(),
  parameters: z.array(z.object({ name: text, type: text })).optional(),
})
export const partition = z.object({ id: text, name: text, isReadable: z.boolean(), source: text })
export const budget = z.object({
  source: text,
  clientId: text.nullable(),
  partition: text,
  window: z
    .enum(['minute', 'day', 'hour'])
    .describe('An hour counts the errors of one endpoint, the others count calls.'),
  endpoint: text.nullable(),
  limit: count,
  remaining: count,
  resetsAt: time,
})
export const usage = z.object({
  days: z.array(z.object({ day: time, statements: count, failed: count, calls: count, rows: count })),
  errors: z.array(z.object({ code: text, statements: count })),
  running: z.array(statement),
})
