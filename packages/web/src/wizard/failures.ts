import type { MessageKey } from '../i18n/messages.en.ts'

/** What a failed handover did to the credentials, and what the person does next. */
export interface Failure {
  readonly fate: 'untouched' | 'dead' | 'held' | 'unsure'
  readonly next: MessageKey
}

/** By the server's stable code. An unknown code is told with the server's own words and no claim about the token. */
const failures: Readonly<Record<string, Failure>> = {
  INVALID_REQUEST: { fate: 'untouched', next: 'next.correct' },
  HANDOVER_INCOMPLETE: { fate: 'untouched', next: 'next.correct' },
  HANDOVER_REGION_MISMATCH: { fate: 'untouched', next: 'next.country' },
  HANDOVER_CLIENT_REFUSED: { fate: 'untouched', next: 'next.client' },
  HANDOVER_TOKEN_EXPIRED: { fate: 'dead', next: 'next.consent' },
  HANDOVER_TOKEN_ALREADY_SPENT: { fate: 'dead', next: 'next.consentSpent' },
  HANDOVER_CODE_EXPIRED: { fate: 'dead', next: 'next.code' },
  HANDOVER_CODE_REFUSED: { fate: 'dead', next: 'next.code' },
  HANDOVER_TOKEN_ALREADY_HELD: { fate: 'held', next: 'next.useGrant' },
  HANDOVER_OLDER_THAN_HELD: { fate: 'held', next: 'next.useGrant' },
  DATABASE_NAME_TAKEN: { fate: 'untouched', next: 'next.again' },
  FORBIDDEN: { fate: 'untouched', next: 'next.rights' },
  UNAUTHENTICATED: { fate: 'untouched', next: 'next.logIn' },
  PLATFORM_BUDGET_EXHAUSTED: { fate: 'untouched', next: 'next.wait' },
  PLATFORM_UNAVAILABLE: { fate: 'unsure', next: 'next.again' },
  GRANT_AMBIGUOUS: { fate: 'unsure', next: 'next.again' },
  GRANT_REFRESH_TOO_EARLY: { fate: 'untouched', next: 'next.wait' },
  SERVER_UNREACHABLE: { fate: 'unsure', next: 'next.again' },
}

export const failureOf = (code: string): Failure => failures[code] ?? { fate: 'unsure', next: 'next.again' }
