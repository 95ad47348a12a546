import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'

/** `sluis vault …`: what an operator decides after the database was found to be an older copy of itself. */
export function vaultCommand(program: Command, context: CommandContext): void {
  const vault = program.command('vault').description('after a restored database: whom the vault waits for')
  const say = (processes: readonly string[]) =>
    processes.length === 0
      ? 'The vault waits for no process.'
      : `The vault waits for ${processes.join(', ')}. Start them again on their own disk.`
  vault
    .command('awaited')
    .description('processes whose spools the recovery still waits for')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', '/vault/awaited')
      print(context, json, body, () => say((body as { processes: string[] }).processes))
    })
  vault
    .command('assume-lost <process>')
    .description('give up a process whose disk is gone for good; what only it knew is lost')
    .option('--json', 'print JSON')
    .action(async (process: string, { json }: { json?: boolean }) => {
      const { body } = await context.client().call('POST', '/vault/assume-lost', { process })
      print(
        context,
        json,
        body,
        () => `${process} is given up. ${say((body as { processes: string[] }).processes)}`,
      )
    })
}
