import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { EmulatedClock, Journal } from '@sluis/emulator-shared'
import type { Language } from './faults.ts'

export interface App {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUris: readonly string[]
  /** An uncertified client has a twentieth of the credits. `jwt`: its access tokens are long and signed. */
  readonly flags?: { readonly uncertified?: boolean; readonly codeSeconds?: number; readonly jwt?: boolean }
  /** Credits a minute for one organisation, in place of the usual ones. */
  readonly limits?: { readonly minute?: number }
}

export interface User {
  readonly user: string
  readonly language: Language
  /** Codes of the offices in reach; null: all. */
  readonly offices: readonly string[] | null
  /** Code of the organisation; all are of one unless told. */
  readonly organisation?: string
  /** The fault that every call of this user meets: 104 deleted, 105 disabled, 106 organisation inactive, … */
  readonly fault?: number
}

export interface Access {
  readonly clientId: string
  readonly user: string
  readonly scopes: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
}

interface Consent {
  readonly refreshToken: string
  readonly scopes: readonly string[]
}

interface Code {
  readonly clientId: string
  readonly user: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly nonce: string | null
  readonly expiresAt: number
}

/** One change, as the journal keeps it. */
type IssuerRecord =
  | { readonly kind: 'app'; readonly app: App }
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'code'; readonly text: string; readonly code: Code }
  | { readonly kind: 'spent'; readonly text: string }
  | { readonly kind: 'access'; readonly token: string; readonly access: Access }
  | { readonly kind: 'consent'; readonly key: string; readonly consent: Consent }
  | { readonly kind: 'revoked'; readonly key: string }
  | { readonly kind: 'cluster'; readonly cluster: string }
  | { readonly kind: 'clock'; readonly offset: number }

export interface JsonAnswer {
  readonly status: number
  readonly body: object
  readonly outcome: string
  readonly clientId: string | null
  readonly user: string | null
}

export const accessSeconds = 3600
export const allScopes = ['openid', 'twf.user', 'twf.organisation', 'twf.organisationUser', 'offline_access']
const codeSeconds = 120
export const usualOrganisation = 'SLUIS'
const keyOf = (clientId: string, user: string) => `${clientId} ${user.toLowerCase()}`
const hex = () => randomBytes(16).toString('hex')

