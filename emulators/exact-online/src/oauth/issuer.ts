import { createHash, randomBytes } from 'node:crypto'
import type { EmulatedClock, Journal } from '@sluis/emulator-shared'
import { type TokenClaims, TokenCodec } from './token-codec.ts'

export interface App {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUris: readonly string[]
  readonly webhookSecret?: string
  /** Scopes of the registration: `crm accounts` to read and manage, `crm accounts:read` to read; absent means all. */
  readonly scopes?: readonly string[]
  readonly limits?: { readonly minute?: number; readonly day?: number }
  readonly flags?: {
    /** Exact can set this per app: the token before the current one is still taken. */
    readonly tolerateOldRefreshTokens?: boolean
    /** Endpoints with a sync twin insist on a filter. Exact switches this on app by app. */
    readonly enforceMandatoryFilter?: boolean
    /** `stampNL001.` before every token; an empty text for tokens of the older look. */
    readonly stamp?: string
    /** Some apps are exempt from the 570 seconds. */
    readonly allowEarlyRefresh?: boolean
    /** Whether a 401 of the API tells its reason in a header (it does unless this is false). */
    readonly reasonOn401?: boolean
    /** The unit of the 2, 4, 8, … after which a webhook is sent again (60). */
    readonly webhookRetrySeconds?: number
  }
}

/** One user's consent to one app: at most one living chain. */
export interface Chain {
  readonly clientId: string
  readonly user: string
  readonly number: number
  readonly generation: number
  readonly lastTokenAt: number
  /** Codes of the divisions that the consent allows; null: all. */
  readonly divisions: readonly number[] | null
}

type JournalRecord =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'app'; readonly app: App }
  | { readonly kind: 'chain'; readonly chain: Chain }
  | { readonly kind: 'consent'; readonly number: number; readonly divisions: readonly number[] | null }
  | { readonly kind: 'code'; readonly number: number }
  | { readonly kind: 'revoked'; readonly clientId: string; readonly user: string }
  | { readonly kind: 'clock'; readonly offset: number }
  | {
      readonly kind: 'user'
      readonly user: string
      readonly password: string
      readonly language?: string
      readonly totpSecret?: string
    }

export interface TokenAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly outcome: string
  readonly clientId: string | null
  readonly user: string | null
  readonly generation: number | null
}

const codeSeconds = 180
const accessSeconds = 600
const earliestRefreshSeconds = 570
const refreshDays = 30

/** The authorization server's rules. Every change is in the journal before its answer leaves. */
export class Issuer {
  readonly apps = new Map<string, App>()
  readonly chains = new Map<string, Chain>()
  readonly #consents = new Map<number, readonly number[] | null>()
  readonly #usedCodes = new Set<number>()
  readonly #passwords = new Map<string, string>()
  readonly #languages = new Map<string, string>()
  readonly #totpSecrets = new Map<string, string>()
  readonly #clock: EmulatedClock
  readonly #journal: Journal
  #codec: TokenCodec
  #lastNumber = 0

  constructor(clock: EmulatedClock, journal: Journal) {
    this.#clock = clock
    this.#journal = journal
    let secret: string | undefined
    for (const record of journal.read<JournalRecord>()) {
      if (record.kind === 'secret') secret = record.secret
      else this.#apply(record)
    }
    if (secret === undefined) {
      secret = randomBytes(32).toString('hex')
      journal.append({ kind: 'secret', secret }, { isDurable: true })
    }
    this.#codec = new TokenCodec(secret)
  }

