import { type Clock, isSluisError, type Log, PlainSecret, type SendRequest, SluisError } from '@sluis/shared'
import type { GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import type {
  OAuthPlatform,
  PlatformRegion,
  PlatformTenant,
  PlatformValues,
  TokenAnswer,
  WhoAmIAnswer,
} from './oauth-platform.ts'
import { storable, storableText } from './storable.ts'
import { pointedClient } from './stored-client.ts'
import type { SecretInUse, StoredClients } from './stored-clients.ts'

/** An outcome with the status that it came with, where there was an answer. */
export interface Sent {
  readonly outcome: SendOutcome
  readonly status: number | null
}

/** What became of one token request. `lost`: it may have been processed, and no answer came. */
export type SendOutcome =
  | TokenAnswer
  | { readonly kind: 'not-sent'; readonly text: string }
  | { readonly kind: 'lost'; readonly text: string }

export interface Issuer {
  readonly platform: OAuthPlatform
  readonly region: PlatformRegion
}

/** Sends token requests and who-am-I calls, once each, to pinned origins only. */
export class TokenSender {
  readonly #platforms: ReadonlyMap<string, OAuthPlatform>
  readonly #send: SendRequest
  readonly #clock: Clock
  readonly #log: Log
  readonly #timeoutMs: number
  readonly #clients: Pick<StoredClients, 'secretFor'> | null

  constructor(
    platforms: ReadonlyMap<string, OAuthPlatform>,
    send: SendRequest,
    clock: Clock,
    log: Log,
    timeoutMs: number,
    clients: Pick<StoredClients, 'secretFor'> | null = null,
  ) {
    this.#platforms = platforms
    this.#send = send
    this.#clock = clock
    this.#log = log
    this.#timeoutMs = timeoutMs
    this.#clients = clients
  }

  /** The platform and region of a grant; a region that the operator took away is `GRANT_MISCONFIGURED`. */
  issuerOf(row: Pick<GrantRow, 'platform' | 'region'>): Issuer {
    const platform = this.#platforms.get(row.platform)
    const region = platform?.regions.get(row.region)
    if (!platform || !region) {
      throw new SluisError(
        'GRANT_MISCONFIGURED',
        `This server has no region ${row.region} of ${row.platform}.`,
        {
          hint: 'Put the region back into the regions file (SLUIS_REGIONS_FILE).',
        },
      )
    }
    return { platform, region }
  }

  async sendTokens(row: GrantRow, tokens: HeldTokens, seals: GrantSeals): Promise<Sent> {
    const { platform, region } = this.issuerOf(row)
    const { secret, heard } = await this.#secretOf(row, seals)
    const client = {
      clientId: row.client_id,
      clientSecret: secret,
      redirectUri: row.redirect_uri,
    }
    const request = platform.tokenRequest(
      region,
      client,
      tokens.code === undefined
        ? { kind: 'refresh', refreshToken: new PlainSecret(tokens.refreshToken ?? '') }
        : {
            kind: 'code',
            code: new PlainSecret(tokens.code),
            ...(tokens.codeVerifier === undefined
              ? {}
              : { codeVerifier: new PlainSecret(tokens.codeVerifier) }),
          },
    )
    assertPinned(request.url, region)
    let isSent = false
    try {
      const response = await this.#send(request, {
        timeoutMs: this.#timeoutMs,
        onSent: () => {
          isSent = true
        },
      })
      // A redirect says nothing about what became of the token.
      if (response.status >= 300 && response.status < 400) {
        const outcome = { kind: 'lost', text: `The token endpoint answered ${response.status}.` } as const
        return { outcome, status: response.status }
      }
      const answer = platform.processTokenResponse(response)
      this.#log.info(
        { grant: row.id, platform: row.platform, answer: answer.kind, status: response.status },
        'token answer',
      )
      // What was answered is kept before anything else: what is learnt of the secret must not hold it up.
      const learnt = heard(answer.kind).catch((error) => {
        this.#log.warn(
          { grant: row.id, error: (error as Error).message },
          'a client’s secret: nothing learnt',
        )
      })
      if (answer.kind !== 'tokens') await learnt
      const outcome = answer.kind === 'tokens' ? answer : { ...answer, text: storableText(answer.text) }
      return { outcome, status: response.status }
    } catch (error) {
      const text = (error as NodeJS.ErrnoException).code ?? 'no answer'
      this.#log.warn({ grant: row.id, platform: row.platform, isSent, text }, 'no token answer')
      const outcome: SendOutcome = isSent
        ? { kind: 'lost', text: `No answer came from the token endpoint (${text}).` }
        : { kind: 'not-sent', text: `The token endpoint cannot be reached (${text}).` }
      return { outcome, status: null }
    }
  }

  /** The grant's own secret or, where it names a stored client, that one's. */
  async #secretOf(row: GrantRow, seals: GrantSeals): Promise<SecretInUse> {
    const text = await seals.openSecret(row)
    const id = pointedClient(text)
    if (id === null || this.#clients === null) return { secret: new PlainSecret(text), heard: async () => {} }
    return this.#clients.secretFor(row, id)
  }

  /** Whose an access token is; not known where the platform does not say so within `patienceMs`. */
  async whoAmI(
    row: Pick<GrantRow, 'platform' | 'region'>,
    accessToken: string,
    values: PlatformValues = {},
    patienceMs = 60_000,
  ): Promise<WhoAmIAnswer> {
    const { platform, region } = this.issuerOf(row)
    const token = new PlainSecret(accessToken)
    const timeoutMs = Math.min(patienceMs, this.#timeoutMs)
    try {
      const request = platform.whoAmIRequest(region, token, values)
      assertPinned(request.url, region)
      const answer = platform.processWhoAmIResponse(await this.#send(request, { timeoutMs }), token, values)
      if (answer.kind !== 'user') return { ...answer, text: storableText(answer.text) }
      const tenants = await this.#tenants(platform, region, token)
      const kept = { ...values, ...answer.user.values }
      const user = {
        ...answer.user,
        ...(Object.keys(kept).length === 0 ? {} : { values: kept }),
        ...(tenants === null ? {} : { tenants }),
      }
      return { kind: 'user', user: storable(user) }
    } catch (error) {
      if (isSluisError(error, 'HANDOVER_INCOMPLETE')) {
        return { kind: 'transient', text: `${error.message} ${error.hint ?? ''}` }
      }
      return {
        kind: 'transient',
        text: `The platform cannot be reached (${(error as NodeJS.ErrnoException).code ?? 'no answer'}).`,
      }
    }
  }

  /** What a consent reaches is good to know, and no reason to refuse it when it is not said. */
  async #tenants(
    platform: OAuthPlatform,
    region: PlatformRegion,
    token: PlainSecret,
  ): Promise<readonly PlatformTenant[] | null> {
    const request = platform.tenantsRequest?.(region, token)
    if (request === undefined) return null
    assertPinned(request.url, region)
    const response = await this.#send(request, { timeoutMs: 30_000 }).catch(() => null)
    return response === null ? null : (platform.processTenantsResponse?.(response) ?? null)
  }

  /** Revokes at the platform where that can be done; says whether the platform took it. */
  async revoke(row: GrantRow, tokens: HeldTokens, seals: GrantSeals): Promise<boolean> {
    const { platform, region } = this.issuerOf(row)
    if (tokens.refreshToken === undefined) return false
    const client = {
      clientId: row.client_id,
      clientSecret: (await this.#secretOf(row, seals)).secret,
      redirectUri: row.redirect_uri,
    }
    const access = tokens.accessToken === undefined ? undefined : new PlainSecret(tokens.accessToken)
    const request = platform.revokeRequest(region, client, new PlainSecret(tokens.refreshToken), access)
    if (request === null) return false
    assertPinned(request.url, region)
    const answer = await this.#send(request, { timeoutMs: 30_000 }).catch(() => null)
    return answer !== null && answer.status >= 200 && answer.status < 300
  }

  get now(): number {
    return this.#clock.now()
  }
}

/** Tokens and secrets go to the region's own origins and nowhere else. */
export function assertPinned(url: string, region: PlatformRegion): void {
  const { origin, host, protocol } = new URL(url)
  const isPinned = region.pinnedOrigins.some((pinned) => {
    if (!pinned.startsWith('https://*.')) return origin === pinned
    return protocol === 'https:' && host.endsWith(pinned.slice('https://*'.length))
  })
  if (!isPinned) throw new TypeError(`a secret was about to go to ${origin}`)
}
