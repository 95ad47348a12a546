import type { IncomingMessage, ServerResponse } from 'node:http'
import { isInstead, playAfter, playInstead, readBody } from '@sluis/emulator-shared'
import type { EmulatorState } from '../emulator-state.ts'
import { answerApi } from './api-endpoint.ts'

/** Percent signs decoded where that can be done; else the text as it came, which no endpoint has as its name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
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
  const body = method === 'GET' || method === 'HEAD' ? '' : await readBody(request)
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
      prefer: String(request.headers.prefer ?? ''),
      body,
      isReplaced,
      now,
    },
    state,
  )
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
