import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EmulatorState } from '../emulator-state.ts'
import { findAttachment } from './attachment-endpoint.ts'

/** Serves `/docs/SysAttachment.aspx?ID=<guid>`: the file itself, for whoever has the bearer token of its company. */
export function serveAttachment(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  url: URL,
): void {
  const now = state.clock.now()
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const chain = token ? state.issuer.authenticate(token) : null
  const parameter = (wanted: string) =>
    [...url.searchParams].find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null
  const found = chain && findAttachment(parameter('id') ?? '', parameter('property'), state.dataset)
  const code = found ? state.dataset.divisions[found.division]?.code : undefined
  const isReachable =
    code !== undefined && chain !== null && (chain.divisions === null || chain.divisions.includes(code))
  const status = !chain ? 401 : isReachable ? 200 : 404
  const bytes = status === 200 && found ? found.bytes : Buffer.alloc(0)
  state.ledger.add({
    at: now,
    kind: 'api',
    clientId: chain?.clientId ?? null,
    user: chain?.user ?? null,
    method: request.method ?? 'GET',
    route: 'docs/SysAttachment.aspx',
    outcome: status === 200 ? 'answered' : 'refused',
    status,
    division: code ?? null,
    rows: null,
    bytes: bytes.length,
  })
  response
    .writeHead(status, {
      Date: new Date(now).toUTCString(),
      ...(status === 200 && found
        ? {
            'Content-Type': 'application/octet-stream',
            'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(found.name)}`,
          }
        : {}),
    })
    .end(bytes)
}
