import type { IncomingMessage, ServerResponse } from 'node:http'
import { BodyTooLarge, isInstead, playAfter, playInstead, readBody } from '@sluis/emulator-shared'
import type { EmulatorState } from '../emulator-state.ts'
import { tellChanges } from '../webhooks/tell-changes.ts'
import { answerApi } from './api-endpoint.ts'
import { largestBody, longestUrl, unencodedSize } from './body-size.ts'

/** Percent signs decoded where that can be done; else the text as it came, which no endpoint has as its name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The body of a write; null for one that is larger than the service takes. */
async function bodyOf(request: IncomingMessage, method: string): Promise<string | null> {
  if (method === 'GET' || method === 'HEAD') return ''
  try {
    const body = await readBody(request)
    return unencodedSize(body) > largestBody ? null : body
  } catch (error) {
    if (error instanceof BodyTooLarge) return null
    throw error
  }
}

/** Serves one API call with the faults ordered for it, and notes it in the ledger. */
export async function serveApi(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  url: URL,
): Promise<void> {
  const method = request.method ?? 'GET'
  const body = await bodyOf(request, method)
  if (body === null || (request.url ?? '').length > longestUrl) {
    response.writeHead(body === null ? 413 : 414, { Connection: 'close' }).end()
    return
  }
  const fault = state.faults.take('api', url.pathname + url.search, method)
  const isReplaced = isInstead(fault)
  const now = state.clock.now()
  const answer = answerApi(
    {
      method,
      path: decoded(url.pathname.slice('/api/v1/'.length)),
      query: url.searchParams,
      origin: url.origin,
      authorization: request.headers.authorization,
      accept: request.headers.accept,
      contentType: request.headers['content-type'],
      prefer: String(request.headers.prefer ?? ''),
      body,
      isReplaced,
      now,
    },
    state,
  )
  if (answer.division !== null && answer.changes.length > 0)
    tellChanges(answer.changes, answer.division, url.origin, now, state.dataset, state.webhooks)
  state.ledger.add({
    at: now,
    kind: 'api',
    clientId: answer.clientId,
    user: answer.user,
    method,
    route: answer.route,
    outcome: isReplaced ? 'not-processed' : answer.status < 300 ? 'answered' : 'refused',
    status: isReplaced ? (fault.status ?? null) : answer.status,
    division: answer.division,
    query: decoded(url.search.replaceAll('+', ' ')),
    rows: isReplaced ? null : answer.rows,
    bytes: isReplaced ? 0 : Buffer.byteLength(answer.body),
    ...(fault ? { fault: fault.kind } : {}),
  })
  if (isReplaced) {
    playInstead(fault, response)
    return
  }
  if (await playAfter(fault, response)) return
  // The date is the emulated one: clients read the limits' reset times relative to it.
  response.writeHead(answer.status, { ...answer.headers, Date: new Date(now).toUTCString() }).end(answer.body)
}
