import type { IssuerPolicy } from '../../index.ts'

/** How an issuer of the lab behaves. Times are seconds of the lab's own clock. */
export interface IssuerMode {
  readonly rotates: boolean
  readonly accessTokenSeconds: number
  /** A refresh sooner than this after the last token answer is refused, and rotates nothing. */
  readonly earliestRefreshSeconds: number
  /** How long a token is still taken after its rotation. */
  readonly previousSeconds: number
  /** Whether the previous token dies as soon as its successor is used. */
  readonly isPreviousDeadOnceSucceeded: boolean
  /** Whether a spent token that is not taken any more ends the whole chain. */
  readonly reuseEndsChain: boolean
  /** In the last `liesSeconds` of every `everySeconds` it answers a bare 400, and rotates nothing. */
  readonly night: { readonly everySeconds: number; readonly liesSeconds: number } | null
  /** What the vault is told of it. */
  readonly policy: IssuerPolicy
}

const careful: IssuerPolicy = {
  rotation: 'single-use',
  accessTokenSeconds: 90,
  earliestRefreshSeconds: 0,
  refreshIdleSeconds: 30 * 86_400,
  refreshAbsoluteSeconds: null,
  codeSeconds: 180,
  previousTokenSeconds: 0,
  reuseRevokesFamily: false,
  resendAfterSeconds: [2, 20],
}
const plain = {
  rotates: true,
  accessTokenSeconds: 90,
  earliestRefreshSeconds: 0,
  previousSeconds: 0,
  isPreviousDeadOnceSucceeded: true,
  reuseEndsChain: false,
  night: null,
} as const

/**
 * The issuers that a token chain must survive. `exact` is written from what third parties saw of Exact Online: single
 * use, nothing before second 570, the previous token taken for about ten minutes as long as its successor is unused.
 * `xero` takes the previous token for 30 minutes; `family` (as Atlassian) for 10, after which its use ends the chain.
 */
export const issuerModes = {
  strict: { ...plain, policy: careful },
  exact: {
    ...plain,
    accessTokenSeconds: 600,
    earliestRefreshSeconds: 570,
    previousSeconds: 600,
    policy: {
      ...careful,
      accessTokenSeconds: 600,
      earliestRefreshSeconds: 570,
      previousTokenSeconds: 600,
    },
  },
  xero: {
    ...plain,
    previousSeconds: 1800,
    isPreviousDeadOnceSucceeded: false,
    policy: { ...careful, previousTokenSeconds: 1800 },
  },
  family: {
    ...plain,
    previousSeconds: 600,
    isPreviousDeadOnceSucceeded: false,
    reuseEndsChain: true,
    policy: { ...careful, previousTokenSeconds: 600, reuseRevokesFamily: true },
  },
  fixed: {
    ...plain,
    rotates: false,
    policy: { ...careful, rotation: 'none' },
  },
  night: {
    ...plain,
    night: { everySeconds: 600, liesSeconds: 90 },
    policy: careful,
  },
} as const satisfies Record<string, IssuerMode>

export type IssuerModeName = keyof typeof issuerModes
export const issuerModeNames = Object.keys(issuerModes) as IssuerModeName[]
