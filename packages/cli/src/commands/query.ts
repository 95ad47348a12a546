import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SluisError } from '@sluis/shared'
import type { Command } from 'commander'
import { ApiRefusal } from '../api-client.ts'
import type { CommandContext } from '../command-context.ts'
import { renderTable } from '../render-table.ts'

const mediaTypes: Readonly<Record<string, string>> = {
  table: 'application/json',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
}

interface Answer {
  readonly columns: readonly { name: string; type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly stats?: {
    readonly apiCalls: number
    readonly rowsFetched: number
    readonly elapsedMs: number
    readonly truncated?: boolean
    readonly cache?: { readonly callsSaved: number; readonly oldestAgeSeconds: number | null }
    readonly warnings: readonly string[]
  }
  readonly error?: Readonly<Record<string, unknown>>
}

interface Estimate {
  readonly calls: { readonly min: number; readonly expected: number; readonly max: number | null }
  readonly scans: readonly {
    readonly table: string
    readonly endpoint: string
    readonly partitions: readonly string[]
    readonly filter: string
    readonly calls: { readonly expected: number }
    readonly reason: string
  }[]
}

/** `sluis query`: runs SQL and shows rows and what they cost. */
export function queryCommand(program: Command, context: CommandContext): void {
  program
    .command('query <database> [sql]')
    .description('run SQL; without it the statement is read from --file or standard input')
    .option('--file <file>', 'file with the statement')
    .option('--format <name>', `${Object.keys(mediaTypes).join(', ')}`, 'table')
    .option('--max-rows <number>', 'cut the answer after so many rows (1000 for a table)')
    .option('--max-age <seconds>', 'use kept answers of at most this age; 0 asks anew')
    .option('--strict', 'fail where a partition may not be read')
    .option('--explain', 'show what it would cost; makes no API call')
    .option('--json', 'the same as --format json')
    .action(
      async (
        database: string,
        sql: string | undefined,
        flags: {
          file?: string
          format: string
          maxRows?: string
          maxAge?: string
          strict?: boolean
          explain?: boolean
          json?: boolean
        },
      ) => {
        const format = flags.json ? 'json' : flags.format
        const accept = mediaTypes[format]
        if (!accept)
          throw new SluisError('INVALID_REQUEST', `There is no format ${format}.`, {
            hint: `Use ${Object.keys(mediaTypes).join(', ')}.`,
          })
        const text = sql ?? readStatement(flags.file)
        if (flags.maxRows !== undefined && !/^\d+$/.test(flags.maxRows)) {
          throw new SluisError('INVALID_REQUEST', `--max-rows "${flags.maxRows}" is not a whole number.`)
        }
        const maxRows =
          flags.maxRows === undefined ? (format === 'table' ? 1000 : undefined) : Number(flags.maxRows)
        if (flags.maxAge !== undefined && !/^\d+$/.test(flags.maxAge)) {
          throw new SluisError(
            'INVALID_REQUEST',
            `--max-age "${flags.maxAge}" is not a whole number of seconds.`,
          )
        }
        const asked = {
          sql: text,
          ...(flags.maxAge === undefined ? {} : { maxAgeSeconds: Number(flags.maxAge) }),
          ...(flags.strict ? { strict: true } : {}),
        }
        const body = { ...asked, ...(maxRows === undefined ? {} : { maxRows }) }
        const path = `/databases/${encodeURIComponent(database)}`
        if (flags.explain) {
          const { body: estimate } = await context.client().call('POST', `${path}/explain`, asked)
          context.output.write(
            flags.json ? `${JSON.stringify(estimate)}\n` : renderEstimate(estimate as Estimate),
          )
          return
        }
        const response = await context.client().send('POST', `${path}/query`, body, { accept })
        if (format !== 'table') {
          if (response.body)
            await pipeline(
              Readable.fromWeb(response.body as import('node:stream/web').ReadableStream),
              context.output,
              { end: false },
            )
          return
        }
        const answer = (await response.json()) as Answer
        if (answer.error) throw new ApiRefusal(answer.error, 200)
        context.output.write(`${renderTable(answer.columns, answer.rows)}\n\n${renderStats(answer)}\n`)
      },
    )
}

function readStatement(file: string | undefined): string {
  try {
    return readFileSync(file ?? 0, 'utf8')
  } catch {
    throw new SluisError(
      'INVALID_REQUEST',
      file === undefined ? 'No statement was given.' : `The file ${file} with the statement cannot be read.`,
      { hint: 'Give SQL as an argument, name a file with --file, or send it to standard input.' },
    )
  }
}

/** `12 rows · 2 API calls · 60 rows fetched · 130 ms`. */
export function renderStats({ rows, stats }: Answer): string {
  if (!stats) return `${rows.length} rows`
  const parts = [
    `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${stats.truncated ? ' (there are more: --max-rows)' : ''}`,
    `${stats.apiCalls} API ${stats.apiCalls === 1 ? 'call' : 'calls'}`,
    `${stats.rowsFetched} rows fetched`,
    `${stats.elapsedMs} ms`,
    ...(stats.cache && stats.cache.oldestAgeSeconds !== null
      ? [
          `${stats.cache.callsSaved} calls saved by kept answers, the oldest of ${stats.cache.oldestAgeSeconds} s`,
        ]
      : []),
  ]
  return [parts.join(' · '), ...stats.warnings.map((text) => `Warning: ${text}`)].join('\n')
}

function renderEstimate({ calls, scans }: Estimate): string {
  const list = renderTable(
    [
      { name: 'table' },
      { name: 'endpoint' },
      { name: 'partitions', type: 'INTEGER' },
      { name: 'calls', type: 'INTEGER' },
      { name: 'filter' },
      { name: 'why' },
    ],
    scans.map((scan) => [
      scan.table,
      scan.endpoint,
      scan.partitions.length,
      scan.calls.expected,
      scan.filter,
      scan.reason,
    ]),
  )
  return `${list}\n\nAPI calls: ${calls.expected} expected, ${calls.min} at least, ${calls.max ?? 'no bound known'} at most\n`
}
