import { SluisError } from '@sluis/shared'
import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'
import { listOf, onceHeaders, type RepeatableFlags, repeatable } from '../flags.ts'
import { renderTable } from '../render-table.ts'

type Row = Readonly<Record<string, unknown>>

/** `sluis key …`: API keys. */
export function keyCommand(program: Command, context: CommandContext): void {
  const key = program.command('key').description('create, list and revoke API keys; rotate sealing keys')
  const create = key
    .command('create <name>')
    .description('create a key; its text is shown this once')
    .option('--scopes <list>', 'what it may do, separated by commas, e.g. query,databases:read')
    .option('--database <name>', 'for this database and nothing else, e.g. for a BI tool; needs no --scopes')
    .option('--databases <list>', 'only these databases, separated by commas')
    .option('--expires-at <time>', 'ISO 8601')
    .option('--json', 'print JSON')
  repeatable(create).action(
    async (
      name: string,
      flags: RepeatableFlags & {
        scopes?: string
        database?: string
        databases?: string
        expiresAt?: string
        json?: boolean
      },
    ) => {
      if (!flags.scopes && !flags.database) {
        throw new SluisError('INVALID_REQUEST', 'A key needs something that it may do.', {
          hint: 'Give --scopes, or --database for a key that queries one database.',
        })
      }
      const path = flags.database ? `/databases/${encodeURIComponent(flags.database)}/keys` : '/keys'
      const { body } = await context.client().call(
        'POST',
        path,
        {
          name,
          ...(flags.scopes ? { scopes: listOf(flags.scopes) } : {}),
          ...(flags.databases ? { databases: listOf(flags.databases) } : {}),
          ...(flags.expiresAt ? { expiresAt: flags.expiresAt } : {}),
        },
        onceHeaders(flags),
      )
      print(
        context,
        flags.json,
        body,
        () =>
          `${(body as Row).key}\nThis is the only time that the key is shown. Put it into a file (chmod 600).`,
      )
    },
  )
  key
    .command('list')
    .description('all keys')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', '/keys')
      const { keys } = body as { keys: (Row & { scopes: string[] })[] }
      const rows = keys.map((row) => [
        row.id,
        row.name,
        row.scopes.join(' '),
        row.revokedAt ? 'revoked' : (row.expiresAt ?? 'no end'),
      ])
      print(context, json, body, () =>
        renderTable([{ name: 'id' }, { name: 'name' }, { name: 'scopes' }, { name: 'until' }], rows),
      )
    })
  key
    .command('rotate')
    .description('new sealing keys while everything goes on; API keys stay as they are')
    .option('--data', 'the organisation’s data key (what is done when nothing is named)')
    .option('--handover', 'the key pair for sealed handovers; earlier envelopes still open')
    .option('--kek', 'the key-encryption key of the whole installation')
    .option('--json', 'print JSON')
    .action(async (flags: { data?: boolean; handover?: boolean; kek?: boolean; json?: boolean }) => {
      const named = (['kek', 'data', 'handover'] as const).filter((name) => flags[name])
      const keys = named.length === 0 ? ['data'] : named
      const { body } = await context.client().call('POST', '/keys/rotate', { keys })
      const { moved } = body as { moved: Record<string, number> }
      print(context, flags.json, body, () =>
        Object.entries(moved)
          .map(([name, count]) => `Rotated ${name}: ${count} sealed anew.`)
          .join('\n'),
      )
    })
  key
    .command('revoke <id>')
    .description('end a key at once')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      await context.client().call('DELETE', `/keys/${encodeURIComponent(id)}`)
      print(context, json, { id, revoked: true }, () => `Key ${id} is revoked.`)
    })
}
