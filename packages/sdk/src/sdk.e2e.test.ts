import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type HttpLab, labClient, labKey, openHttpLab } from '@sluis/server/testing'
import { receive } from '../examples/webhook.ts'
import { createSluis, type Handover, SluisError } from './index.ts'

let lab: HttpLab
const sluis = (fetch?: typeof globalThis.fetch) =>
  createSluis({ url: lab.url, apiKey: labKey, ...(fetch ? { fetch } : {}) })
const handover = async (user: string): Promise<Handover> => ({
  platform: 'exact-online',
  region: 'lab',
  client: labClient,
  credentials: { kind: 'tokens', ...(await lab.tokens(user)) },
})
const failsWith = (code: string) => (error: unknown) => error instanceof SluisError && error.code === code

before(async () => {
  lab = await openHttpLab()
})
after(() => lab.close())

describe('every example of the README', () => {
  const folder = fileURLToPath(new URL('../examples/', import.meta.url))
  const run = async (name: string, settings: Record<string, string> = {}) => {
    const env = {
      PATH: process.env.PATH,
      SLUIS_URL: lab.url,
      SLUIS_API_KEY: labKey,
      PLATFORM_REGION: 'lab',
      CLIENT_ID: labClient.clientId,
      CLIENT_SECRET: labClient.clientSecret,
      REDIRECT_URI: labClient.redirectUri,
      ...settings,
    }
    return (await promisify(execFile)(process.execPath, [folder + name], { env, timeout: 60_000 })).stdout
  }

  test('is the file that is run here, and no file is left out', () => {
    const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const blocks = [...page.matchAll(/^<!-- (\S+) -->\n```ts\n(.*?)^```$/gms)]
    assert.deepEqual(blocks.map(([, name]) => name).sort(), readdirSync(folder).sort())
    for (const [, name = '', text] of blocks) assert.equal(text, readFileSync(folder + name, 'utf8'), name)
    assert.equal(page.match(/^```ts$/gm)?.length, blocks.length)
  })

  test('hands over, registers and queries', async () => {
    const { accessToken, refreshToken } = await lab.tokens()
    assert.equal(
      await run('hand-over.ts', { ACCESS_TOKEN: accessToken, REFRESH_TOKEN: refreshToken }),
      'created active\n',
    )
    const lines = (await run('query.ts')).trimEnd().split('\n')
    assert.equal(lines.length, 8, lines.join('\n'))
    assert.match(lines[0] ?? '', /^expects [1-9]\d* calls$/)
    assert.match(lines[6] ?? '', /^[1-9]\d* accounts, [1-9]\d* calls$/)
    assert.match(lines[7] ?? '', /^SQL_UNKNOWN_COLUMN .*Name/)
  })

  test('seals, hands over and leases', async () => {
    const { accessToken, refreshToken } = await lab.tokens('seal@example.com')
    assert.match(
      await run('seal.ts', { ACCESS_TOKEN: accessToken, REFRESH_TOKEN: refreshToken }),
      /^active access token until \d{4}-.*Z\n$/,
    )
  })

  test('receives a webhook', async () => {
    process.env.WEBHOOK_SECRET = `whsec_${Buffer.from('secret of a test').toString('base64')}`
    const send = (timestamp: number) => {
      const body = '{"type":"grant.refreshed","data":{}}'
      const signature = createHmac('sha256', 'secret of a test')
        .update(`m1.${timestamp}.${body}`)
        .digest('base64')
      const headers = {
        'webhook-id': 'm1',
        'webhook-timestamp': `${timestamp}`,
        'webhook-signature': `v1,${signature}`,
      }
      return receive(new Request('https://partner.example/hook', { method: 'POST', headers, body }))
    }
    assert.equal((await send(Math.floor(Date.now() / 1000))).status, 204)
    assert.equal((await send(0)).status, 401)
  })
})

describe('a handover', () => {
  test('whose answer was lost is sent again under its key, and spends nothing twice', async () => {
    const keys: (string | null)[] = []
    const losesOne: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      keys.push(new Headers(init?.headers).get('idempotency-key'))
      if (keys.length > 1) return response
      await response.arrayBuffer()
      throw new TypeError('fetch failed')
    }
    const spent = await lab.tokenCalls()
    const code = await lab.code('lost@example.com')
    const { grant, outcome } = await sluis(losesOne).grants.handOver({
      ...(await handover('other@example.com')),
      credentials: { kind: 'code', code },
    })
    assert.equal(grant.state, 'active')
    assert.equal(outcome, 'existing')
    assert.equal(keys.length, 2)
    assert.equal(keys[0], keys[1])
    // One for the tokens of the other user, one for the code.
    assert.equal((await lab.tokenCalls()) - spent, 2)
  })

  test('that never got an answer says under which key to try again', async () => {
    const dead: typeof fetch = async () => {
      throw new TypeError('fetch failed')
    }
    const attempt = sluis(dead).grants.handOver(await handover('dead@example.com'), {
      idempotencyKey: 'mine',
    })
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof SluisError)
      assert.deepEqual([error.code, error.details], ['CONNECTION_LOST', { idempotencyKey: 'mine' }])
      return true
    })
  })

  test('of a token that the vault holds is refused with a code, a hint and the grant', async () => {
    const given = await handover('held@example.com')
    const { grant } = await sluis().grants.handOver(given)
    await assert.rejects(sluis().grants.handOver(given), (error) => {
      assert.ok(error instanceof SluisError)
      assert.deepEqual([error.code, error.status], ['HANDOVER_TOKEN_ALREADY_HELD', 409])
      assert.ok(error.hint)
      assert.ok(JSON.stringify(error.details).includes(grant.id))
      return true
    })
    const ids = []
    for await (const { id } of sluis().grants.list()) ids.push(id)
    assert.ok(ids.includes(grant.id))
    assert.equal(new Set(ids).size, ids.length)
    await sluis().grants.delete(grant.id)
    await assert.rejects(sluis().grants.get(grant.id), failsWith('NOT_FOUND'))
  })
})

describe('a query', () => {
  before(async () => {
    const { grant } = await sluis().grants.handOver(await handover('query@example.com'))
    await sluis().databases.create({ name: 'sdk', sources: [{ grant: grant.id }] })
  })
  const collect = async (sql: string) => {
    const rows = []
    for await (const row of sluis().query('sdk', sql)) rows.push(row)
    return rows
  }

  test('streams more rows than one read brings, in order, and none of an empty answer', async () => {
    const rows = await collect("SELECT x, 'é' || x AS t FROM range(20000) r(x)")
    assert.equal(rows.length, 20_000)
    assert.ok(rows.every(({ x, t }, index) => x === `${index}` && t === `é${index}`))
    assert.deepEqual(await collect('SELECT 1 AS x WHERE false'), [])
  })

  test('throws an error that comes after the first rows, in both forms', async () => {
    const sql = "SELECT CASE WHEN x < 400000 THEN x ELSE error('late') END AS x FROM range(400001) t(x)"
    await assert.rejects(collect(sql), failsWith('SQL_FAILED'))
    await assert.rejects(sluis().queryAll('sdk', sql), failsWith('SQL_FAILED'))
  })

  test('a column that is called error is a column', async () => {
    assert.deepEqual(await collect("SELECT {'code': 'SQL_FAILED'} AS error"), [
      { error: { code: 'SQL_FAILED' } },
    ])
  })

  test('an answer that breaks off inside a line is not taken for whole', async () => {
    const cut: typeof fetch = async () => new Response('{"x":1}\n{"x":')
    const seen: unknown[] = []
    await assert.rejects(async () => {
      for await (const row of sluis(cut).query('sdk', 'SELECT 1 AS x')) seen.push(row)
    }, failsWith('CONNECTION_LOST'))
  })

  test('an aborted one is cancelled at Sluis too', async () => {
    await lab.control('faults', {
      at: 'api',
      kind: 'delay',
      delayMs: 300,
      times: 900,
      matching: 'GLAccounts',
    })
    const stop = new AbortController()
    const reading = sluis()
      .query('sdk', 'SELECT ID, Code FROM financial.GLAccounts', { signal: stop.signal })
      .next()
    const last = async () => (await lab.call('GET', '/databases/sdk/statements?limit=1')).body.statements[0]
    const until = async (state: string) => {
      for (;;) {
        const record = await last()
        if (/GLAccounts/.test(record.sql) && record.state === state) return
        assert.ok(!['done', 'failed'].includes(record.state) || !/GLAccounts/.test(record.sql), record.state)
      }
    }
    await until('fetching')
    stop.abort()
    await assert.rejects(reading, { name: 'AbortError' })
    await until('cancelled')
    await lab.clearFaults()
  })
})

test('a stored client stands for ID and secret, and its secret is replaced without touching its grants', async () => {
  const wanted = {
    platform: 'exact-online',
    region: 'lab',
    clientId: labClient.clientId,
    clientSecret: labClient.clientSecret,
    redirectUris: [labClient.redirectUri],
  }
  const idempotent = { idempotencyKey: 'client-once' }
  const client = await sluis().clients.create(wanted, idempotent)
  assert.deepEqual(await sluis().clients.create(wanted, idempotent), client)
  const { grant } = await sluis().grants.handOver({
    ...(await handover('stored@example.com')),
    client: client.id,
  })
  const { newSecret } = await sluis().clients.update(client.id, { clientSecret: 'new', label: 'Ours' })
  assert.ok(newSecret)
  const [listed] = await sluis().clients.list()
  assert.equal(listed?.label, 'Ours')
  assert.ok(listed && listed.grants > 0)
  await assert.rejects(sluis().clients.delete(client.id), failsWith('INVALID_REQUEST'))
  await sluis().grants.delete(grant.id)
  await sluis().clients.delete(client.id)
  await assert.rejects(sluis().clients.get(client.id), failsWith('NOT_FOUND'))
})
