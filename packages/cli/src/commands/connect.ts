import { readFileSync } from 'node:fs'
import { SluisError } from '@sluis/shared'
import type { Command } from 'commander'
import { type CommandContext, print } from '../command-context.ts'
import { listOf, onceHeaders, type RepeatableFlags, repeatable, wholeNumber } from '../flags.ts'
import { renderTable } from '../render-table.ts'

type Row = Readonly<Record<string, unknown>>

interface LinkFlags extends RepeatableFlags {
  readonly region?: string
  readonly client: string
  readonly returnAddress: string
  readonly externalId?: string
  readonly label?: string
  readonly scopes?: string
  readonly renews?: string
  readonly returnState?: string
  readonly language?: string
  readonly validForSeconds?: string
  readonly json?: boolean
}

interface SettingsFlags {
  readonly name?: string
  readonly colour?: string
  readonly logoFile?: string
  readonly textEn?: string
  readonly textNl?: string
  readonly origin?: string
  readonly returnAddress?: readonly string[]
  readonly json?: boolean
}

const asLines = (body: unknown) =>
  Object.entries(body as Row)
    .map(([name, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return `${name.padEnd(18)} ${text.length > 200 ? `${text.slice(0, 60)}…` : text}`
    })
    .join('\n')

/** What was given, by the API's names. */
const given = (fields: Row): Row =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** `sluis connect …`: links that customers connect an account through, and how their page looks. */
export function connectCommand(program: Command, context: CommandContext): void {
  const connect = program
    .command('connect')
    .description('let customers connect an account on a page of yours')
  const path = (id: string) => `/connect-links/${encodeURIComponent(id)}`
  const collect = (value: string, before: readonly string[] = []) => [...before, value]

  connect
    .command('settings')
    .description('show how the page looks and where it may send customers; with options: change that')
    .option('--name <text>', 'your name on the page')
    .option('--colour <hex>', 'your colour, as #0b7285')
    .option('--logo-file <file>', 'a PNG or JPEG of at most 100 kB')
    .option('--text-en <text>', 'your own words, in English')
    .option('--text-nl <text>', 'your own words, in Dutch')
    .option('--origin <url>', 'your own host name for the page, leading to this server')
    .option('--return-address <url>', 'where customers may be sent back to; give it again for more', collect)
    .option('--json', 'print JSON')
    .action(async ({ json, logoFile, textEn, textNl, returnAddress, ...flags }: SettingsFlags) => {
      const texts = given({ en: textEn, nl: textNl })
      const change = given({
        ...flags,
        logo: logoFile === undefined ? undefined : readLogo(logoFile),
        texts: Object.keys(texts).length === 0 ? undefined : texts,
        returnAddresses: returnAddress,
      })
      const { body } =
        Object.keys(change).length === 0
          ? await context.client().call('GET', '/connect-settings')
          : await context.client().call('PATCH', '/connect-settings', change)
      print(context, json, body, () => asLines(body))
    })
  const link = connect
    .command('link [platform]')
    .description('make a link for one customer; its address is shown this once')
    .requiredOption('--client <id>', 'a stored client (cli_…)')
    .requiredOption('--return-address <url>', 'where the customer goes afterwards, as registered')
    .option('--region <id>', 'region (country) where the customer logs in, e.g. nl')
    .option('--external-id <text>', 'your own id of this customer')
    .option('--label <text>', 'a name for people')
    .option('--scopes <list>', 'scopes, separated by commas; the usual ones otherwise')
    .option('--renews <grant>', 'the grant that is to be given anew; then without platform and region')
    .option('--return-state <text>', 'given back to you as "state"')
    .option('--language <code>', 'en or nl; the browser’s otherwise')
    .option('--valid-for-seconds <number>', 'a day otherwise')
    .option('--json', 'print JSON')
  repeatable(link).action(async (platform: string | undefined, flags: LinkFlags) => {
    const { json, scopes, validForSeconds, idempotencyKey: _, ...rest } = flags
    const { body } = await context.client().call(
      'POST',
      '/connect-links',
      given({
        ...rest,
        platform,
        scopes: scopes === undefined ? undefined : listOf(scopes),
        validForSeconds:
          validForSeconds === undefined ? undefined : wholeNumber('--valid-for-seconds', validForSeconds),
      }),
      onceHeaders(flags),
    )
    const { id, url, expiresAt } = body as { id: string; url: string; expiresAt: string }
    print(context, json, body, () => `${url}\nLink ${id}, until ${expiresAt}. It works once.`)
  })
  connect
    .command('list')
    .description('the newest links, and what became of them')
    .option('--external-id <text>', 'those of one customer')
    .option('--json', 'print JSON')
    .action(async ({ externalId, json }: { externalId?: string; json?: boolean }) => {
      const query = externalId === undefined ? '' : `?externalId=${encodeURIComponent(externalId)}`
      const { body } = await context.client().call('GET', `/connect-links${query}`)
      const { links } = body as { links: Row[] }
      const heads = ['id', 'state', 'platform', 'externalId', 'grant', 'reason', 'createdAt']
      print(context, json, body, () =>
        links.length > 0
          ? renderTable(
              heads.map((name) => ({ name })),
              links.map((link) => heads.map((name) => link[name])),
            )
          : 'No links yet. "npm run sluis -- connect link" makes one.',
      )
    })
  connect
    .command('show <id>')
    .description('what became of a link')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const { body } = await context.client().call('GET', path(id))
      print(context, json, body, () => asLines(body))
    })
  connect
    .command('revoke <id>')
    .description('take a link back; what came of it stays')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      await context.client().call('DELETE', path(id))
      print(context, json, { id, revoked: true }, () => `Link ${id} is taken back.`)
    })
}

function readLogo(file: string): string {
  try {
    return readFileSync(file).toString('base64')
  } catch {
    throw new SluisError('INVALID_REQUEST', `The file ${file} with the logo cannot be read.`)
  }
}
