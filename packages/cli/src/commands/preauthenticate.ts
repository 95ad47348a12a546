import { spawn } from 'node:child_process'
import { SluisError } from '@sluis/shared'
import type { Command } from 'commander'
import { type ApiClient, ApiRefusal } from '../api-client.ts'
import { type CommandContext, print } from '../command-context.ts'
import { listOf, onceHeaders, type RepeatableFlags, repeatable } from '../flags.ts'
import { isTyped, nextLine, readSecret } from '../read-secret.ts'

interface PreauthenticateFlags extends RepeatableFlags {
  readonly region: string
  readonly client?: string
  readonly clientId?: string
  readonly redirectUri?: string
  readonly clientSecretFile?: string
  readonly output: string
  readonly scopes?: string
  readonly label?: string
  readonly externalId?: string
  readonly confirmed?: boolean
  readonly open: boolean
  readonly json?: boolean
}

interface Preauthentication {
  readonly id: string
  readonly state: string
  readonly grant: string | null
  readonly resultUntil: string | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly startUrl?: string
  readonly authorizeUrl?: string
}

const lookEveryMs = 1000

/** `sluis preauthenticate <platform>`: a user consents in a browser; the result is a grant, or made for use elsewhere. */
export function preauthenticateCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('preauthenticate <platform>')
    .description('let a user consent in a browser, and keep the result as a grant or take it elsewhere')
    .requiredOption('--region <id>', 'region (country) where the user logs in, e.g. nl')
    .option('--client <id>', 'a stored client (cli_…)')
    .option('--client-id <text>', 'client ID of your app, in place of --client')
    .option('--redirect-uri <url>', 'redirect URL of your app; one that is not this server’s is pasted back')
    .option(
      '--client-secret-file <file>',
      'file with the client secret; - for standard input, prompted otherwise',
    )
    .option('--output <kind>', 'grant (recommended), tokens, code or envelope', 'grant')
    .option('--scopes <list>', 'scopes, separated by commas; the usual ones otherwise')
    .option('--label <text>', 'a name for people')
    .option('--external-id <text>', 'your own id of this customer')
    .option('--confirmed', 'yes, the same user’s consent may end the chain of a grant on this client')
    .option('--no-open', 'print the address and open no browser')
    .option('--json', 'print JSON, the address on standard error')
  repeatable(command).action(async (platform: string, flags: PreauthenticateFlags) => {
    const api = context.client()
    const begin = await beginBody(platform, flags, context)
    const { body } = await api.call('POST', '/preauthentications', begin, onceHeaders(flags))
    const begun = body as Preauthentication
    const address = begun.startUrl ?? begun.authorizeUrl
    const say = (text: string) => (flags.json ? process.stderr : context.output).write(`${text}\n`)
    const path = `/preauthentications/${begun.id}`
    if (address !== undefined) {
      say(`Let the user consent here:\n${address}`)
      if (flags.open) openBrowser(address)
    }
    // One that was begun under the same key before, and waits no more, has no address.
    const ended = begun.authorizeUrl === undefined ? await untilEnded() : await paste()
    if (ended.problem !== null) {
      throw new SluisError('CONSENT_REFUSED', ended.problem.detail, {
        ...(ended.problem.hint === undefined ? {} : { hint: ended.problem.hint }),
      })
    }
    if (ended.state === 'expired') {
      throw new SluisError('CONSENT_REFUSED', 'Nobody ended the consent in time, or it was cancelled.', {
        hint: 'A consent has 30 minutes. Begin again.',
      })
    }
    if (ended.resultUntil === null) {
      const hasTables = ended.grant !== null && (await servesTables(api, platform))
      return print(context, flags.json, ended, () =>
        ended.grant === null
          ? 'The result was shown already, or its 10 minutes are over: it is erased.'
          : `Kept as grant ${ended.grant}.\n${hasTables ? `Register a database on it: npm run sluis -- database create <name> --grant ${ended.grant}` : `It is kept alive, for leases: npm run sluis -- grant show ${ended.grant}`}`,
      )
    }
    const { body: result } = await api.call('POST', `${path}/result`)
    print(context, flags.json, result, () => {
      const lines = Object.entries(result as object).map(
        ([name, value]) => `${name.padEnd(14)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
      )
      return `${lines.join('\n')}\nShown this once, and erased. Only one program may refresh these tokens: whoever uses them does.`
    })

    async function paste(): Promise<Preauthentication> {
      say('Then paste the whole address that the browser was sent to.')
      for (let refusal: ApiRefusal | null = null; ; ) {
        const url = await readAddress(context)
        if (url === null) throw refusal ?? new SluisError('INVALID_REQUEST', 'No address was pasted.')
        try {
          return (await api.call('POST', `${path}/return`, { url })).body as Preauthentication
        } catch (error) {
          if (!(error instanceof ApiRefusal)) throw error
          // Another page's address, or half of this one: the consent waits on, and so does this command.
          const { body: now } = await api.call('GET', path)
          if ((now as Preauthentication).state !== 'waiting') throw error
          refusal = error
          say(`${error.message}\nPaste the whole address again.`)
        }
      }
    }

    async function untilEnded(): Promise<Preauthentication> {
      for (;;) {
        const { body: now } = await api.call('GET', path)
        const seen = now as Preauthentication
        if (seen.state !== 'waiting' && seen.state !== 'exchanging') return seen
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
      }
    }
  })
}

async function beginBody(
  platform: string,
  flags: PreauthenticateFlags,
  context: CommandContext,
): Promise<object> {
  const { client, clientId, redirectUri } = flags
  if (client === undefined && (clientId === undefined || redirectUri === undefined)) {
    throw new SluisError('OPTIONS_INVALID', 'Which app?', {
      hint: 'Give --client cli_… or --client-id with --redirect-uri; "sluis client create" keeps one.',
    })
  }
  return {
    platform,
    region: flags.region,
    output: flags.output,
    client:
      client === undefined
        ? {
            clientId,
            clientSecret: await readSecret('client secret', flags.clientSecretFile, context),
            redirectUri,
          }
        : { id: client, ...(redirectUri === undefined ? {} : { redirectUri }) },
    ...(flags.scopes === undefined ? {} : { scopes: listOf(flags.scopes) }),
    ...(flags.label === undefined ? {} : { label: flags.label }),
    ...(flags.externalId === undefined ? {} : { externalId: flags.externalId }),
    ...(flags.confirmed ? { confirmed: true } : {}),
  }
}

/** The address holds a code: typed unseen, or read as a line where nobody types. Null: none came. */
async function readAddress(context: CommandContext): Promise<string | null> {
  if (isTyped(context)) return readSecret('address', undefined, context, true)
  return (await nextLine(context)) || null
}

/** Whether a database can be made on a grant of the platform. What went well stays so where that cannot be asked. */
async function servesTables(api: ApiClient, platform: string): Promise<boolean> {
  const answer = await api.call('GET', '/platforms').catch(() => null)
  const { platforms } = (answer?.body ?? { platforms: [] }) as {
    platforms: readonly { readonly id: string; readonly hasTables: boolean }[]
  }
  return platforms.find(({ id }) => id === platform)?.hasTables ?? true
}

/** Best effort: the address is printed all the same. */
function openBrowser(address: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', address]
        : ['xdg-open', address]
  const child = spawn(command ?? '', args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
