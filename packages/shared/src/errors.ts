/**
 * Every code a user of Sluis can meet, in one place so that each surface's table from code to its own language
 * (HTTP status, SQLSTATE, exit code) is checked for completeness by the compiler. Codes are never reused.
 */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'HANDOVER_INCOMPLETE'
  | 'HANDOVER_REGION_MISMATCH'
  | 'SQL_SYNTAX'
  | 'SQL_UNKNOWN_TABLE'
  | 'SQL_UNKNOWN_COLUMN'
  | 'SQL_NOT_ALLOWED'
  | 'SQL_FAILED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'PLATFORM_FORBIDDEN'
  | 'NOT_FOUND'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'HANDOVER_TOKEN_ALREADY_HELD'
  | 'HANDOVER_TOKEN_ALREADY_SPENT'
  | 'HANDOVER_OLDER_THAN_HELD'
  | 'DATABASE_NAME_TAKEN'
  | 'CONSENT_WOULD_END_CHAIN'
  | 'CONSENT_REFUSED'
  | 'GRANT_NEEDS_CONSENT'
  | 'GRANT_AMBIGUOUS'
  | 'GRANT_REFRESH_TOO_EARLY'
  | 'GRANT_MISCONFIGURED'
  | 'QUERY_CANCELLED'
  | 'QUERY_TIMEOUT'
  | 'WRITE_OUTCOME_UNKNOWN'
  | 'QUERY_TOO_LARGE'
  | 'REQUEST_TOO_LARGE'
  | 'HANDOVER_TOKEN_EXPIRED'
  | 'HANDOVER_CODE_EXPIRED'
  | 'HANDOVER_CODE_REFUSED'
  | 'HANDOVER_CLIENT_REFUSED'
  | 'PLATFORM_BUDGET_EXHAUSTED'
  | 'PLATFORM_UNAVAILABLE'
  | 'ANSWER_NOT_KEPT'
  | 'STORE_SCHEMA_NEWER'
  | 'STORE_UNAVAILABLE'
  | 'OPTIONS_INVALID'
  | 'RUNTIME_INCOMPLETE'
  | 'KEY_UNUSABLE'
  | 'KEY_SERVICE_UNAVAILABLE'

export interface SluisErrorOptions {
  /** What to do next, as a sentence. */
  readonly hint?: string
  /** Machine-readable facts for the caller's decision; never a secret, never row data. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * The world's fault, as opposed to the programmer's (`TypeError`, `assert`): a stable code, what happened and to
 * what, and what to do next. Leaves throw it; the edge renders it, once.
 */
export class SluisError extends Error {
  override readonly name = 'SluisError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: SluisErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
  }
}

/** Whether a thrown value is ours, optionally with one of the codes given. */
export function isSluisError(error: unknown, ...codes: readonly ErrorCode[]): error is SluisError {
  return error instanceof SluisError && (codes.length === 0 || codes.includes(error.code))
}
