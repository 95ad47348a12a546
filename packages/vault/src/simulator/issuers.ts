import { PlainSecret } from '@sluis/shared'
import type { IssuerPolicy, OAuthPlatform, PlatformRegion, TokenAnswer } from '../oauth-platform.ts'
import type { SeededRandom } from './seeded-random.ts'

/** How an issuer of the simulator behaves. The policy is what the vault knows of it. */
export interface IssuerModel {
  readonly policy: IssuerPolicy
  /** A spent token is taken again for so long, as long as its successor was not used. */
  readonly graceSeconds: number
  /** A request too early is refused before the token is looked at, or after. */
  readonly looksAtTimeFirst: boolean
  /** How often it answers nonsense. */
  readonly lies: number
}

/** What is taken for granted of an issuer of which nothing is known. */
export const careful: IssuerPolicy = {
  rotation: 'single-use',
  accessTokenSeconds: 600,
  earliestRefreshSeconds: 0,
  refreshIdleSeconds: 30 * 86_400,
  refreshAbsoluteSeconds: null,
  codeSeconds: 180,
  previousTokenSeconds: 0,
  reuseRevokesFamily: false,
  resendAfterSeconds: [2, 20],
}
const strict: IssuerModel = { policy: careful, graceSeconds: 0, looksAtTimeFirst: false, lies: 0 }
const exactPolicy = { ...careful, earliestRefreshSeconds: 570, previousTokenSeconds: 600 }

/** @see the policy table in `packages/vault/README.md` */
export const issuerModels = {
  strict,
  'exact-like': { ...strict, policy: exactPolicy },
  'exact-like, time first': { ...strict, policy: exactPolicy, looksAtTimeFirst: true },
  'xero-like': {
    ...strict,
    policy: { ...careful, accessTokenSeconds: 1800, previousTokenSeconds: 1800 },
    graceSeconds: 1800,
  },
  'reuse-detecting': {
    ...strict,
    policy: { ...careful, previousTokenSeconds: 600, reuseRevokesFamily: true },
    graceSeconds: 600,
  },
  'non-rotating': { ...strict, policy: { ...careful, rotation: 'none' } },
  'lying at night': { ...strict, policy: exactPolicy, lies: 0.3 },
} as const satisfies Record<string, IssuerModel>

export type IssuerName = keyof typeof issuerModels

interface IssuedToken {
  readonly parent: string | null
  spentAt: number | null
  isDead: boolean
}

export interface LedgerEntry {
  readonly at: number
  readonly token: string
  /** Whether this token had been exchanged for a new one before. */
  readonly wasSpent: boolean
  readonly outcome: string
}

const region: PlatformRegion = {
  id: 'sim',
  label: 'Simulated',
  baseUrl: 'https://issuer.example',
  pinnedOrigins: ['https://issuer.example'],
  isOperators: false,
}

/** One issuer with one consent, and a ledger of every request that reached it. */
export class SimulatedIssuer {
  readonly ledger: LedgerEntry[] = []
  readonly model: IssuerModel
  readonly platforms: readonly OAuthPlatform[]
  readonly #random: SeededRandom
  readonly #tokens = new Map<string, IssuedToken>()
  #count = 0
  #answeredAt: number

  constructor(model: IssuerModel, random: SeededRandom, now: number) {
    this.model = model
    this.#random = random
    this.#answeredAt = now
    this.platforms = [platformOf(model.policy)]
  }

  issue(parent: string | null): string {
    const token = `refresh-${++this.#count}`
    this.#tokens.set(token, { parent, spentAt: null, isDead: false })
    return token
  }

