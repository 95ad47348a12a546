import type { LimitReading, ReadAnswer } from '@sluis/engine'
import type { IncomingResponse } from '@sluis/shared'
import { errorText } from './error-text.ts'

/**
 * What an answer of the API means for the fetcher, by status and headers.
 * @see Exact support, "Response codes and error handling" (read November 2026)
 */
export function judgeAnswer(response: IncomingResponse, receivedAt: number): ReadAnswer {
  const { status, headers } = response
  if (status >= 200 && status < 300) return { kind: 'rows' }
  const text = errorText(response)
  // Some hosts answer an expired token with a redirect to the log-in page.
  if (status === 401 || (status >= 300 && status < 400)) return { kind: 'token-refused', text }
  if (status === 403) return { kind: 'forbidden', text, reason: headers.reason?.trim() || null }
  if (status === 429) return { kind: 'rate-limited', retryAt: retryAt(response, receivedAt) }
  if (status === 408 || status >= 500) return { kind: 'transient', text }
  return { kind: 'refused', text }
}

const windows = [
  ['minute', 'x-ratelimit-minutely-'],
  ['day', 'x-ratelimit-'],
] as const

/**
 * The windows that the headers tell of. Resets are milliseconds since the epoch by the service's clock, so they are
 * read relative to its `Date`. A 429 carries only the window that was hit, an address without company none.
 */
export function readLimitHeaders({ headers }: IncomingResponse, receivedAt: number): readonly LimitReading[] {
  const sentAt = Date.parse(headers.date ?? '')
  const readings: LimitReading[] = []
  for (const [window, prefix] of windows) {
    const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
      wholeNumber(headers[prefix + name]),
    )
    if (limit == null || remaining == null || reset == null) continue
    const resetsAt = Number.isNaN(sentAt) ? reset : receivedAt + Math.max(0, reset - sentAt)
    readings.push({ window, limit, remaining, resetsAt })
  }
  return readings
}

/** When the exhausted windows are all open again; null when the answer does not say. */
function retryAt(response: IncomingResponse, receivedAt: number): number | null {
  const closed = readLimitHeaders(response, receivedAt).filter(({ remaining }) => remaining <= 0)
  if (closed.length > 0) return Math.max(...closed.map(({ resetsAt }) => resetsAt))
  const seconds = wholeNumber(response.headers['retry-after'])
  return seconds === null ? null : receivedAt + seconds * 1000
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : null
}
