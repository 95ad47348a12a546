import { randomUUID } from 'node:crypto'
import { SluisError } from '@sluis/shared'
import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'
import { wholeNumber } from '../flags.ts'
import { type BatchFlags, handOverBatch } from '../hand-over-batch.ts'
import { readSecret } from '../read-secret.ts'

export interface CredentialFlags {
  readonly platform: string
  readonly region: string
  readonly client?: string
  readonly clientId: string
  readonly redirectUri?: string
  readonly clientSecretFile?: string
  readonly accessTokenFile?: string
  readonly refreshTokenFile?: string
  readonly codeFile?: string
  readonly code?: boolean
  readonly obtainedAt?: string
  readonly expiresIn?: string
  readonly label?: string
  readonly externalId?: string
  readonly idempotencyKey?: string
}

/** Adds the flags that describe credentials obtained elsewhere. */
export function credentialFlags(command: Command): Command {
  return command
    .option('--region <id>', 'region (country) where the user consented, e.g. nl')
    .option('--client <id>', 'a stored client (cli_…), in place of its ID and secret')
    .option('--client-id <text>', 'client ID of your app at the platform')
    .option('--redirect-uri <url>', 'redirect URL of your app; with --client, if not its first')
    .requiredOption('--platform <id>', 'platform of the credentials', 'exact-online')
    .option(
      '--client-secret-file <file>',
      'file with the client secret; - for standard input, prompted otherwise',
    )
    .option('--access-token-file <file>', 'file with the access token; - for standard input')
    .option('--refresh-token-file <file>', 'file with the refresh token; - for standard input')
    .option('--code', 'hand over an authorization code instead of tokens')
    .option('--code-file <file>', 'file with the code or the whole callback address; - for standard input')
    .option('--obtained-at <time>', 'when the platform gave them, ISO 8601')
    .option('--expires-in <seconds>', 'life of the access token')
    .option('--label <text>', 'a name for people')
    .option('--external-id <text>', 'your own id of this customer')
    .option('--idempotency-key <text>', 'repeat with the same key to be sure of one grant')
}

/** The body of a handover; secrets are read from files, standard input or a prompt. */
export async function credentialsOf(
  flags: CredentialFlags,
  context: CommandContext,
): Promise<{ body: object; headers: Record<string, string> }> {
  const missing = (
    flags.client === undefined ? (['region', 'clientId', 'redirectUri'] as const) : (['region'] as const)
  ).filter((name) => flags[name] === undefined)
  if (missing.length > 0) {
    throw new SluisError('OPTIONS_INVALID', `Not given: ${missing.map(toFlag).join(', ')}.`, {
      hint: 'A stored client (--client cli_…) stands for client ID, secret and redirect URL. --help lists all flags.',
    })
  }
  const client =
    flags.client === undefined
      ? {
          clientId: flags.clientId,
          clientSecret: await readSecret('client secret', flags.clientSecretFile, context),
          redirectUri: flags.redirectUri,
        }
      : { id: flags.client, ...(flags.redirectUri === undefined ? {} : { redirectUri: flags.redirectUri }) }
  const at = flags.obtainedAt === undefined ? {} : { obtainedAt: flags.obtainedAt }
  const isCode = flags.code === true || flags.codeFile !== undefined
  let credentials: object
  if (isCode)
    credentials = {
      kind: 'code',
      code: await readSecret('authorization code', flags.codeFile, context),
      ...at,
    }
  else {
    const accessToken = await readSecret('access token', flags.accessTokenFile, context, true)
    const refreshToken = await readSecret('refresh token', flags.refreshTokenFile, context, true)
    credentials = {
      kind: 'tokens',
      ...(accessToken === null ? {} : { accessToken }),
      ...(refreshToken === null ? {} : { refreshToken }),
      ...at,
      ...(flags.expiresIn === undefined ? {} : { expiresIn: wholeNumber('--expires-in', flags.expiresIn) }),
    }
  }
  return {
    body: {
      platform: flags.platform,
      region: flags.region,
      client,
      credentials,
      ...(flags.label === undefined ? {} : { label: flags.label }),
      ...(flags.externalId === undefined ? {} : { externalId: flags.externalId }),
    },
    headers: { 'idempotency-key': flags.idempotencyKey ?? randomUUID() },
  }
}

const toFlag = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** `sluis handover`: deposits credentials; a database can be registered on the grant at any later time. */
export function handoverCommand(program: Command, context: CommandContext): void {
  credentialFlags(
    program.command('handover').description('hand over credentials that were obtained elsewhere'),
  )
    .option('--batch <file>', 'NDJSON file with a handover a line; the same file again resumes')
    .option('--dry-run', 'with --batch: check every line, store and send nothing')
    .option('--json', 'print JSON')
    .action(async (flags: CredentialFlags & BatchFlags) => {
      if (flags.batch !== undefined) return handOverBatch(flags.batch, flags, context)
      const { body, headers } = await credentialsOf(flags, context)
      const { body: grant } = await context.client().call('POST', '/grants', body, headers)
      const { id, state, platformUser, notBefore } = grant as Record<string, string> & {
        platformUser: { name: string } | null
      }
      print(context, flags.json, grant, () =>
        state === 'active'
          ? `Grant ${id}${platformUser ? ` of ${platformUser.name}` : ''} is ${state}.\nRegister a database on it: npm run sluis -- database create <name> --grant ${id}`
          : `Grant ${id} is ${state}${notBefore ? ` until ${notBefore}` : ''}. Sluis goes on by itself: npm run sluis -- grant show ${id}`,
      )
    })
}