  /** The user consents anew: whatever was issued for the same client before is dead. */
  consent(now: number): string {
    for (const each of this.#tokens.values()) each.isDead = true
    this.#answeredAt = now
    return this.issue(null)
  }

  /** Whether this token would be taken now, or as soon as it is not too early. */
  honours(token: string, now: number): boolean {
    const known = this.#tokens.get(token)
    if (!known || known.isDead) return false
    if (known.spentAt === null || this.model.policy.rotation !== 'single-use') return true
    return now < known.spentAt + this.model.graceSeconds * 1000
  }

  /** Makes it truthful: for the end of a schedule. */
  isHonest = false

  answer(token: string, now: number): { readonly status: number; readonly body: string } {
    const known = this.#tokens.get(token)
    const wasSpent =
      known !== undefined && known.spentAt !== null && this.model.policy.rotation === 'single-use'
    const tell = (status: number, outcome: string, body: object | string) => {
      this.ledger.push({ at: now, token, wasSpent, outcome })
      return { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
    }
    const lie = !this.isHonest && this.#random.chance(this.model.lies) ? this.#random.below(4) : null
    if (lie === 0) return tell(400, 'lie', { error: 'invalid_request' })
    if (lie === 1) return tell(200, 'lie', '')
    if (lie === 2) return tell(503, 'lie', { fault: {} })
    const isEarly = now < this.#answeredAt + this.model.policy.earliestRefreshSeconds * 1000
    const early = () => tell(400, 'too-early', { error: 'access_denied' })
    if (isEarly && this.model.looksAtTimeFirst) return early()
    if (!known || !this.honours(token, now)) {
      if (wasSpent && this.model.policy.reuseRevokesFamily)
        for (const each of this.#tokens.values()) each.isDead = true
      return tell(401, 'refused', { error: 'unauthorized_client' })
    }
    if (isEarly) return early()
    if (this.model.policy.rotation === 'single-use') {
      // Its brothers were answers to the same request: with this one in use they end, and so does what came before.
      for (const [other, each] of this.#tokens) {
        if (other !== token && (each.parent === known.parent || other === known.parent)) each.isDead = true
      }
    }
    known.spentAt ??= now
    this.#answeredAt = now
    const next = this.model.policy.rotation === 'single-use' ? this.issue(token) : token
    const body = {
      access_token: `access-${++this.#count}`,
      refresh_token: next,
      expires_in: String(this.model.policy.accessTokenSeconds),
    }
    // The last kind of lie: new tokens inside an error answer.
    return lie === 3
      ? tell(400, 'refreshed', { error: 'server_error', ...body })
      : tell(200, 'refreshed', body)
  }
}

/** The vault's side of an issuer: what it knows of it, and how it asks. A request's body is the token itself. */
export function platformOf(policy: IssuerPolicy, id = 'sim'): OAuthPlatform {
  return {
    id,
    label: 'Simulated',
    policy,
    regions: new Map([[region.id, region]]),
    stampedRegion: () => null,
    tokenRequest: (_region, _client, grant) => ({
      method: 'POST',
      url: `${region.baseUrl}/token`,
      headers: {},
      body: grant.kind === 'refresh' ? grant.refreshToken.reveal() : '',
    }),
    processTokenResponse: ({ status, body }): TokenAnswer => {
      const fields = readJson(body.toString())
      const { access_token: access, refresh_token: refresh, expires_in: lives, error } = fields
      if (refresh !== undefined) {
        const tokens = {
          accessToken: access === undefined ? null : new PlainSecret(access),
          refreshToken: new PlainSecret(refresh),
          expiresInSeconds: Number(lives),
        }
        return { kind: 'tokens', tokens, status }
      }
      if (error === 'access_denied') return { kind: 'too-early', text: error }
      if (error === 'unauthorized_client') return { kind: 'terminal', cause: 'spent', text: error }
      if (error === 'invalid_request') return { kind: 'configuration', text: error }
      return { kind: 'transient', text: `status ${status}` }
    },
    whoAmIRequest: () => ({ method: 'GET', url: `${region.baseUrl}/me`, headers: {} }),
    processWhoAmIResponse: () => ({ kind: 'transient', text: 'not simulated' }),
    revokeRequest: () => null,
  }
}

function readJson(text: string): Record<string, string> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
