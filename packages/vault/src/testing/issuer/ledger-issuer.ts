import { createHash, randomBytes } from 'node:crypto'
import { type IssuerModeName, issuerModes } from './issuer-modes.ts'

/** One token request as the issuer saw it. */
export interface LedgerEntry {
  readonly at: number
  readonly chain: number
  /** Generation of the token that was presented. */
  readonly generation: number
  readonly outcome: 'rotated' | 'repeated' | 'too-early' | 'refused' | 'lied' | 'failed'
  /** Generation that the answer holds; null when it holds none. */
  readonly gave: number | null
  /** Who sent it, by its own word (header `sender`). */
  readonly sender: string
  /** When the whole answer was given to the network; null when it never was. */
  deliveredAt: number | null
}

interface Chain {
  readonly id: number
  readonly mode: IssuerModeName
  generation: number
  issuedAt: number
  isEnded: boolean
  /** When each generation was first rotated away from. */
  readonly rotatedAt: Map<number, number>
  /** Generations that were ever spent with success. */
  readonly used: Set<number>
}

export interface TokenPair {
  readonly accessToken: string
  readonly refreshToken: string
  readonly issuedAt: number
}

export interface IssuerAnswer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** Stands in every secret that this issuer makes, so that a search for it shows where one leaked. */
export const canary = 'cnry8w'

/**
 * An issuer with a memory: knows of every chain which token is the living one, and writes down each request. Tokens
 * tell their chain and generation, and are made from a secret, so that no list of them is kept.
 */
export class LedgerIssuer {
  readonly ledger: LedgerEntry[] = []
  readonly #now: () => number
  readonly #secret = randomBytes(16)
  readonly #chains: Chain[] = []
  readonly #padding: { readonly access: string; readonly refresh: string }

  /** `padding`: characters that make tokens as long as the real ones. */
  constructor(now: () => number, padding = { access: 0, refresh: 0 }) {
    this.#now = now
    this.#padding = { access: 'a'.repeat(padding.access), refresh: 'r'.repeat(padding.refresh) }
  }

