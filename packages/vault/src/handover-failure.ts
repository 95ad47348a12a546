import { type ErrorCode, type GrantId, SluisError } from '@sluis/shared'
import type pg from 'pg'
import type { GrantRow, HeldTokens } from './grant-row.ts'
import { envelopeRoute } from './idempotency.ts'

export const externalIdTaken = (externalId: string, grant: GrantId | undefined) =>
  failureOf(
    'INVALID_REQUEST',
    `externalId "${externalId}" belongs to the grant of another user or client; nothing was spent.`,
    grant === undefined
      ? 'Use another externalId.'
      : `Use another externalId, or delete grant ${grant} first.`,
    { field: 'externalId', ...(grant === undefined ? {} : { grant }) },
  )

/** A refusal as the idempotency key keeps it, to be given again to the same request. */
export interface StoredFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  readonly details: Readonly<Record<string, unknown>>
}

export function failureOf(
  code: ErrorCode,
  message: string,
  hint?: string,
  details: Readonly<Record<string, unknown>> = {},
): StoredFailure {
  return { code, message, ...(hint === undefined ? {} : { hint }), details }
}

export function errorOf({ code, message, hint, details }: StoredFailure): SluisError {
  return new SluisError(code, message, { ...(hint === undefined ? {} : { hint }), details })
}

export function refusalOf(
  held: HeldTokens,
  cause: 'spent' | 'expired' | 'invalid',
  text: string,
): StoredFailure {
  if (held.code !== undefined) {
    const hint = 'A code works once and for minutes; let the user consent again.'
    return failureOf('HANDOVER_CODE_REFUSED', text, hint)
  }
  return failureOf(
    cause === 'spent' ? 'HANDOVER_TOKEN_ALREADY_SPENT' : 'HANDOVER_TOKEN_EXPIRED',
    text,
    'Let the user consent again. Whoever spent this token has the chain’s newest one.',
  )
}

/** Refusals that are about what stood beside the credentials, and can be corrected with the same credentials. */
const correctable: ReadonlySet<ErrorCode> = new Set([
  'HANDOVER_CLIENT_REFUSED',
  'INVALID_REQUEST',
  'CONSENT_REFUSED',
])

/**
 * What the same request is answered when it comes again. An envelope is forgotten where nothing was spent and the fault
 * is not in it: its partner seals the same credentials anew, and hands them over with what was wrong put right.
 */
export async function keepFailure(tx: pg.ClientBase, row: GrantRow, failure: StoredFailure): Promise<void> {
  if (correctable.has(failure.code) && !row.proven_refresh) {
    await tx.query('DELETE FROM idempotency_key WHERE organisation_id = $1 AND subject = $2 AND route = $3', [
      row.organisation_id,
      row.id,
      envelopeRoute,
    ])
  }
  await tx.query('UPDATE idempotency_key SET answer = $3 WHERE organisation_id = $1 AND subject = $2', [
    row.organisation_id,
    row.id,
    JSON.stringify(failure),
  ])
}
