import type { IssuerPolicy, OAuthPlatform } from '../oauth-platform.ts'
import { careful, platformOf } from './issuers.ts'

const daySeconds = 86_400

/** Three issuers side by side, with the share of the grants that each has. */
export const idleIssuers = {
  // Exact Online's clocks: 30 idle days, no refresh before 570 s, bad answers at night.
  exact: {
    share: 0.5,
    policy: {
      ...careful,
      earliestRefreshSeconds: 570,
      refreshIdleSeconds: 30 * daySeconds,
      quietHours: { timeZone: 'Europe/Amsterdam', from: '00:30', to: '02:30' },
    },
  },
  xero: { share: 0.3, policy: { ...careful, accessTokenSeconds: 1800, refreshIdleSeconds: 60 * daySeconds } },
  family: {
    share: 0.2,
    policy: { ...careful, refreshIdleSeconds: 90 * daySeconds, reuseRevokesFamily: true },
  },
} as const satisfies Record<string, { readonly share: number; readonly policy: IssuerPolicy }>

export type IdleIssuerName = keyof typeof idleIssuers
export const idleIssuerNames = Object.keys(idleIssuers) as IdleIssuerName[]

/** What an issuer saw. Ages are those of refresh tokens when they were spent. */
export interface IdleTally {
  grants: number
  spends: number
  /** Tokens that were spent already, or died of idleness. */
  refused: number
  /** Requests while it was down. */
  unanswered: number
  oldestMs: number
  mostAnHour: number
  mostAtOnce: number
}

interface Chain {
  generation: number
  issuedAt: number
}

const hourMs = 3_600_000

/** The issuers of a simulated year: each takes a token once, forgets it when it was idle for too long, and counts. */
export class IdleIssuers {
  readonly tallies: Readonly<Record<IdleIssuerName, IdleTally>>
  readonly platforms: readonly OAuthPlatform[]
  readonly #chains = new Map<string, Chain>()
  readonly #hours = new Map<string, { hour: number; count: number }>()
  readonly #down = new Map<IdleIssuerName, number>()

  constructor() {
    const none = {
      grants: 0,
      spends: 0,
      refused: 0,
      unanswered: 0,
      oldestMs: 0,
      mostAnHour: 0,
      mostAtOnce: 0,
    }
    this.tallies = { exact: { ...none }, xero: { ...none }, family: { ...none } }
    this.platforms = idleIssuerNames.map((name) => this.#counted(name))
  }

  /** The platform, with its requests under way counted. */
  #counted(name: IdleIssuerName): OAuthPlatform {
    const platform = platformOf(idleIssuers[name].policy, name)
    const tally = this.tallies[name]
    let underWay = 0
    return {
      ...platform,
      tokenRequest: (...of) => {
        tally.mostAtOnce = Math.max(tally.mostAtOnce, ++underWay)
        return platform.tokenRequest(...of)
      },
      processTokenResponse: (answer) => {
        underWay--
        return platform.processTokenResponse(answer)
      },
    }
  }

  /** The first refresh token of a consent. */
  consent(name: IdleIssuerName, user: number, now: number): string {
    this.#chains.set(`${name}.${user}`, { generation: 1, issuedAt: now })
    this.tallies[name].grants++
    return `${name}.${user}.1`
  }

  /** It answers nobody until then. */
  takeDown(name: IdleIssuerName, until: number): void {
    this.#down.set(name, until)
  }

  answer(token: string, now: number): { readonly status: number; readonly body: string } {
    const [platform = '', user = '', generation] = token.split('.')
    const name = platform as IdleIssuerName
    const tally = this.tallies[name]
    if (now < (this.#down.get(name) ?? 0)) {
      tally.unanswered++
      return { status: 503, body: '' }
    }
    const chain = this.#chains.get(`${name}.${user}`)
    const age = now - (chain?.issuedAt ?? 0)
    const { policy } = idleIssuers[name]
    if (!chain || chain.generation !== Number(generation) || age > policy.refreshIdleSeconds * 1000) {
      tally.refused++
      return { status: 401, body: JSON.stringify({ error: 'unauthorized_client' }) }
    }
    this.#count(name, now)
    tally.oldestMs = Math.max(tally.oldestMs, age)
    chain.generation++
    chain.issuedAt = now
    const body = {
      access_token: `access.${token}`,
      refresh_token: `${name}.${user}.${chain.generation}`,
      expires_in: String(policy.accessTokenSeconds),
    }
    return { status: 200, body: JSON.stringify(body) }
  }

  #count(name: IdleIssuerName, now: number): void {
    const tally = this.tallies[name]
    tally.spends++
    const hour = Math.floor(now / hourMs)
    const known = this.#hours.get(name)
    const count = known?.hour === hour ? known.count + 1 : 1
    this.#hours.set(name, { hour, count })
    tally.mostAnHour = Math.max(tally.mostAnHour, count)
  }

  /** Ages of what is held now count like those of what was spent. */
  countHeld(now: number): void {
    for (const [place, { issuedAt }] of this.#chains) {
      const tally = this.tallies[place.slice(0, place.indexOf('.')) as IdleIssuerName]
      tally.oldestMs = Math.max(tally.oldestMs, now - issuedAt)
    }
  }
}
