import type { GrantState } from './vault.ts'

/** What can happen to a grant. */
export type GrantEvent =
  | 'verified'
  | 'spend-begun'
  | 'spent'
  /** Spent while it is not known yet whose grant it is. */
  | 'spent-unverified'
  | 'spend-not-sent'
  | 'answer-lost'
  | 'refused-for-now'
  | 'refused-for-good'
  /** The primary was refused for good, and a pair kept beside it takes its place. */
  | 'alternate-taken'
  | 'client-refused'
  | 'superseded'
  | 'removed'

type Row = Readonly<Record<GrantEvent, GrantState | null>>

const dead: Row = {
  verified: null,
  'spend-begun': null,
  spent: null,
  'spent-unverified': null,
  'spend-not-sent': null,
  'answer-lost': null,
  'refused-for-now': null,
  'refused-for-good': null,
  'alternate-taken': null,
  'client-refused': null,
  superseded: null,
  removed: null,
}

/**
 * The whole life of a grant: state × event → next state, null where the event cannot happen. A pair that is missing
 * does not compile. A good answer that comes late (`spent`) is taken in every state but `revoked`.
 */
export const transitions: Readonly<Record<GrantState, Row>> = {
  pending: {
    verified: 'active',
    'spend-begun': 'pending',
    spent: 'pending',
    'spent-unverified': 'pending',
    'spend-not-sent': 'pending',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'pending',
    'refused-for-good': 'needs_consent',
    'alternate-taken': 'pending',
    'client-refused': 'misconfigured',
    superseded: 'active',
    removed: 'revoked',
  },
  active: {
    verified: 'active',
    'spend-begun': 'refreshing',
    spent: 'active',
    'spent-unverified': 'pending',
    'spend-not-sent': 'active',
    'answer-lost': null,
    'refused-for-now': 'active',
    'refused-for-good': 'needs_consent',
    'alternate-taken': 'active',
    'client-refused': 'misconfigured',
    superseded: 'active',
    removed: 'revoked',
  },
  refreshing: {
    verified: 'refreshing',
    'spend-begun': null,
    spent: 'active',
    'spent-unverified': 'pending',
    'spend-not-sent': 'active',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'active',
    'refused-for-good': 'needs_consent',
    'alternate-taken': 'active',
    'client-refused': 'misconfigured',
    superseded: 'active',
    removed: 'revoked',
  },
  ambiguous: {
    verified: 'ambiguous',
    'spend-begun': 'ambiguous',
    spent: 'active',
    'spent-unverified': 'pending',
    'spend-not-sent': 'ambiguous',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'ambiguous',
    'refused-for-good': 'needs_consent',
    'alternate-taken': 'active',
    'client-refused': 'ambiguous',
    superseded: 'active',
    removed: 'revoked',
  },
  needs_consent: {
    ...dead,
    spent: 'active',
    'spent-unverified': 'pending',
    'alternate-taken': 'active',
    superseded: 'active',
    removed: 'revoked',
  },
  misconfigured: {
    verified: 'misconfigured',
    'spend-begun': 'refreshing',
    spent: 'active',
    'spent-unverified': 'pending',
    'spend-not-sent': 'misconfigured',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'misconfigured',
    'refused-for-good': 'needs_consent',
    'alternate-taken': 'active',
    'client-refused': 'misconfigured',
    superseded: 'active',
    removed: 'revoked',
  },
  revoked: dead,
}

/** The state after an event; an event that cannot happen in this state is our own mistake. */
export function nextState(state: GrantState, event: GrantEvent): GrantState {
  const next = transitions[state][event]
  if (next === null) throw new TypeError(`a grant that is ${state} cannot be ${event}`)
  return next
}
