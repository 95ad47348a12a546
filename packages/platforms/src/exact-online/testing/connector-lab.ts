import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { startExactOnlineEmulator } from '@sluis/emulator-exact-online'
import type { Partition, PlatformTable, ReadOffer, ReadWish } from '@sluis/engine'
import { type IncomingResponse, must, type OutgoingRequest, PlainSecret } from '@sluis/shared'
import type { TokenAnswer, TokenGrant } from '@sluis/vault'
import { exactOnlineConnector } from '../connector.ts'
import { exactOnlineOAuth } from '../oauth.ts'

export const connector = exactOnlineConnector()
export const app = { clientId: '7c5f3b4e-0000-4000-8000-000000000001', clientSecret: 'k3yk3yk3yk3y' }
export const redirectUri = 'https://partner.example/cb'
const client = { clientId: app.clientId, clientSecret: new PlainSecret(app.clientSecret), redirectUri }

export type Row = Record<string, unknown>
export type ConnectorLab = Awaited<ReturnType<typeof openConnectorLab>>

export function wishFor(table: PlatformTable, wish: Partial<ReadWish> = {}): ReadWish {
  const columns = table.columns.map(({ name }) => name)
  return { table, columns, where: [], limit: null, orderBy: [], isCountOnly: false, ...wish }
}

export const tableNamed = (name: string) =>
  must(connector.tables.find((table) => `${table.schema}.${table.name}` === name))

export async function send({ url, ...request }: OutgoingRequest): Promise<IncomingResponse> {
  const response = await fetch(url, { ...request, redirect: 'manual' })
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  }
}

/**
 * An emulator with a user who consented, read through the connector alone, and a DuckDB to judge its answers.
 *
 * @param scale how long its tables are beside those of a usual company
 */
export async function openConnectorLab({ scale = 1 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluis-exact-online-'))
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const emulator = await startExactOnlineEmulator({ divisions: 3, scale })
  const control = (path: string, body: object) =>
    fetch(`${emulator.url}/_control/${path}`, { method: 'POST', body: JSON.stringify(body) }).then(
      (response) => response.json() as Promise<Record<string, unknown>>,
    )
  await control('apps', {
    ...app,
    redirectUris: [redirectUri],
    limits: { minute: 1_000_000, day: 1_000_000 },
  })
  const region = () => ({
    id: 'lab',
    label: 'Lab',
    baseUrl: emulator.url,
    pinnedOrigins: [emulator.url],
    isOperators: true,
  })
  const oauth = () => exactOnlineOAuth(new Map([['lab', region()]]))
  const spend = async (grant: TokenGrant, secret = client.clientSecret): Promise<TokenAnswer> => {
    const request = oauth().tokenRequest(region(), { ...client, clientSecret: secret }, grant)
    return oauth().processTokenResponse(await send(request))
  }
  const consent = async (user: string) => {
    const { code } = await control('consents', { clientId: app.clientId, user, redirectUri })
    const answer = await spend({ kind: 'code', code: new PlainSecret(encodeURIComponent(String(code))) })
    assert.equal(answer.kind, 'tokens')
    return must(answer.kind === 'tokens' ? answer.tokens : undefined)
  }
  const lab = {
    url: emulator.url,
    folder,
    connection,
    control,
    region,
    oauth,
    spend,
    consent,
    /** Whose requests `ask` sends. */
    accessToken: must((await consent('anna@example.com')).accessToken).reveal(),
    ask: (request: OutgoingRequest) =>
      send({ ...request, headers: { ...request.headers, authorization: `Bearer ${lab.accessToken}` } }),

    async partitions(): Promise<readonly Partition[]> {
      const bodies: Buffer[] = []
      for (;;) {
        const request = connector.nextPartitionsRequest(emulator.url, bodies)
        if (request === null) return connector.readPartitions(bodies)
        const response = await lab.ask(request)
        assert.equal(response.status, 200, response.body.toString())
        bodies.push(response.body)
      }
    },

    /**
     * All rows of an offer in one company, page after page, how many calls they took, and how many requests had a next
     * link that was too long to be followed.
     */
    async readAll(
      offer: ReadOffer,
      partition: Partition | null,
    ): Promise<{ rows: Row[]; calls: number; cutOffs: number }> {
      const rows: Row[] = []
      let calls = 0
      let cutOffs = 0
      const read = async (first: OutgoingRequest, ifFull: readonly OutgoingRequest[]) => {
        for (let request = first; ; ) {
          calls++
          const response = await lab.ask(request)
          assert.equal(response.status, 200, `${request.url}\n${response.body}`)
          assert.ok(request.url.length <= 6000)
          const page = connector.readPage(response.body)
          const part = JSON.parse(response.body.toString('utf8', page.start, page.end)) as Row[]
          assert.equal(page.rows, part.length)
          if (ifFull.length > 0 && (offer.isCutOff?.(page) ?? part.length >= offer.pageRows)) {
            if (offer.isCutOff) cutOffs++
            for (const piece of ifFull) await read(piece, [])
            return
          }
          rows.push(...part)
          if (page.next === null) return
          request = { ...request, url: page.next }
        }
      }
      const pieces = offer.ifFull?.(partition)
      for (const [at, request] of offer.requests(partition).entries()) await read(request, pieces?.[at] ?? [])
      return { rows, calls, cutOffs }
    },

    async close() {
      connection.closeSync()
      await emulator.close()
      rmSync(folder, { recursive: true })
    },
  }
  return lab
}
