import type { SendRequest } from '@sluis/shared'

/** Sends through the platform's own `fetch`, once and without following redirects. */
export const fetchSend: SendRequest = async (
  { method, url, headers, body },
  { timeoutMs, onSent, signal },
) => {
  onSent?.()
  const timeout = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
  })
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  }
}
