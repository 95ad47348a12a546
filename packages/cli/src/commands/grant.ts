import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'
import { renderTable } from '../render-table.ts'

type Row = Readonly<Record<string, unknown>>

/** `sluis grant …`: what the vault holds. */
export function grantCommand(program: Command, context: CommandContext): void {
  const grant = program.command('grant').description('look at, refresh or delete grants')

  grant
    .command('list')
    .description('all grants')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', '/grants?limit=500')
      const { grants } = body as { grants: Row[] }
      const rows = grants.map((row) => [
        row.id,
        row.state,
        row.platform,
        row.region,
        (row.platformUser as Row | null)?.name,
        row.label,
        (row.databases as string[]).join(', '),
      ])
      const heads = ['id', 'state', 'platform', 'region', 'user', 'label', 'databases'].map((name) => ({
        name,
      }))
      print(context, json, body, () =>
        rows.length > 0 ? renderTable(heads, rows) : 'No grants yet. "npm run sluis -- handover" makes one.',
      )
    })
  grant
    .command('show <id>')
    .description('one grant and what happened to it')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const client = context.client()
      const { body } = await client.call('GET', `/grants/${encodeURIComponent(id)}`)
      const { body: history } = await client.call('GET', `/grants/${encodeURIComponent(id)}/events?limit=20`)
      const { events } = history as { events: Row[] }
      print(context, json, { ...(body as object), events }, () => {
        const lines = Object.entries(body as Row).map(
          ([name, value]) =>
            `${name.padEnd(16)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
        )
        const list = renderTable(
          [{ name: 'at' }, { name: 'what' }, { name: 'by' }],
          events.map((event) => [event.at, event.action, event.actor]),
        )
        return `${lines.join('\n')}\n\n${list}`
      })
    })
  grant
    .command('refresh <id>')
    .description('spend the refresh token now, if the issuer allows it')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const { body } = await context.client().call('POST', `/grants/${encodeURIComponent(id)}/refresh`)
      print(context, json, body, () => `Grant ${id} is at generation ${(body as Row).generation}.`)
    })
  grant
    .command('lend <id>')
    .description('let databases of an organisation below read these partitions through a grant')
    .requiredOption('--to <organisation>', 'an organisation below the key’s own')
    .requiredOption('--partitions <list>', 'divisions or offices, separated by commas')
    .option('--json', 'print JSON')
    .action(async (id: string, flags: { to: string; partitions: string; json?: boolean }) => {
      const partitions = flags.partitions.split(',').map((each) => each.trim())
      const { body } = await context
        .client()
        .call('POST', `/grants/${encodeURIComponent(id)}/loans`, { organisation: flags.to, partitions })
      print(context, flags.json, body, () => `Grant ${id} is lent to ${flags.to}: ${partitions.join(', ')}.`)
    })
  grant
    .command('loans <id>')
    .description('whom a grant is lent to')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', `/grants/${encodeURIComponent(id)}/loans`)
      const rows = (body as { loans: Row[] }).loans.map((loan) => [
        loan.organisation,
        (loan.partitions as string[]).join(', '),
        loan.lentAt,
      ])
      print(context, json, body, () =>
        rows.length === 0
          ? 'This grant is lent to nobody.'
          : renderTable([{ name: 'organisation' }, { name: 'partitions' }, { name: 'since' }], rows),
      )
    })
  grant
    .command('end-loan <id>')
    .description('end a loan: databases on it read nothing any more')
    .requiredOption('--to <organisation>', 'whom the grant is lent to')
    .option('--json', 'print JSON')
    .action(async (id: string, { to, json }: { to: string; json?: boolean }) => {
      await context
        .client()
        .call('DELETE', `/grants/${encodeURIComponent(id)}/loans/${encodeURIComponent(to)}`)
      print(
        context,
        json,
        { id, organisation: to, ended: true },
        () => `Grant ${id} is not lent to ${to} any more.`,
      )
    })
  grant
    .command('delete <id>')
    .description('forget a grant; its tokens are erased')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      await context.client().call('DELETE', `/grants/${encodeURIComponent(id)}`)
      print(context, json, { id, deleted: true }, () => `Grant ${id} is deleted.`)
    })
}
