import { SluisError } from '@sluis/shared'
import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'
import { listOf, onceHeaders, type RepeatableFlags, repeatable } from '../flags.ts'
import { renderTable } from '../render-table.ts'
import { type CredentialFlags, credentialFlags, credentialsOf } from './handover.ts'

type Row = Readonly<Record<string, unknown>>

interface CreateFlags extends RepeatableFlags {
  readonly grant?: readonly string[]
  readonly alias?: string
  readonly partitions?: string
  readonly title?: string
  readonly json?: boolean
}

/** `sluis database …`: registration and catalogue. */
export function databaseCommand(program: Command, context: CommandContext): void {
  const database = program.command('database').description('register databases and look at their tables')
  const path = (name: string, rest = '') => `/databases/${encodeURIComponent(name)}${rest}`

  const create = database
    .command('create <name>')
    .description('register a database on a grant, or on several: one for each source')
    .option(
      '--grant <id>',
      'the grant to read through, with its name in SQL as twf=grt_…; give it again for more',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option('--alias <text>', 'name of the source in SQL, where there is one grant')
    .option('--partitions <ids>', 'only these divisions or offices, separated by commas; for one grant')
    .option('--title <text>', 'a title for people')
    .option('--json', 'print JSON')
  repeatable(create).action(async (name: string, flags: CreateFlags) => {
    if (!flags.grant) {
      throw new SluisError('INVALID_REQUEST', 'Which grant?', {
        hint: 'Give --grant, or use "database register" to hand credentials over in the same step.',
      })
    }
    if (flags.grant.length > 1 && (flags.alias ?? flags.partitions) !== undefined) {
      throw new SluisError('INVALID_REQUEST', '--alias and --partitions are for one grant.', {
        hint: 'Name several as --grant eol=grt_… --grant twf=grt_…',
      })
    }
    const sources = flags.grant.map((text) => {
      const [, named = flags.alias, grant = text] = /^([^=]*)=(.*)$/.exec(text) ?? []
      return {
        grant,
        ...(named ? { alias: named } : {}),
        ...(flags.partitions ? { partitions: listOf(flags.partitions) } : {}),
      }
    })
    const wanted = { name, ...(flags.title ? { title: flags.title } : {}), sources }
    const { body } = await context.client().call('POST', '/databases', wanted, onceHeaders(flags))
    print(context, flags.json, body, () => ready(name, body))
  })
  credentialFlags(
    database
      .command('register <name>')
      .description('hand credentials over and register a database in one step'),
  )
    .option('--json', 'print JSON')
    .action(async (name: string, flags: CredentialFlags & { json?: boolean }) => {
      const { body, headers } = await credentialsOf(flags, context)
      const { body: created } = await context.client().call('POST', '/databases', { name, ...body }, headers)
      print(context, flags.json, created, () => ready(name, created))
    })
  database
    .command('list')
    .description('all databases')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', '/databases')
      const { databases } = body as { databases: (Row & { sources: Row[] })[] }
      const rows = databases.map(({ name, title, sources }) => [
        name,
        title,
        sources.map(({ alias, platform }) => `${alias}: ${platform}`).join(', '),
      ])
      print(context, json, body, () =>
        renderTable([{ name: 'name' }, { name: 'title' }, { name: 'sources' }], rows),
      )
    })
  database
    .command('tables <name> [words]')
    .description('tables whose names hold the words')
    .option('--json', 'print JSON')
    .action(async (name: string, words: string | undefined, { json }: { json?: boolean }) => {
      const { body } = await context
        .client()
        .call('GET', path(name, `/tables${words ? `?q=${encodeURIComponent(words)}` : ''}`))
      const { tables } = body as { tables: Row[] }
      print(context, json, body, () =>
        renderTable(
          [{ name: 'table' }, { name: 'columns', type: 'INTEGER' }],
          tables.map((table) => [`${table.schema}.${table.name}`, table.columns]),
        ),
      )
    })
  database
    .command('partitions <name>')
    .description('divisions or offices that the database reads')
    .option('--json', 'print JSON')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', path(name, '/partitions'))
      const { partitions } = body as { partitions: Row[] }
      print(context, json, body, () =>
        renderTable(
          [{ name: 'source' }, { name: 'id' }, { name: 'name' }],
          partitions.map((row) => [row.source, row.id, row.name]),
        ),
      )
    })
  database
    .command('delete <name>')
    .description('remove a database; its grant stays')
    .option('--json', 'print JSON')
    .action(async (name: string, { json }: { json?: boolean }) => {
      await context.client().call('DELETE', path(name))
      print(context, json, { name, deleted: true }, () => `Database ${name} is removed; its grant stays.`)
    })
}

/** What to do with it now: a statement that works on the first source, or else its tables. */
function ready(name: string, body: unknown): string {
  const { sources } = body as { readonly sources: readonly { readonly platform: string }[] }
  const next =
    sources[0]?.platform === 'exact-online'
      ? `query ${name} "select * from crm.Accounts limit 5"`
      : `database tables ${name}`
  return `Database ${name} is ready: npm run sluis -- ${next}`
}