  #apply(record: JournalRecord): void {
    if (record.kind === 'app') this.apps.set(record.app.clientId, record.app)
    else if (record.kind === 'chain') {
      this.chains.set(chainKey(record.chain.clientId, record.chain.user), record.chain)
    } else if (record.kind === 'consent') {
      this.#consents.set(record.number, record.divisions)
      this.#lastNumber = Math.max(this.#lastNumber, record.number)
    } else if (record.kind === 'code') this.#usedCodes.add(record.number)
    else if (record.kind === 'revoked') this.chains.delete(chainKey(record.clientId, record.user))
    else if (record.kind === 'clock') this.#clock.restore(record.offset)
    else if (record.kind === 'user') {
      this.#passwords.set(record.user, record.password)
      if (record.language) this.#languages.set(record.user, record.language)
      if (record.totpSecret) this.#totpSecrets.set(record.user, record.totpSecret)
      else this.#totpSecrets.delete(record.user)
    }
  }

  #keep(record: JournalRecord): void {
    this.#apply(record)
    this.#journal.append(record, { isDurable: true })
  }

  register(app: App): void {
    this.#keep({ kind: 'app', app })
  }

  keepClock(): void {
    this.#keep({ kind: 'clock', offset: this.#clock.offset })
  }

  /** From now on this user logs in with this password only, and with a second factor where a secret is given. */
  registerUser(user: string, password: string, language = 'nl-NL', totpSecret?: string): void {
    const second = totpSecret === undefined ? {} : { totpSecret }
    this.#keep({ kind: 'user', user: user.toLowerCase(), password: hashOf(password), language, ...second })
  }

  /** The secret of the user's authenticator, in base32; null for users without a second factor. */
  totpSecretOf(user: string): string | null {
    return this.#totpSecrets.get(user.toLowerCase()) ?? null
  }

  /** The language that the user is spoken to in: Dutch unless registered otherwise. */
  languageOf(user: string): string {
    return this.#languages.get(user.toLowerCase()) ?? 'nl-NL'
  }

  /** A registered user needs the own password; for anybody else any will do, as long as there is one. */
  isPasswordOf(user: string, password: string): boolean {
    const known = this.#passwords.get(user.toLowerCase())
    return known === undefined ? password !== '' : known === hashOf(password)
  }

  /** Forgets codes and chains; apps, users and the time stay. */
  reset(): void {
    const apps = [...this.apps.values()]
    this.chains.clear()
    this.#consents.clear()
    this.#usedCodes.clear()
    this.#journal.clear()
    const secret = randomBytes(32).toString('hex')
    this.#journal.append({ kind: 'secret', secret }, { isDurable: true })
    this.#codec = new TokenCodec(secret)
    for (const app of apps) this.register(app)
    for (const [user, password] of this.#passwords) {
      const language = this.languageOf(user)
      const totpSecret = this.totpSecretOf(user)
      this.#keep({ kind: 'user', user, password, language, ...(totpSecret ? { totpSecret } : {}) })
    }
    this.keepClock()
  }

  #stampOf(clientId: string): string {
    return this.apps.get(clientId)?.flags?.stamp ?? 'stampNL001.'
  }

  /** A user consented: the code for the redirect. */
  issueCode(
    clientId: string,
    user: string,
    redirectUri: string,
    divisions: readonly number[] | null,
  ): string {
    const number = this.#lastNumber + 1
    this.#keep({ kind: 'consent', number, divisions })
    const claims: TokenClaims = {
      kind: 'code',
      clientId,
      user,
      chain: number,
      generation: 0,
      issuedAt: this.#clock.now(),
      redirectUri,
    }
    return this.#codec.encode(claims, this.#stampOf(clientId))
  }

  /** The chain that an access token belongs to, or null when the token is unknown or expired. */
  authenticate(accessToken: string): Chain | null {
    const claims = this.#codec.decode(accessToken)
    if (claims?.kind !== 'access' || this.#clock.now() >= claims.issuedAt + accessSeconds * 1000) return null
    const chain = this.chains.get(chainKey(claims.clientId, claims.user))
    // An access token of a replaced chain lives on until its own end, with the divisions of its own consent.
    return chain === undefined ? null : { ...chain, divisions: this.#consents.get(claims.chain) ?? null }
  }

  /** Whose token this is, also when its time is over; null for a text that was never issued. */
  identify(accessToken: string): { readonly clientId: string; readonly user: string } | null {
    const claims = this.#codec.decode(accessToken)
    return claims?.kind === 'access' ? { clientId: claims.clientId, user: claims.user } : null
  }

  /** The user took the app's permission away: its access tokens and refresh token are good for nothing. */
  revoke(clientId: string, user: string): void {
    this.#keep({ kind: 'revoked', clientId, user })
  }

  /**
   * Answers a token request whose form fields were read already. A user who is shut out by an administrator or by the
   * licence's end gets no new token, and keeps the refresh token: who is let in again goes on.
   * @see RFC 6749 § 5; wire.md § 1.7
   */
  answer(fields: ReadonlyMap<string, string>, isShutOut: (user: string) => boolean): TokenAnswer {
    const clientId = fields.get('client_id') ?? ''
    const app = this.apps.get(clientId)
    const grantType = fields.get('grant_type')
    const isKnown = app !== undefined && app.clientSecret === fields.get('client_secret')
    const refuse = (
      status: number,
      body: string,
      outcome: string,
      claims: TokenClaims | null = null,
      headers: Record<string, string> = {},
    ): TokenAnswer => ({
      status,
      headers,
      body,
      outcome,
      clientId: clientId || null,
      user: claims?.user ?? null,
      generation: claims?.generation ?? null,
    })
    if (!isKnown) return refuse(400, '{"error":"invalid_request"}', 'client-refused')
    if (grantType === 'authorization_code') {
      const code = fields.get('code')
      const redirectUri = fields.get('redirect_uri')
      if (!code || !redirectUri) return refuse(400, '{"error":"invalid_request"}', 'field-missing')
      if (/%[0-9a-f]{2}/i.test(code)) {
        return refuse(
          400,
          '{"error":"invalid_request","error_description":"Signed data extraction has failed"}',
          'code-not-decoded',
        )
      }
      const claims = this.#codec.decode(code)
      const isUsable =
        claims?.kind === 'code' &&
        claims.clientId === clientId &&
        claims.redirectUri === redirectUri &&
        !this.#usedCodes.has(claims.chain) &&
        this.#clock.now() <= claims.issuedAt + codeSeconds * 1000
      if (!claims || !isUsable)
        return refuse(400, chainFault.body, 'code-refused', claims, chainFault.headers)
      this.#keep({ kind: 'code', number: claims.chain })
      return this.#grant(
        {
          clientId,
          user: claims.user,
          number: claims.chain,
          generation: 1,
          lastTokenAt: this.#clock.now(),
          divisions: this.#consents.get(claims.chain) ?? null,
        },
        'code-exchanged',
        0,
      )
    }
    if (grantType !== 'refresh_token') return refuse(400, '{"error":"invalid_request"}', 'field-missing')
    const token = fields.get('refresh_token')
    if (!token) return refuse(400, '{"error":"invalid_request"}', 'field-missing')
    const claims = this.#codec.decode(token)
    const chain = claims && this.chains.get(chainKey(claims.clientId, claims.user))
    if (claims?.kind !== 'refresh' || claims.clientId !== clientId || chain?.number !== claims.chain) {
      return refuse(400, chainFault.body, 'chain-unknown', claims, chainFault.headers)
    }
    if (isShutOut(chain.user))
      return refuse(400, chainFault.body, 'user-shut-out', claims, chainFault.headers)
    const isTolerated =
      app.flags?.tolerateOldRefreshTokens === true && claims.generation === chain.generation - 1
    if (claims.generation !== chain.generation && !isTolerated) {
      return refuse(
        401,
        '{"error":"unauthorized_client","error_description":"Old refresh token used."}',
        'old-token',
        claims,
      )
    }
    const now = this.#clock.now()
    const expiredAt = claims.issuedAt + refreshDays * 86_400_000
    if (now > expiredAt) {
      const text = `The refresh token expired at ${usDate(expiredAt)} and it is now ${usDate(now)}.`
      const body = JSON.stringify({ error: 'invalid_request', error_description: text }).replaceAll(
        '/',
        '\\/',
      )
      return refuse(400, body, 'token-expired', claims)
    }
    if (now - chain.lastTokenAt < earliestRefreshSeconds * 1000 && app.flags?.allowEarlyRefresh !== true) {
      return refuse(
        400,
        '{ "error":"access_denied","error_description":"Rate limit exceeded: access_token not expired" }',
        'too-early',
        claims,
        { reason: 'TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired' },
      )
    }
    return this.#grant(
      { ...chain, generation: chain.generation + 1, lastTokenAt: now },
      'refreshed',
      claims.generation,
    )
  }

  #grant(chain: Chain, outcome: string, spent: number): TokenAnswer {
    this.#keep({ kind: 'chain', chain })
    const { clientId, user, number, generation } = chain
    const claims = { clientId, user, chain: number, generation, issuedAt: this.#clock.now() }
    const stamp = this.#stampOf(clientId)
    const body = JSON.stringify({
      access_token: this.#codec.encode({ ...claims, kind: 'access' }, stamp),
      token_type: 'bearer',
      expires_in: String(accessSeconds),
      refresh_token: this.#codec.encode({ ...claims, kind: 'refresh' }, stamp),
    })
    return { status: 200, headers: {}, body, outcome, clientId, user, generation: spent }
  }
}

const chainText = 'Token is not allowed, because of invalid or empty chainId'
const chainFault = {
  body: `{ "error":"invalid_grant","error_description":"${chainText}" }`,
  headers: { reason: `Unknown: ${chainText}` },
}

const hashOf = (password: string) => createHash('sha256').update(password).digest('hex')

function chainKey(clientId: string, user: string): string {
  return `${clientId} ${user.toLowerCase()}`
}

/** `11/10/2022 9:18:20 PM`: the form in which the live service writes times in this error. */
function usDate(time: number): string {
  const date = new Date(time)
  const hour = date.getUTCHours()
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()} ${hour % 12 || 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${hour < 12 ? 'AM' : 'PM'}`
}
