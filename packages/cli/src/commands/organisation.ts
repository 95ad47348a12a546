import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'
import { renderTable } from '../render-table.ts'

type Row = Readonly<Record<string, unknown>>

/** `sluis organisation …`: the key's own and those below it. */
export function organisationCommand(program: Command, context: CommandContext): void {
  const organisation = program.command('organisation').description('list, create and delete organisations')
  organisation
    .command('list')
    .description('the key’s own and those below it')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', '/organisations')
      const rows = (body as { organisations: Row[] }).organisations.map((row) => [
        row.id,
        row.name,
        row.parentId,
      ])
      print(context, json, body, () =>
        renderTable([{ name: 'id' }, { name: 'name' }, { name: 'below' }], rows),
      )
    })
  organisation
    .command('create <name>')
    .description('a new organisation below the key’s own')
    .option('--json', 'print JSON')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const { body } = await context.client().call('POST', '/organisations', { name })
      print(context, json, body, () => `Organisation ${(body as Row).id} is there.`)
    })
  organisation
    .command('delete <id>')
    .description('delete an organisation with its grants, databases, keys and members; this cannot be undone')
    .requiredOption('--name <name>', 'its name, to be sure')
    .option('--json', 'print JSON')
    .action(async (id: string, { name, json }: { name: string; json?: boolean }) => {
      await context.client().call('DELETE', `/organisations/${encodeURIComponent(id)}`, { name })
      print(
        context,
        json,
        { id, deleted: true },
        () => `Organisation ${id} is deleted, and its keys are destroyed.`,
      )
    })
}
