import { type ErrorCode, SluisError } from '@sluis/shared'

/** The one table from our codes to HTTP. A code without a line does not compile. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  INVALID_REQUEST: 400,
  HANDOVER_INCOMPLETE: 400,
  HANDOVER_REGION_MISMATCH: 400,
  SQL_SYNTAX: 400,
  SQL_UNKNOWN_TABLE: 400,
  SQL_UNKNOWN_COLUMN: 400,
  SQL_NOT_ALLOWED: 400,
  SQL_FAILED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  PLATFORM_FORBIDDEN: 403,
  NOT_FOUND: 404,
  IDEMPOTENCY_KEY_REUSED: 409,
  HANDOVER_TOKEN_ALREADY_HELD: 409,
  HANDOVER_TOKEN_ALREADY_SPENT: 409,
  HANDOVER_OLDER_THAN_HELD: 409,
  DATABASE_NAME_TAKEN: 409,
  CONSENT_WOULD_END_CHAIN: 409,
  CONSENT_REFUSED: 422,
  GRANT_NEEDS_CONSENT: 409,
  GRANT_AMBIGUOUS: 409,
  GRANT_REFRESH_TOO_EARLY: 409,
  GRANT_MISCONFIGURED: 409,
  QUERY_CANCELLED: 409,
  QUERY_TIMEOUT: 408,
  WRITE_OUTCOME_UNKNOWN: 409,
  QUERY_TOO_LARGE: 413,
  REQUEST_TOO_LARGE: 413,
  HANDOVER_TOKEN_EXPIRED: 422,
  HANDOVER_CODE_EXPIRED: 422,
  HANDOVER_CODE_REFUSED: 422,
  HANDOVER_CLIENT_REFUSED: 422,
  PLATFORM_BUDGET_EXHAUSTED: 429,
  PLATFORM_UNAVAILABLE: 503,
  // RFC 9111 § 5.2.1.7: what only-if-cached gets.
  ANSWER_NOT_KEPT: 504,
  STORE_SCHEMA_NEWER: 503,
  STORE_UNAVAILABLE: 503,
  OPTIONS_INVALID: 500,
  RUNTIME_INCOMPLETE: 500,
  KEY_UNUSABLE: 500,
  KEY_SERVICE_UNAVAILABLE: 503,
}

/** RFC 9457 problem details, with our stable `code` and a `hint`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly hint?: string
  readonly [extension: string]: unknown
}

const titleOf = (code: string) => code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ')

/** Any error as problem details. What is not ours is told as an internal fault, without its words. */
export function toProblem(error: unknown): Problem {
  if (error instanceof SluisError) {
    return {
      ...error.details,
      type: `https://sluis.dev/errors/${error.code}`,
      title: titleOf(error.code),
      status: statusOf[error.code],
      code: error.code,
      detail: error.message,
      ...(error.hint ? { hint: error.hint } : {}),
    }
  }
  return {
    type: 'https://sluis.dev/errors/INTERNAL',
    title: 'Internal fault',
    status: 500,
    code: 'INTERNAL',
    detail: 'Sluis made a mistake with this request. It is in the server’s log.',
    hint: 'Try again; if it happens again, report it with the time.',
  }
}
