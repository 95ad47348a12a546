import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { EmulatedClock } from '@sluis/emulator-shared'
import type { PlatformFacts } from './platform-facts.ts'

export interface App {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUris: readonly string[]
}

interface Code {
  readonly clientId: string
  readonly user: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly nonce: string | null
  readonly challenge: string | null
  readonly hasOffline: boolean
  readonly expiresAt: number
}

/** One consent: its tokens end together. */
interface Family {
  readonly clientId: string
  readonly user: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly consentedAt: number
  lastAt: number
  current: string | null
  /** The value before, and when it was replaced. */
  previous: { readonly token: string; readonly at: number } | null
  readonly spent: Set<string>
  readonly access: Set<string>
  isOver: boolean
}

interface Access {
  readonly family: Family
  readonly expiresAt: number
}

export interface TokenAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly outcome: string
  readonly clientId: string | null
  readonly user: string | null
}

export interface TokenRequest {
  readonly fields: Readonly<Record<string, string>>
  readonly basic: { readonly id: string; readonly secret: string } | null
  readonly isJson: boolean
}

const random = () => randomBytes(24).toString('base64url')

/** One platform's authorization server, as its facts describe it. */
export class Issuer {
  readonly facts: PlatformFacts
  readonly apps = new Map<string, App>()
  readonly #codes = new Map<string, Code>()
  readonly #usedCodes = new Map<string, Family>()
  readonly #refresh = new Map<string, Family>()
  readonly #access = new Map<string, Access>()
  readonly #clock: EmulatedClock

  constructor(facts: PlatformFacts, clock: EmulatedClock) {
    this.facts = facts
    this.#clock = clock
  }

  /** What is wrong with the parameters of the page, or null. */
  authorizeFault(parameters: URLSearchParams): string | null {
    const { facts } = this
    const get = (name: string) => parameters.get(name) ?? ''
    const app = this.apps.get(get('client_id'))
    if (!app) return 'unauthorized_client'
    if (!app.redirectUris.includes(get('redirect_uri'))) return 'invalid_request: redirect_uri'
    if (get('response_type') !== 'code') return 'unsupported_response_type'
    if (facts.needsNonce && get('nonce') === '') return 'invalid_request: nonce'
    for (const [name, value] of Object.entries(facts.needs ?? {})) {
      if (get(name) !== value) return `invalid_request: ${name}`
    }
    if (facts.needsScope !== undefined && !this.#scopes(get('scope')).includes(facts.needsScope))
      return 'invalid_scope'
    if (parameters.has('code_challenge')) {
      if (!facts.pkce) return 'invalid_request: code_challenge'
      if (get('code_challenge_method') !== 'S256') return 'invalid_request: code_challenge_method'
    }
    return null
  }

  #scopes(text: string): readonly string[] {
    return text.split(this.facts.delimiter).filter(Boolean)
  }

