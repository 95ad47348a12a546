import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Browser, type HttpLab, labClient, labKey, openHttpLab } from '@sluis/server/testing'
import { receive } from '../examples/webhook.ts'
import { type BatchLine, createSluis, type Handover, SluisError } from './index.ts'

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
  lab = await openHttpLab({ SLUIS_UNSAFE_PRIVATE_WEBHOOKS: 'yes' })
})
after(() => lab.close())

describe('every example of the README', () => {
  const folder = fileURLToPath(new URL('../examples/', import.meta.url))
  const environment = () => ({
    PATH: process.env.PATH,
    SLUIS_URL: lab.url,
    SLUIS_API_KEY: labKey,
    PLATFORM_REGION: 'lab',
    CLIENT_ID: labClient.clientId,
    CLIENT_SECRET: labClient.clientSecret,
    REDIRECT_URI: labClient.redirectUri,
  })
  const run = async (name: string, settings: Record<string, string> = {}) => {
    const env = { ...environment(), ...settings }
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

  test('starts a statement, watches it, reads and keeps its result, and cancels another', async () => {
    const FILE = join(lab.home, 'accounts.parquet')
    await lab.control('faults', {
      at: 'api',
      kind: 'delay',
      delayMs: 500,
      times: 900,
      matching: 'Transaction',
    })
    const lines = (await run('statement.ts', { FILE })).trimEnd().split('\n')
    await lab.clearFaults()
    assert.match(lines.at(-3) ?? '', /^done [1-9]\d* of about [1-9]\d* calls$/)
    assert.match(lines.at(-2) ?? '', /^[1-9]\d* accounts$/)
    assert.equal(lines.at(-1), 'cancelled')
    const kept = readFileSync(FILE)
    assert.deepEqual([`${kept.subarray(0, 4)}`, `${kept.subarray(-4)}`], ['PAR1', 'PAR1'])
  })

  test('hands over many, and the same again spends nothing', async () => {
    const CUSTOMERS = JSON.stringify(
      await Promise.all(
        ['one', 'two', 'three'].map(async (id) => ({ id, ...(await lab.tokens(`${id}@example.com`)) })),
      ),
    )
    const made = (await run('batch.ts', { CUSTOMERS })).trimEnd().split('\n').sort()
    assert.deepEqual(made, ['one created', 'three created', 'two created'])
    const spent = await lab.tokenCalls()
    const again = (await run('batch.ts', { CUSTOMERS })).trimEnd().split('\n').sort()
    assert.deepEqual(again, ['one repeated', 'three repeated', 'two repeated'])
    assert.equal(await lab.tokenCalls(), spent)
  })

  test('asks for consent and takes the address that is pasted', async () => {
    const example = spawn(process.execPath, [`${folder}preauthenticate.ts`], {
      env: environment(),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface(example.stdout)[Symbol.asyncIterator]() as AsyncIterator<string, string>
    const [, address = ''] = /^open (\S+)$/.exec((await lines.next()).value) ?? []
    const state = new URL(address).searchParams.get('state')
    const code = await lab.code('consent@example.com')
    example.stdin.end(`${labClient.redirectUri}?code=${encodeURIComponent(code)}&state=${state}\n`)
    assert.equal((await lines.next()).value, 'done active')
  })

  test('lets a customer connect on a page, and takes what the return says from Sluis alone', async () => {
    const { redirectUri, ...app } = labClient
    const own = `${lab.url}/app/consent/return`
    const RETURN_ADDRESS = 'https://partner.example/connected'
    const limits = { minute: 100_000, day: 1_000_000 }
    await lab.control('apps', { ...app, redirectUris: [redirectUri, own], limits })
    const { id } = await sluis().clients.create({
      platform: 'exact-online',
      region: 'lab',
      ...app,
      redirectUris: [own],
    })
    await lab.call('PATCH', '/connect-settings', { returnAddresses: [RETURN_ADDRESS] })
    const example = spawn(process.execPath, [`${folder}connect.ts`], {
      env: { ...environment(), CLIENT: id, RETURN_ADDRESS },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface(example.stdout)[Symbol.asyncIterator]() as AsyncIterator<string, string>
    const url = /^send the customer to (\S+)$/.exec((await lines.next()).value)?.[1] ?? ''
    const browser = new Browser(() => lab.url)
    const { body: started } = await browser.call('POST', '/connect/start', {
      secret: new URL(url).hash.slice(1),
    })
    const consent = { clientId: app.clientId, user: 'connect@example.com', redirectUri: own }
    const { code } = await lab.control('consents', consent)
    const state = new URL(started.authorizeUrl).searchParams.get('state')
    const returned = `${own}?code=${encodeURIComponent(String(code))}&state=${state}`
    const { body: ended } = await browser.call('POST', '/consents/return', { url: returned })
    const back: string = ended.connect.returnUrl
    example.stdin.end(`${back}\n`)
    const { value } = await lines.next()
    assert.match(value, /^connected grt_/)
    const [link] = await sluis().connectLinks.list({ externalId: 'customer-44' })
    assert.equal(value, `connected ${link?.grant}`)
    // Of another session, or with a state that was written into the address.
    const { connectLinks } = sluis()
    const forged = new URL(back)
    forged.searchParams.set('state', 'mine')
    for (const address of [back, forged.href])
      await assert.rejects(connectLinks.returned(address, 'mine'), failsWith('CONNECT_STATE_MISMATCH'))
    await connectLinks.revoke(link?.id ?? '')
    await sluis().grants.delete(link?.grant ?? '')
    await sluis().clients.delete(id)
    assert.equal((await connectLinks.get(link?.id ?? '')).state, 'connected', 'what came of it stays told')
  })

  test('subscribes, and the receiver below takes what the server really sends, and nothing else', async () => {
    const statuses: number[] = []
    const arrived = new EventEmitter()
    const receiver = createServer(async (request, response) => {
      const body = await text(request)
      const headers = request.headers as Record<string, string>
      const { status } = await receive(
        new Request('https://partner.example/hook', { method: 'POST', headers, body }),
      )
      const forged = new Request('https://partner.example/hook', {
        method: 'POST',
        headers,
        body: `${body} `,
      })
      statuses.push(status, (await receive(forged)).status)
      response.writeHead(status).end()
      arrived.emit('event', JSON.parse(body))
    })
    await once(receiver.listen(0, '127.0.0.1'), 'listening')
    const { port } = receiver.address() as AddressInfo
    process.env.WEBHOOK_SECRET = (
      await run('subscribe.ts', { HOOK_URL: `http://127.0.0.1:${port}/hook` })
    ).trim()
    const told = once(arrived, 'event')
    const { grant } = await sluis().grants.handOver(await handover('hook@example.com'))
    const [event] = await told
    assert.deepEqual([event.type, event.data.grant], ['grant.created', grant.id])
    assert.deepEqual(statuses, [204, 401])
    receiver.close()

    const [hook] = await sluis().webhooks.list()
    assert.ok(hook)
    const { secret } = await sluis().webhooks.rotate(hook.id, { overlapSeconds: 0 })
    assert.notEqual(secret, process.env.WEBHOOK_SECRET)
    const seen = []
    for await (const delivery of sluis().webhooks.deliveries(hook.id)) seen.push(delivery.grant)
    assert.deepEqual(seen, [grant.id])
    assert.equal(await sluis().webhooks.replay(hook.id), 0)
    await sluis().webhooks.delete(hook.id)
    await assert.rejects(sluis().webhooks.get(hook.id), failsWith('NOT_FOUND'))
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

describe('a batch', () => {
  const lines = async (...users: string[]) =>
    Promise.all(
      users.map(async (user) => ({ ...(await handover(`${user}@example.com`)), id: user, externalId: user })),
    )
  const collect = async (client: ReturnType<typeof sluis>, sent: readonly BatchLine[]) => {
    const outcomes = []
    for await (const outcome of client.grants.handOverAll(sent)) outcomes.push(outcome)
    return outcomes.sort((one, other) => one.line - other.line)
  }

  test('that breaks off inside an answer sends what has no outcome again, under the numbers of the whole', async () => {
    const bodies: number[] = []
    const cutsOnce: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      bodies.push(String(init?.body).trimEnd().split('\n').length)
      if (bodies.length > 1) return response
      const whole = await response.text()
      return new Response(whole.slice(0, whole.indexOf('\n') + 20), { status: 200 })
    }
    const outcomes = await collect(sluis(cutsOnce), await lines('cut-1', 'cut-2', 'cut-3'))
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.line, outcome.id, 'outcome' in outcome && outcome.status < 300]),
      [
        [1, 'cut-1', true],
        [2, 'cut-2', true],
        [3, 'cut-3', true],
      ],
    )
    assert.deepEqual(bodies, [3, 2])
  })

  test('that never gets an answer gives up after three attempts', async () => {
    let attempts = 0
    const dead: typeof fetch = async () => {
      attempts++
      throw new TypeError('fetch failed')
    }
    await assert.rejects(collect(sluis(dead), await lines('dead')), failsWith('CONNECTION_LOST'))
    assert.equal(attempts, 3)
  })

  test('tells what is wrong with a line as its outcome, and what is wrong with the whole as an error', async () => {
    const [line] = await lines('wrong')
    assert.ok(line)
    const [outcome] = await collect(sluis(), [{ ...line, region: 'atlantis' }])
    assert.ok(outcome && 'problem' in outcome)
    assert.equal(outcome.problem.code, 'INVALID_REQUEST')
    const tooLong = { ...line, label: 'x'.repeat(300 << 10) }
    await assert.rejects(collect(sluis(), [tooLong]), failsWith('REQUEST_TOO_LARGE'))
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
