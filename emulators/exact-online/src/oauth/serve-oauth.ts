import type { IncomingMessage, ServerResponse } from 'node:http'
import { isInstead, playAfter, playInstead, readBody } from '@sluis/emulator-shared'
import type { EmulatorState } from '../emulator-state.ts'
import { answerAuthorize } from './authorize-endpoint.ts'
import { tokenId } from './token-codec.ts'
import { answerTokenRequest } from './token-endpoint.ts'

/** Serves a token request with the faults ordered for it, and notes it in the ledger. */
export async function serveToken(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  path: string,
): Promise<void> {
  const body = await readBody(request)
  const asked = new URLSearchParams(body)
  const fault = state.faults.take(
    'token',
    `${path}?grant_type=${asked.get('grant_type') ?? ''}&client_id=${asked.get('client_id') ?? ''}`,
  )
  const at = state.clock.now()
  const common = { at, kind: 'token', method: request.method ?? 'POST', route: 'oauth2/token' } as const
  if (isInstead(fault)) {
    state.ledger.add({
      ...common,
      clientId: null,
      user: null,
      outcome: 'not-processed',
      status: fault.status ?? null,
      fault: fault.kind,
    })
    playInstead(fault, response)
    return
  }
  // The answer is made first and sent late: the issuer has rotated while the client still waits.
  const answer = answerTokenRequest(
    body,
    request.method ?? 'POST',
    request.headers['content-type'],
    request.headers.authorization,
    state.issuer,
    (user) => state.access.reasonFor(user, null) !== null,
  )
  const spent = answer.fields.get('refresh_token') ?? answer.fields.get('code')
  state.ledger.add({
    ...common,
    clientId: answer.clientId,
    user: answer.user,
    outcome: answer.outcome,
    status: answer.status,
    generation: answer.generation,
    ...(answer.fields.has('grant_type') ? { grantType: answer.fields.get('grant_type') ?? '' } : {}),
    ...(spent ? { tokenId: tokenId(spent) } : {}),
    ...(fault ? { fault: fault.kind } : {}),
  })
  if (await playAfter(fault, response)) return
  response
    .writeHead(answer.status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      ...answer.headers,
    })
    .end(answer.body)
}

/** Serves one page of the browser's way to a code. */
export async function serveAuthorize(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  url: URL,
): Promise<void> {
  const form = request.method === 'POST' ? new URLSearchParams(await readBody(request)) : url.searchParams
  const step = url.pathname.split('/').at(-1) ?? 'auth'
  const session = /(?:^|;\s*)EmulatedSession=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? null
  const answer = answerAuthorize(
    {
      step,
      form,
      acceptLanguage: request.headers['accept-language'],
      session,
      now: state.clock.now(),
    },
    { issuer: state.issuer, logIns: state.logIns, divisions: state.dataset.divisions },
  )
  state.ledger.add({
    at: state.clock.now(),
    kind: 'authorize',
    clientId: answer.clientId,
    user: answer.user,
    method: request.method ?? 'GET',
    route: `oauth2/${step}`,
    outcome: answer.outcome,
    status: answer.status,
  })
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ...(answer.location ? { Location: answer.location } : {}),
    ...(answer.session
      ? { 'Set-Cookie': `EmulatedSession=${answer.session}; Path=/api/oauth2; HttpOnly; SameSite=Lax` }
      : {}),
  }
  response.writeHead(answer.status, headers).end(answer.html ?? '')
}
