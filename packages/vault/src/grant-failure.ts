import { SluisError } from '@sluis/shared'
import type { GrantRow } from './grant-row.ts'

/** The error for an id that names no living grant of the organisation. */
export function noSuchGrant(): SluisError {
  return new SluisError('NOT_FOUND', 'There is no such grant.', { hint: 'GET /api/v1/grants lists them.' })
}

/** Why a grant gives no token, with the code that its state stands for. `notBefore`: when it may be spent, if that is to come. */
export function grantFailure(row: GrantRow, notBefore?: number): SluisError {
  const detail = row.problem?.detail
  const hint = row.problem?.hint
  const hasTime = notBefore !== undefined && Number.isFinite(notBefore)
  const details = { grant: row.id, ...(hasTime ? { notBefore: new Date(notBefore).toISOString() } : {}) }
  switch (row.state) {
    case 'needs_consent':
    case 'revoked':
      return new SluisError('GRANT_NEEDS_CONSENT', detail ?? 'The user has to consent again.', {
        hint: hint ?? 'Hand new credentials over: the grant keeps its id and its databases.',
        details,
      })
    case 'ambiguous':
      return new SluisError('GRANT_AMBIGUOUS', detail ?? 'The answer to a refresh was lost.', {
        hint: hint ?? 'Try again in a minute.',
        details,
      })
    case 'misconfigured':
      return new SluisError('GRANT_MISCONFIGURED', detail ?? 'The platform refuses the client.', {
        hint: hint ?? 'Check the client secret.',
        details,
      })
    default:
      if (row.problem?.code === 'PLATFORM_BUDGET_EXHAUSTED' && hasTime) {
        return new SluisError('PLATFORM_BUDGET_EXHAUSTED', row.problem.detail, {
          hint: row.problem.hint ?? 'Wait until then.',
          details: { ...details, resetsAt: details.notBefore },
        })
      }
      if (!row.has_refresh) {
        return new SluisError(
          'GRANT_NEEDS_CONSENT',
          'The access token has run out, and there is no refresh token.',
          { hint: 'Hand new credentials over, with a refresh token.', details },
        )
      }
      // Nothing is wrong with the grant: its token is too young, and there is no access token to bridge the time.
      if (hasTime && (row.problem === null || row.problem.code === 'GRANT_REFRESH_TOO_EARLY')) {
        return new SluisError(
          'GRANT_REFRESH_TOO_EARLY',
          'There is no access token, and the issuer does not allow a refresh yet.',
          { hint: 'Ask again at notBefore: the vault refreshes then by itself.', details },
        )
      }
      return new SluisError('PLATFORM_UNAVAILABLE', detail ?? 'No access token can be had at this moment.', {
        hint: hint ?? 'Nothing is lost: try again a little later.',
        details,
      })
  }
}
