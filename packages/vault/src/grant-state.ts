import type { GrantState } from './vault.ts'

/** What can happen to a grant. */
export type GrantEvent =
  | 'verified'
  | 'spend-begun'
  | 'spent'
  | 'spend-not-sent'
  | 'answer-lost'
  | 'refused-for-now'
  | 'refused-for-good'
  | 'client-refused'
  | 'superseded'
  | 'removed'

type Row = Readonly<Record<GrantEvent, GrantState | null>>

const dead: Row = {
  verified: null,
  'spend-begun': null,
  spent: null,
  'spend-not-sent': null,
  'answer-lost': null,
  'refused-for-now': null,
  'refused-for-good': null,
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
    'spend-not-sent': 'pending',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'pending',
    'refused-for-good': 'needs_consent',
    'client-refused': 'misconfigured',
    superseded: 'active',
    removed: 'revoked',
  },
  active: {
    verified: 'active',
    'spend-begun': 'refreshing',
    spent: 'active',
    'spend-not-sent': 'active',
    'answer-lost': null,
    'refused-for-now': 'active',
    'refused-for-good': 'needs_consent',
    'client-refused': 'misconfigured',
    superseded: 'active',
    removed: 'revoked',
  },
  refreshing: {
    verified: 'refreshing',
    'spend-begun': null,
    spent: 'active',
    'spend-not-sent': 'active',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'active',
    'refused-for-good': 'needs_consent',
    'client-refused': 'misconfigured',
    superseded: 'active',
    removed: 'revoked',
  },
  ambiguous: {
    verified: 'ambiguous',
    'spend-begun': 'ambiguous',
    spent: 'active',
    'spend-not-sent': 'ambiguous',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'ambiguous',
    'refused-for-good': 'needs_consent',
    'client-refused': 'ambiguous',
    superseded: 'active',
    removed: 'revoked',
  },
  needs_consent: {
    ...dead,
    spent: 'active',
    superseded: 'active',
    removed: 'revoked',
  },
  misconfigured: {
    verified: 'misconfigured',
    'spend-begun': 'refreshing',
    spent: 'active',
    'spend-not-sent': 'misconfigured',
    'answer-lost': 'ambiguous',
    'refused-for-now': 'misconfigured',
    'refused-for-good': 'needs_consent',
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