/** A GUID that a name always gets. */
export function guidOf(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

/**
 * The log-in server's rules: access tokens of an hour, one refresh token a user and app that is never rotated. Every
 * change is in the journal before its answer leaves.
 */
export class Issuer {
  readonly apps = new Map<string, App>()
  readonly #users = new Map<string, User>()
  readonly #consents = new Map<string, Consent>()
  readonly #codes = new Map<string, Code>()
  readonly #access = new Map<string, Access>()
  readonly #clock: EmulatedClock
  readonly #journal: Journal
  #cluster = 'c1'
  #keptOffset = 0

  constructor(clock: EmulatedClock, journal: Journal) {
    this.#clock = clock
    this.#journal = journal
    for (const record of journal.read<IssuerRecord>()) this.#apply(record)
  }

  #apply(record: IssuerRecord): void {
    switch (record.kind) {
      case 'app': {
        const { app } = record
        const known = this.apps.get(app.clientId)
        // A secret that changes ends every refresh token of the app.
        if (known && known.clientSecret !== app.clientSecret)
          this.#end((key) => key.startsWith(`${app.clientId} `))
        this.apps.set(app.clientId, app)
        return
      }
      case 'user':
        this.#users.set(record.user.user.toLowerCase(), record.user)
        return
      case 'code':
        this.#codes.set(record.text, record.code)
        return
      case 'spent':
        this.#codes.delete(record.text)
        return
      case 'access':
        this.#access.set(record.token, record.access)
        return
      case 'consent':
        this.#consents.set(record.key, record.consent)
        return
      case 'revoked':
        this.#end((key) => key === record.key)
        for (const [token, { clientId, user }] of this.#access) {
          if (keyOf(clientId, user) === record.key) this.#access.delete(token)
        }
        return
      case 'cluster':
        this.#cluster = record.cluster
        return
      case 'clock':
        this.#keptOffset = record.offset
        this.#clock.restore(record.offset)
    }
  }

  #keep(record: IssuerRecord): void {
    this.#apply(record)
    this.#journal.append(record, { isDurable: true })
  }

  get cluster(): string {
    return this.#cluster
  }

  moveTo(cluster: string): void {
    this.#keep({ kind: 'cluster', cluster })
  }

  /** Keeps the time's offset; one that follows another emulator's is set often and hardly moves. */
  keepClock(): void {
    const { offset } = this.#clock
    if (Math.abs(offset - this.#keptOffset) >= 1000) this.#keep({ kind: 'clock', offset })
  }

  /** A secret that changes ends every refresh token of the app. */
  register(app: App): void {
    this.#keep({ kind: 'app', app })
  }

  registerUser(user: User): void {
    this.#keep({ kind: 'user', user })
  }

  userOf(name: string): User {
    return this.#users.get(name.toLowerCase()) ?? { user: name, language: 'nl', offices: null }
  }

  revoke(clientId: string, user: string): void {
    this.#keep({ kind: 'revoked', key: keyOf(clientId, user) })
  }

  #end(isGone: (key: string) => boolean): void {
    for (const key of this.#consents.keys()) if (isGone(key)) this.#consents.delete(key)
  }

  /** Forgets consents and tokens; apps and users stay. */
  reset(): void {
    this.#consents.clear()
    this.#codes.clear()
    this.#access.clear()
    this.#journal.clear()
    for (const app of this.apps.values()) this.#keep({ kind: 'app', app })
    for (const user of this.#users.values()) this.#keep({ kind: 'user', user })
    this.moveTo('c1')
    this.#keep({ kind: 'clock', offset: this.#clock.offset })
  }

  close(): void {
    this.#journal.close()
  }

  issueCode(app: App, code: Omit<Code, 'clientId' | 'expiresAt'>): string {
    const text = hex()
    const seconds = app.flags?.codeSeconds ?? codeSeconds
    const expiresAt = this.#clock.now() + seconds * 1000
    this.#keep({ kind: 'code', text, code: { ...code, clientId: app.clientId, expiresAt } })
    return text
  }

  /** Null for an unknown token and for one whose hour is over. */
  accessOf(token: string): Access | null {
    const access = this.#access.get(token)
    return access && access.expiresAt > this.#clock.now() ? access : null
  }

  /** @see wire facts § 1.3: client credentials in Basic or in the body; `redirect_uri` on a refresh is not looked at */
  answerToken(form: URLSearchParams, authorization: string | undefined): JsonAnswer {
    const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1]
    const pair = basic === undefined ? null : Buffer.from(basic, 'base64').toString()
    const clientId = pair?.slice(0, pair.indexOf(':')) ?? form.get('client_id') ?? ''
    const secret = pair?.slice(pair.indexOf(':') + 1) ?? form.get('client_secret') ?? ''
    const refuse = (error: string, user: string | null = null): JsonAnswer => ({
      status: 400,
      body: { error },
      outcome: error,
      clientId: clientId || null,
      user,
    })
    const app = this.apps.get(clientId)
    if (!app || app.clientSecret !== secret) return refuse('invalid_client')
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const text = form.get('code') ?? ''
        const code = this.#codes.get(text)
        if (!code || code.clientId !== clientId) return refuse('invalid_grant')
        if (code.redirectUri !== form.get('redirect_uri')) return refuse('invalid_grant', code.user)
        this.#keep({ kind: 'spent', text })
        if (code.expiresAt <= this.#clock.now()) return refuse('invalid_grant', code.user)
        return this.#tokens(app, code.user, code.scopes, code.nonce)
      }
      case 'refresh_token': {
        const token = form.get('refresh_token')
        const found = [...this.#consents].find(
          ([key, consent]) => key.startsWith(`${clientId} `) && consent.refreshToken === token,
        )
        if (!found) return refuse('invalid_grant')
        return this.#tokens(app, found[0].slice(clientId.length + 1), found[1].scopes, null)
      }
      case 'password':
        return refuse('unauthorized_client')
      default:
        return refuse('unsupported_grant_type')
    }
  }

  #tokens(app: App, user: string, scopes: readonly string[], nonce: string | null): JsonAnswer {
    const { clientId } = app
    const now = this.#clock.now()
    const expiresAt = now + accessSeconds * 1000
    const access = app.flags?.jwt
      ? signed({ sub: guidOf(user), jti: hex(), exp: Math.floor(expiresAt / 1000) }, app.clientSecret)
      : hex()
    this.#keep({
      kind: 'access',
      token: access,
      access: { clientId, user, scopes, issuedAt: now, expiresAt },
    })
    const key = keyOf(clientId, user)
    if (scopes.includes('offline_access')) {
      const refreshToken = this.#consents.get(key)?.refreshToken ?? hex()
      this.#keep({ kind: 'consent', key, consent: { refreshToken, scopes } })
    }
    const seconds = Math.floor(now / 1000)
    const claims = {
      iss: 'https://login.twinfield.com/auth/authentication',
      aud: clientId,
      sub: guidOf(user),
      iat: seconds,
      exp: seconds + 300,
      ...(nonce === null ? {} : { nonce }),
    }
    const refresh = scopes.includes('offline_access') ? this.#consents.get(key)?.refreshToken : undefined
    return {
      status: 200,
      outcome: 'issued',
      clientId,
      user,
      body: {
        access_token: access,
        expires_in: accessSeconds,
        token_type: 'Bearer',
        ...(refresh === undefined ? {} : { refresh_token: refresh }),
        ...(scopes.includes('openid') ? { id_token: signed(claims, app.clientSecret) } : {}),
      },
    }
  }

  /** The twf.* claims that the granted scopes give. @see wire facts § 1.2 and § 1.4 */
  claimsOf({ user, scopes }: Access, origin: string): Record<string, string> {
    const has = (scope: string) => scopes.includes(scope)
    const { organisation: code = usualOrganisation } = this.userOf(user)
    const organisation = guidOf(code === usualOrganisation ? 'organisation' : `organisation ${code}`)
    return {
      sub: guidOf(user),
      ...(has('twf.user') || has('twf.organisationUser')
        ? { 'twf.organisationUserCode': user.split('@')[0]?.toUpperCase() ?? '' }
        : {}),
      ...(has('twf.user') ? { 'twf.id': guidOf(`user ${user}`), 'twf.organisationId': organisation } : {}),
      ...(has('twf.organisation')
        ? {
            'twf.organisationCode': code,
            'twf.organisationId': organisation,
            'twf.clusterUrl': `${origin}/${this.cluster}`,
          }
        : {}),
    }
  }

  answerValidation(token: string, origin: string): JsonAnswer {
    const access = this.accessOf(token)
    if (!access) {
      return {
        status: 400,
        body: { Message: 'invalid_token' },
        outcome: 'refused',
        clientId: null,
        user: null,
      }
    }
    const issuer = 'https://login.twinfield.com/auth/authentication'
    const text = (time: number) => String(Math.floor(time / 1000))
    return {
      status: 200,
      outcome: 'answered',
      clientId: access.clientId,
      user: access.user,
      body: {
        aud: `${issuer}/resources`,
        iss: issuer,
        exp: text(access.expiresAt),
        nbf: text(access.issuedAt),
        client_id: access.clientId,
        scope: access.scopes,
        auth_time: text(access.issuedAt),
        idp: 'idsrv',
        amr: 'password',
        ...this.claimsOf(access, origin),
      },
    }
  }
}

function signed(claims: object, secret: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
