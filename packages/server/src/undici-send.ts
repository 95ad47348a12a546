import type { SendRequest } from '@sluis/shared'
import { Agent, request } from 'undici'

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
  const send: SendRequest = async ({ method, url, headers, body }, { timeoutMs, signal, onSent }) => {
    const { signal: timeout, end } = deadline(timeoutMs)
    // Undici does not tell when the first byte leaves, so a request counts as sent unless the connection was refused:
    // the careful side for a token that may be spent.
    try {
      const response = await request(url, {
        dispatcher: agent,
        method: method as 'GET',
        headers: { 'user-agent': 'sluis', ...headers },
        ...(body === undefined ? {} : { body }),
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      })
      onSent?.()
      const bytes = Buffer.from(await response.body.arrayBuffer())
      const flat = Object.entries(response.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ])
      return { status: response.statusCode, headers: Object.fromEntries(flat), body: bytes }
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
