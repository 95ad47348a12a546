import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'
import { onceHeaders, type RepeatableFlags, repeatable } from '../flags.ts'
import { readSecret } from '../read-secret.ts'
import { renderTable } from '../render-table.ts'

type Row = Readonly<Record<string, unknown>>

interface ClientFlags extends RepeatableFlags {
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly redirectUri: readonly string[]
  readonly clientSecretFile?: string
  readonly label?: string
  readonly servesDescendants?: boolean
  readonly json?: boolean
}

/** `sluis client …`: app registrations that handovers name in place of client ID and secret. */
export function clientCommand(program: Command, context: CommandContext): void {
  const client = program.command('client').description('keep app registrations and replace their secrets')
  const path = (id: string) => `/clients/${encodeURIComponent(id)}`
  const collect = (value: string, before: readonly string[] = []) => [...before, value]
  const secretFlag = '--client-secret-file <file>'
  const secretHelp = 'file with the client secret; - for standard input, prompted otherwise'

  const create = client
    .command('create')
    .description('keep an app registration; its secret is never shown again')
    .requiredOption('--platform <id>', 'platform where it is registered', 'exact-online')
    .requiredOption('--region <id>', 'region (country) where it is registered, e.g. nl')
    .requiredOption('--client-id <text>', 'client ID at the platform')
    .requiredOption('--redirect-uri <url>', 'redirect URL as registered; give it again for more', collect)
    .option(secretFlag, secretHelp)
    .option('--label <text>', 'a name for people')
    .option('--serves-descendants', 'organisations below may use it too')
    .option('--json', 'print JSON')
  repeatable(create).action(async (flags: ClientFlags) => {
    const wanted = {
      platform: flags.platform,
      region: flags.region,
      clientId: flags.clientId,
      clientSecret: await readSecret('client secret', flags.clientSecretFile, context),
      redirectUris: flags.redirectUri,
      ...(flags.label === undefined ? {} : { label: flags.label }),
      ...(flags.servesDescendants ? { servesDescendants: true } : {}),
    }
    const { body } = await context.client().call('POST', '/clients', wanted, onceHeaders(flags))
    const { id } = body as { id: string }
    print(
      context,
      flags.json,
      body,
      () =>
        `${id} is kept. Use it: npm run sluis -- handover --platform ${flags.platform} --region ${flags.region} --client ${id}`,
    )
  })
  client
    .command('list')
    .description('clients that can be used here')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', '/clients')
      const { clients } = body as { clients: Row[] }
      const rows = clients.map((row) => [
        row.id,
        row.platform,
        row.region,
        row.clientId,
        row.label,
        row.grants,
        row.isInherited ? 'above' : row.newSecret ? 'here, new secret unproven' : 'here',
      ])
      const heads = ['id', 'platform', 'region', 'client ID', 'label', 'grants', 'kept'].map((name) => ({
        name,
      }))
      print(context, json, body, () =>
        rows.length > 0
          ? renderTable(heads, rows)
          : 'No clients yet. "npm run sluis -- client create" keeps one.',
      )
    })
  client
    .command('show <id>')
    .description('one client')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', path(id))
      print(context, json, body, () =>
        Object.entries(body as Row)
          .map(
            ([name, value]) =>
              `${name.padEnd(18)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
          )
          .join('\n'),
      )
    })
  client
    .command('replace-secret <id>')
    .description(
      'give the new secret; no grant is touched, and the old one stays until the new one has worked',
    )
    .option(secretFlag, secretHelp)
    .option('--json', 'print JSON')
    .action(async (id: string, flags: Pick<ClientFlags, 'clientSecretFile' | 'json'>) => {
      const clientSecret = await readSecret('new client secret', flags.clientSecretFile, context)
      const { body } = await context.client().call('PATCH', path(id), { clientSecret })
      print(context, flags.json, body, () =>
        (body as Row).newSecret === null
          ? `The secret of ${id} is replaced.`
          : `The next refresh tries the new secret of ${id}; once it has worked, the old one goes.`,
      )
    })
  client
    .command('delete <id>')
    .description('forget a client; refused while grants use it')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      await context.client().call('DELETE', path(id))
      print(context, json, { id, deleted: true }, () => `Client ${id} is deleted.`)
    })
}