  /** A consent of a new user: the first pair, given `ageSeconds` ago. */
  mint(mode: IssuerModeName, ageSeconds = 0): TokenPair & { readonly chain: number } {
    const issuedAt = this.#now() - ageSeconds * 1000
    const chain: Chain = {
      id: this.#chains.length,
      mode,
      generation: 1,
      issuedAt,
      isEnded: false,
      rotatedAt: new Map(),
      used: new Set(),
    }
    this.#chains.push(chain)
    return { ...this.#pair(chain), issuedAt, chain: chain.id }
  }

  /** What a refresh with this token gives, and the line in the ledger. */
  refresh(token: string, sender: string): { readonly answer: IssuerAnswer; readonly entry: LedgerEntry } {
    const now = this.#now()
    const found = this.#read('R', token)
    const chain = found === null ? undefined : this.#chains[found.chain]
    const generation = found?.generation ?? 0
    const note = (outcome: LedgerEntry['outcome'], gave: number | null, answer: IssuerAnswer) => {
      const entry: LedgerEntry = {
        at: now,
        chain: found?.chain ?? -1,
        generation,
        outcome,
        gave,
        sender,
        deliveredAt: null,
      }
      this.ledger.push(entry)
      return { answer, entry }
    }
    if (!chain) return note('refused', null, spentAnswer)
    const mode = issuerModes[chain.mode]
    if (mode.night) {
      const { everySeconds, liesSeconds } = mode.night
      const second = (now / 1000) % everySeconds
      if (second >= everySeconds - liesSeconds) {
        return note('lied', null, { status: 400, body: { error: 'invalid_request' } })
      }
    }
    if (!this.#takes(chain, generation, now)) {
      if (mode.reuseEndsChain && generation < chain.generation) chain.isEnded = true
      return note('refused', null, spentAnswer)
    }
    if (now < chain.issuedAt + mode.earliestRefreshSeconds * 1000) {
      return note('too-early', null, {
        status: 400,
        body: {
          error: 'access_denied',
          error_description: 'Rate limit exceeded: access_token not expired',
        },
        headers: { reason: 'TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired' },
      })
    }
    chain.issuedAt = now
    if (mode.rotates) {
      if (!chain.rotatedAt.has(generation)) chain.rotatedAt.set(generation, now)
      chain.used.add(generation)
      chain.generation++
    }
    const { accessToken, refreshToken } = this.#pair(chain)
    return note(mode.rotates ? 'rotated' : 'repeated', chain.generation, {
      status: 200,
      body: {
        access_token: accessToken,
        token_type: 'bearer',
        // As Exact has it: a string.
        expires_in: String(mode.accessTokenSeconds),
        refresh_token: refreshToken,
      },
    })
  }

  /** A request that was answered 500 before it was looked at. */
  fail(token: string, sender: string): LedgerEntry {
    const found = this.#read('R', token)
    const entry: LedgerEntry = {
      at: this.#now(),
      chain: found?.chain ?? -1,
      generation: found?.generation ?? 0,
      outcome: 'failed',
      gave: null,
      sender,
      deliveredAt: null,
    }
    this.ledger.push(entry)
    return entry
  }

  #takes(chain: Chain, generation: number, now: number): boolean {
    const mode = issuerModes[chain.mode]
    if (chain.isEnded) return false
    if (generation === chain.generation) return true
    const rotatedAt = chain.rotatedAt.get(generation)
    // A pair that was put aside by a second use of its predecessor stays good where such uses leave both alive.
    if (rotatedAt === undefined) return generation >= 1 && !mode.isPreviousDeadOnceSucceeded
    if (now >= rotatedAt + mode.previousSeconds * 1000) return false
    return !mode.isPreviousDeadOnceSucceeded || ![...chain.used].some((used) => used > generation)
  }

  /** Whether the issuer would take this refresh token, now or as soon as it is not too early any more. */
  honours(token: string): boolean {
    const found = this.#read('R', token)
    const chain = found === null ? undefined : this.#chains[found.chain]
    if (!found || !chain) return false
    const { earliestRefreshSeconds } = issuerModes[chain.mode]
    const allowedAt = Math.max(this.#now(), chain.issuedAt + earliestRefreshSeconds * 1000)
    return this.#takes(chain, found.generation, allowedAt)
  }

  /** The user behind an access token, or null. */
  userOf(accessToken: string): number | null {
    const found = this.#read('A', accessToken)
    return found === null || this.#chains[found.chain] === undefined ? null : found.chain
  }

  /** Chain and generation of a token of ours; null for any other text. */
  read(token: string): { readonly chain: number; readonly generation: number } | null {
    return this.#read('R', token) ?? this.#read('A', token)
  }

  #pair(chain: Chain): TokenPair {
    const { generation, issuedAt } = chain
    return {
      accessToken: this.#token('A', chain.id, generation) + this.#padding.access,
      refreshToken: this.#token('R', chain.id, generation) + this.#padding.refresh,
      issuedAt,
    }
  }

  #token(kind: 'A' | 'R', chain: number, generation: number): string {
    const proof = createHash('sha256').update(this.#secret).update(`${kind}${chain}.${generation}`)
    return `${canary}${kind}!${chain}.${generation}.${proof.digest('base64url').slice(0, 22)}`
  }

  #read(kind: 'A' | 'R', token: string): { readonly chain: number; readonly generation: number } | null {
    const match = /^cnry8w[AR]!(\d+)\.(\d+)\./.exec(token)
    if (!match) return null
    const chain = Number(match[1])
    const generation = Number(match[2])
    return token.startsWith(this.#token(kind, chain, generation)) ? { chain, generation } : null
  }
}

const spentAnswer: IssuerAnswer = {
  status: 401,
  body: { error: 'unauthorized_client', error_description: 'Old refresh token used.' },
}
