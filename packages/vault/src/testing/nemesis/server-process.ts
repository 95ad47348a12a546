import { appendFileSync } from 'node:fs'
import { exactOnlineOAuth, regionsFromFile } from '@sluis/platforms'
import { createSend } from '@sluis/server/send'
import {
  type GrantId,
  isSluisError,
  type Log,
  type OrganisationId,
  PlainSecret,
  type SendRequest,
  systemRandom,
} from '@sluis/shared'
import { openStore } from '@sluis/store'
import { createVault, loadOrCreateKek, type OAuthPlatform } from '../../index.ts'
import { issuerModes } from '../issuer/issuer-modes.ts'
import { type LabTime, scaledClock } from './scaled-clock.ts'

export interface ServerSettings {
  readonly name: string
  readonly time: LabTime
  readonly skewMs: number
  readonly databaseUrl: string
  readonly issuerUrl: string
  readonly kekFile: string
  readonly spoolFolder: string
  readonly logFile: string
  /** Where each answer is noted that this process gave up waiting for, one JSON a line. */
  readonly lossesFile: string
  readonly organisationId: OrganisationId
  readonly client: { readonly clientId: string; readonly clientSecret: string; readonly redirectUri: string }
}

export type Request =
  | {
      readonly kind: 'deposit'
      readonly mode: string
      readonly key: string
      readonly accessToken?: string
      readonly refreshToken: string
      readonly obtainedAt: number
    }
  | { readonly kind: 'lease' | 'refresh'; readonly grant: GrantId }

export type Answer =
  | { readonly kind: 'granted'; readonly grant: GrantId }
  | { readonly kind: 'leased'; readonly token: string; readonly generation: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }

// One server of the nemesis: the whole vault on the shared database, in a process that may be stopped or killed at
// any moment. It obeys messages and answers them.
const settings = JSON.parse(process.argv[2] ?? '{}') as ServerSettings
const clock = scaledClock(settings.time, settings.skewMs)
const { scale } = settings.time
const write = (level: string) => (fields: object, message: string) =>
  appendFileSync(settings.logFile, `${JSON.stringify({ level, at: clock.now(), ...fields, message })}\n`)
// Nothing is taken out of this log by name, as the server's would: the search for canaries is to find what leaks.
const log: Log = {
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
}
const { send: sendReal } = createSend()
const send: SendRequest = async (request, options) => {
  try {
    return await sendReal(
      { ...request, headers: { ...request.headers, sender: settings.name } },
      { ...options, timeoutMs: Math.max(1, Math.round(options.timeoutMs * scale)) },
    )
  } catch (error) {
    // When it gave up, in real time, and on which token, by its number: the token itself stands nowhere.
    const [, chain, generation] =
      /refresh_token=cnry8wR(?:!|%21)(\d+)\.(\d+)\./.exec(request.body ?? '') ?? []
    if (chain !== undefined) {
      const loss = {
        sender: settings.name,
        chain: Number(chain),
        generation: Number(generation),
        at: Date.now(),
      }
      appendFileSync(settings.lossesFile, `${JSON.stringify(loss)}\n`)
    }
    throw error
  }
}
const regions = regionsFromFile({ 'exact-online': { lab: { label: 'Lab', baseUrl: settings.issuerUrl } } })
const exact = exactOnlineOAuth(regions.get('exact-online') ?? new Map())
const platforms = new Map<string, OAuthPlatform>(
  Object.entries(issuerModes).map(([id, { policy }]) => [id, { ...exact, id, policy }]),
)
const store = await openStore({
  home: settings.spoolFolder,
  databaseUrl: settings.databaseUrl,
  clock,
  log,
  poolSize: 8,
})
const vault = await createVault({
  store,
  platforms,
  send,
  clock,
  random: systemRandom,
  log,
  kek: loadOrCreateKek(settings.kekFile, systemRandom),
  spoolFolder: settings.spoolFolder,
})
vault.run()

async function obey(request: Request): Promise<Answer> {
  const { organisationId, client } = settings
  switch (request.kind) {
    case 'deposit': {
      const { mode, key, accessToken, refreshToken, obtainedAt } = request
      const { grant } = await vault.handOver(
        {
          organisationId,
          platform: mode,
          region: 'lab',
          client: { ...client, clientSecret: new PlainSecret(client.clientSecret) },
          credentials: {
            kind: 'tokens',
            ...(accessToken === undefined ? {} : { accessToken: new PlainSecret(accessToken) }),
            refreshToken: new PlainSecret(refreshToken),
            obtainedAt,
          },
        },
        { idempotency: { key, route: 'POST /grants', body: key } },
      )
      return { kind: 'granted', grant: grant.id }
    }
    case 'lease': {
      const lease = await vault.lease(organisationId, request.grant, { actor: settings.name })
      return { kind: 'leased', token: lease.accessToken.reveal(), generation: lease.generation }
    }
    case 'refresh':
      await vault.refresh(organisationId, request.grant)
      return { kind: 'done' }
    default:
      throw request satisfies never
  }
}

process.on('message', ({ id, request }: { id: number; request: Request }) => {
  void obey(request)
    .catch((error: Error): Answer => {
      const code = isSluisError(error) ? error.code : ((error as NodeJS.ErrnoException).code ?? 'UNKNOWN')
      // The nemesis searches what callers see for canaries, too.
      return { kind: 'failed', code, text: error.message }
    })
    .then((answer) => process.send?.({ id, answer }))
})
process.on('disconnect', () => process.exit(0))
process.send?.({ id: 0 })
