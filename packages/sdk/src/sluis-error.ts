export interface SluisErrorOptions {
  readonly status?: number
  readonly hint?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * What Sluis refused or could not do. `code` is stable and meant for programs (`docs/reference/errors.md` lists them),
 * `hint` says what to do next, `details` holds what the problem says beside that, for instance `notBefore` or the
 * grant that exists all the same.
 *
 * Four codes are the SDK’s own: `WEBHOOK_REFUSED`, `CONNECT_STATE_MISMATCH`, `CONNECTION_LOST` (no whole answer came; whether the request was carried out is not
 * known) and `UNEXPECTED_ANSWER` (something else than Sluis answered, such as a proxy).
 */
export class SluisError extends Error {
  override readonly name = 'SluisError'
  readonly code: string
  /** The HTTP status; undefined where no answer came, or the error came inside an answer. */
  readonly status: number | undefined
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, options: SluisErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
    this.hint = options.hint
    this.details = options.details ?? {}
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a value is a problem as Sluis writes them: `type` names one of its own codes. @see RFC 9457 */
export function isProblem(value: unknown): value is Readonly<Record<string, unknown>> & { code: string } {
  return (
    isRecord(value) && typeof value.code === 'string' && String(value.type).endsWith(`/errors/${value.code}`)
  )
}

/** A problem as an error. */
export function fromProblem(problem: Readonly<Record<string, unknown>> & { code: string }, status?: number) {
  const { type: _, title, status: __, code, detail, hint, ...details } = problem
  return new SluisError(code, String(detail ?? title ?? code), {
    details,
    ...(status === undefined ? {} : { status }),
    ...(typeof hint === 'string' ? { hint } : {}),
  })
}