  issueCode(parameters: URLSearchParams, user: string): string {
    const get = (name: string) => parameters.get(name)
    const scopes = this.#scopes(get('scope') ?? '')
    const { offline, refreshNeeds = {}, codeSeconds } = this.facts
    const code = random()
    this.#codes.set(code, {
      clientId: get('client_id') ?? '',
      user,
      redirectUri: get('redirect_uri') ?? '',
      scopes,
      nonce: parameters.get('nonce'),
      challenge: get('code_challenge'),
      hasOffline:
        (offline === null || scopes.includes(offline)) &&
        Object.entries(refreshNeeds).every(([name, value]) => get(name) === value),
      expiresAt: this.#clock.now() + codeSeconds * 1000,
    })
    return code
  }

  answerToken({ fields, basic, isJson }: TokenRequest): TokenAnswer {
    const { facts } = this
    const clientId = basic?.id ?? fields.client_id ?? ''
    const secret = basic?.secret ?? fields.client_secret ?? ''
    const way = basic === null ? 'post' : 'basic'
    const refuse = (error: string, about = '', user: string | null = null): TokenAnswer => {
      const name = facts.nameOf?.[`${error}:${about}`] ?? facts.nameOf?.[error] ?? error
      return {
        status: facts.statusOf?.[name] ?? (error === 'invalid_client' ? 401 : 400),
        body: { error: name, error_description: `${error} ${about}`.trim() },
        outcome: name,
        clientId: clientId || null,
        user,
      }
    }
    if (isJson && !facts.takesJson) return refuse('invalid_request', 'content-type')
    const app = this.apps.get(clientId)
    if (!app || app.clientSecret !== secret || !facts.auth.includes(way)) return refuse('invalid_client')
    if (fields.grant_type === 'authorization_code') return this.#exchange(fields, clientId, refuse)
    if (fields.grant_type === 'refresh_token') return this.#rotate(fields, clientId, refuse)
    return refuse('unsupported_grant_type')
  }

  #exchange(
    fields: TokenRequest['fields'],
    clientId: string,
    refuse: (error: string, about?: string, user?: string | null) => TokenAnswer,
  ): TokenAnswer {
    const now = this.#clock.now()
    const text = fields.code ?? ''
    const again = this.#usedCodes.get(text)
    if (again && this.facts.codeReuseEndsFamily) this.#end(again)
    const code = this.#codes.get(text)
    if (!code || code.clientId !== clientId || code.redirectUri !== fields.redirect_uri)
      return refuse('invalid_grant', 'code')
    this.#codes.delete(text)
    if (code.expiresAt < now) return refuse('invalid_grant', 'code', code.user)
    if (code.challenge !== null) {
      const made = createHash('sha256')
        .update(fields.code_verifier ?? '')
        .digest('base64url')
      if (made !== code.challenge) return refuse('invalid_grant', 'code', code.user)
    }
    const family: Family = {
      clientId,
      user: code.user,
      redirectUri: code.redirectUri,
      scopes: code.scopes,
      consentedAt: now,
      lastAt: now,
      current: null,
      previous: null,
      spent: new Set(),
      access: new Set(),
      isOver: false,
    }
    this.#usedCodes.set(text, family)
    if (code.hasOffline) this.#renew(family, now)
    return this.#answer(family, now, { nonce: code.nonce })
  }

  #rotate(
    fields: TokenRequest['fields'],
    clientId: string,
    refuse: (error: string, about?: string, user?: string | null) => TokenAnswer,
  ): TokenAnswer {
    const { facts } = this
    const now = this.#clock.now()
    const token = fields.refresh_token ?? ''
    const family = this.#refresh.get(token)
    if (!family || family.clientId !== clientId || family.isOver) return refuse('invalid_grant', 'refresh')
    const { user } = family
    if (facts.redirectOnRefresh && fields.redirect_uri !== family.redirectUri)
      return refuse('invalid_grant', 'refresh', user)
    const idleOver = facts.idleSeconds !== null && now > family.lastAt + facts.idleSeconds * 1000
    const over = facts.absoluteSeconds !== null && now > family.consentedAt + facts.absoluteSeconds * 1000
    if (idleOver || over) return refuse('invalid_grant', 'refresh', user)
    if (token !== family.current) {
      const { previous } = family
      const isGraced = previous?.token === token && now <= previous.at + facts.graceSeconds * 1000
      if (!isGraced) {
        if (facts.reuseEndsFamily) this.#end(family)
        return refuse('invalid_grant', 'refresh', user)
      }
      // The successor was never used: it is given again in the form of a new one.
      return this.#spend(family, now)
    }
    const early = facts.earliestRefreshSeconds
    if (early !== undefined && now < family.lastAt + early * 1000) {
      return {
        status: 400,
        body: { error: 'access_denied', error_description: 'Rate limit exceeded: access_token not expired' },
        outcome: 'too-early',
        clientId,
        user,
      }
    }
    return this.#spend(family, now)
  }

  #spend(family: Family, now: number): TokenAnswer {
    const { kind, rollsAfterSeconds = 0, refreshEndsAccess } = this.facts
    const rolls = kind === 'rolling' && now >= family.consentedAt + rollsAfterSeconds * 1000
    if (kind === 'single-use' || rolls) this.#renew(family, now)
    family.lastAt = now
    if (refreshEndsAccess) {
      for (const token of family.access) this.#access.delete(token)
      family.access.clear()
    }
    return this.#answer(family, now, null)
  }

  /** A new value. A rolling one leaves the old in force. */
  #renew(family: Family, now: number): void {
    const fresh = `${random()}!${random()}`
    if (family.current !== null) {
      family.spent.add(family.current)
      family.previous = { token: family.current, at: now }
      if (this.facts.kind === 'rolling')
        family.previous = { token: family.current, at: Number.MAX_SAFE_INTEGER / 2 }
    }
    family.current = fresh
    this.#refresh.set(fresh, family)
  }

  #answer(family: Family, now: number, asked: { readonly nonce: string | null } | null): TokenAnswer {
    const { facts } = this
    const claims = facts.claims?.(family.user)
    const seconds = Math.floor(now / 1000)
    const access =
      claims === undefined
        ? random()
        : jwt({ ...claims, jti: random(), sub: family.user, exp: seconds + facts.accessSeconds })
    this.#access.set(access, { family, expiresAt: now + facts.accessSeconds * 1000 })
    family.access.add(access)
    const idToken =
      asked !== null && family.scopes.includes('openid')
        ? jwt({
            sub: family.user,
            aud: family.clientId,
            ...(asked.nonce === null ? {} : { nonce: asked.nonce }),
            oid: `oid-${family.user}`,
            tid: 'tenant-1',
            name: family.user,
          })
        : undefined
    return {
      status: 200,
      outcome: 'issued',
      clientId: family.clientId,
      user: family.user,
      body: {
        access_token: access,
        token_type: 'Bearer',
        ...(facts.hidesLife
          ? {}
          : { expires_in: facts.lifeIsText ? String(facts.accessSeconds) : facts.accessSeconds }),
        ...(family.current === null ? {} : { refresh_token: family.current }),
        ...(idToken === undefined ? {} : { id_token: idToken }),
        ...facts.more?.(now),
      },
    }
  }

  /** Whose an access token is, or null. */
  userOf(token: string): string | null {
    const access = this.#access.get(token)
    return access && !access.family.isOver && access.expiresAt > this.#clock.now() ? access.family.user : null
  }

  /** Ends the consent that a token belongs to; false for one that nobody knows. */
  revokeToken(token: string): boolean {
    const family = this.#refresh.get(token) ?? this.#access.get(token)?.family
    if (!family) return false
    this.#end(family)
    return true
  }

  /** The user withdraws the consent at the platform. */
  withdraw(clientId: string, user: string): number {
    const all = [...new Set(this.#refresh.values())].filter(
      (family) => family.clientId === clientId && family.user === user && !family.isOver,
    )
    for (const family of all) this.#end(family)
    return all.length
  }

  #end(family: Family): void {
    family.isOver = true
    for (const token of family.access) this.#access.delete(token)
  }
}

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${text}.${createHmac('sha256', 'emulated').update(text).digest('base64url')}`
}
