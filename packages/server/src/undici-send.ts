import type { IncomingResponse, OutgoingRequest, SendRequest } from '@sluis/shared'
import { Agent, type Dispatcher } from 'undici'
import { BodyBuffer } from './body-buffer.ts'

/** Enough to read what the kernel holds for us. */
const readMs = 250

/**
 * Outgoing HTTP through one pool of connections: sends once, follows no redirect, keeps no cookie. `close` ends idle
 * connections.
 */
export function createSend(): { readonly send: SendRequest; close(): Promise<void> } {
  const agent = new Agent({
    connections: 64,
    keepAliveTimeout: 30_000,
    // Both deadlines are the caller's own, set below.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 15_000 },
  })
  const send: SendRequest = async (request, { timeoutMs, signal, onSent, takeMemory }) => {
    const { signal: timeout, end } = deadline(timeoutMs)
    // Undici does not tell when the first byte leaves, so a request counts as sent unless the connection was refused:
    // the careful side for a token that may be spent.
    try {
      const response = await exchange(
        agent,
        request,
        signal ? AbortSignal.any([timeout, signal]) : timeout,
        takeMemory ?? Buffer.allocUnsafeSlow,
      )
      onSent?.()
      return response
    } catch (error) {
      const { code } = error as { code?: string }
      const isNeverSent = [
        'ECONNREFUSED',
        'ENOTFOUND',
        'EAI_AGAIN',
        'EHOSTUNREACH',
        'ENETUNREACH',
        'UND_ERR_CONNECT_TIMEOUT',
      ].includes(code ?? '')
      if (!isNeverSent) onSent?.()
      throw error
    } finally {
      end()
    }
  }
  return { send, close: () => agent.close() }
}

/**
 * One request and its whole answer. Below undici's streams: each chunk is copied to the body's memory as it comes,
 * which halves the garbage of a large answer.
 */
function exchange(
  agent: Agent,
  { method, url, headers, body }: OutgoingRequest,
  signal: AbortSignal,
  takeMemory: (bytes: number) => Buffer,
): Promise<IncomingResponse> {
  const { origin, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    let status = 0
    let answered: Record<string, string> = {}
    const read = new BodyBuffer(takeMemory)
    let abort = () => fail(signal.reason)
    const onAbort = () => abort()
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort)
      reject(error)
    }
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        abort = () => controller.abort(signal.reason)
        if (signal.aborted) abort()
      },
      onResponseStart(_, statusCode, incoming) {
        // An interim answer comes before the one that counts.
        if (statusCode < 200) return
        status = statusCode
        answered = flat(incoming)
        read.expect(answered['content-length'])
      },
      onResponseData: (_, chunk) => read.add(chunk),
      onResponseEnd() {
        signal.removeEventListener('abort', onAbort)
        resolve({ status, headers: answered, body: read.bytes() })
      },
      onResponseError: (_, error) => fail(error),
    }
    if (signal.aborted) return fail(signal.reason)
    signal.addEventListener('abort', onAbort)
    agent.dispatch(
      {
        origin,
        path: pathname + search,
        method: method as Dispatcher.HttpMethod,
        headers: { 'user-agent': 'sluis', ...headers },
        ...(body === undefined ? {} : { body }),
      },
      handler,
    )
  })
}

const flat = (headers: NodeJS.Dict<string | string[]>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )

/**
 * Aborts after `timeoutMs`, and not before what has arrived by then was read: a process that was paused finds its
 * timers due first and the answer, which may hold the only token there is, in the socket behind them.
 */
function deadline(timeoutMs: number): { readonly signal: AbortSignal; end(): void } {
  const stop = new AbortController()
  let timer = setTimeout(() => {
    timer = setTimeout(() => stop.abort(new DOMException('no answer in time', 'TimeoutError')), readMs)
  }, timeoutMs)
  return { signal: stop.signal, end: () => clearTimeout(timer) }
}
