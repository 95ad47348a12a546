import { isSluisError } from '@sluis/shared'
import { Command, CommanderError } from 'commander'
import { ApiRefusal } from './api-client.ts'
import { contextOf } from './command-context.ts'
import { clientCommand } from './commands/client.ts'
import { connectCommand } from './commands/connect.ts'
import { databaseCommand } from './commands/database.ts'
import { grantCommand } from './commands/grant.ts'
import { handoverCommand } from './commands/handover.ts'
import { keyCommand } from './commands/key.ts'
import { organisationCommand } from './commands/organisation.ts'
import { preauthenticateCommand } from './commands/preauthenticate.ts'
import { queryCommand } from './commands/query.ts'
import { serveCommand } from './commands/serve.ts'
import { vaultCommand } from './commands/vault.ts'

const program = new Command('sluis')
  .description(
    'Turns OAuth credentials that were obtained somewhere else into SQL databases on SaaS platforms.',
  )
  .usage('<command> [options]')
  .showHelpAfterError('(--help shows what there is)')
  .addHelpText(
    'after',
    '\nSLUIS_URL names the server (http://127.0.0.1:8080) and SLUIS_API_KEY_FILE a file with the API key.\nSecrets are read from files, standard input or a prompt, never from arguments.',
  )
  .exitOverride()
const context = contextOf(process)
for (const add of [
  serveCommand,
  handoverCommand,
  grantCommand,
  clientCommand,
  preauthenticateCommand,
  connectCommand,
  databaseCommand,
  queryCommand,
  keyCommand,
  organisationCommand,
  vaultCommand,
])
  add(program, context)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (isSluisError(error) || error instanceof ApiRefusal) {
    process.stderr.write(`${error.message}\n${error.hint ? `${error.hint}\n` : ''}(${error.code})\n`)
    process.exitCode = 2
  } else {
    process.stderr.write(`Sluis made a mistake: ${(error as Error).stack}\n`)
    process.exitCode = 1
  }
}
