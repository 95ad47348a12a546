/** A request as a value: built by a platform, sent by the one who owns the socket. */
export interface OutgoingRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer as a value, body read whole. Header names are lower case. */
export interface IncomingResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface SendOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Told once when request bytes may have reached the network: before it a failure is certainly harmless. */
  readonly onSent?: () => void
  /**
   * Memory for the body, of at least so many bytes, for one who reads many large bodies and uses memory again; without
   * it each body has fresh memory. Asked again, for more, when a body is longer than it said.
   */
  readonly takeMemory?: (bytes: number) => Buffer
}

/**
 * The network as an argument. Sends exactly once: no retry, no redirect followed, no cookie kept. Rejects when no
 * whole answer came.
 */
export type SendRequest = (request: OutgoingRequest, options: SendOptions) => Promise<IncomingResponse>
