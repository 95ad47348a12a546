import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ExactOnlineEmulator, startExactOnlineEmulator } from './index.ts'

// Each test names the section of the vendor facts (wire.md) or of the control contract that it pins.
const redirectUri = 'https://partner.example/cb'
const client = { client_id: 'app-1', client_secret: 's' }

function clientOf(url: string) {
  const control = async (path: string, body?: object) => {
    const response = await fetch(
      `${url}/_control/${path}`,
      body ? { method: 'POST', body: JSON.stringify(body) } : {},
    )
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
    return { status: response.status, body: (await response.json()) as any }
  }
  const post = async (fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const body = new URLSearchParams(fields)
    const response = await fetch(`${url}/api/oauth2/token`, { method: 'POST', headers, body })
    const text = await response.text()
    return { status: response.status, text, reason: response.headers.get('reason') }
  }
  const app = (more: object = {}) =>
    control('apps', {
      clientId: 'app-1',
      clientSecret: 's',
      redirectUris: [redirectUri],
      limits: { minute: 10_000, day: 100_000 },
      ...more,
    })
  const tokens = async (user = 'anna') => {
    const { code } = (await control('consents', { clientId: 'app-1', user, redirectUri })).body
    const { text } = await post({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      ...client,
    })
    return JSON.parse(text) as { access_token: string; refresh_token: string }
  }
  const refresh = (token: string) => post({ grant_type: 'refresh_token', refresh_token: token, ...client })
  const get = async (path: string, token: string) => {
    const response = await fetch(`${url}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    })
    const text = await response.text()
    // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
    const d = (text.startsWith('{"d"') ? JSON.parse(text).d : null) as any
    return { status: response.status, headers: response.headers, text, d }
  }
  return { control, post, app, tokens, refresh, get }
}

let emulator: ExactOnlineEmulator
let api: ReturnType<typeof clientOf>
let division: number
before(async () => {
  emulator = await startExactOnlineEmulator()
  api = clientOf(emulator.url)
  await api.app()
  division = (await api.control('data')).body.companies[0].code
})
after(() => emulator.close())

describe('tokens', () => {
  test('§ 1.4: client credentials as Basic, form-encoded, are taken as well', async () => {
    await api.app({ clientId: 'app-2', clientSecret: 'a+b:c%', redirectUris: [redirectUri] })
    const { code } = (await api.control('consents', { clientId: 'app-2', user: 'bas', redirectUri })).body
    const secret = Buffer.from(`app-2:${encodeURIComponent('a+b:c%')}`).toString('base64')
    const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri }
    assert.equal((await api.post(fields, { authorization: `Basic ${secret}` })).status, 200)
    const again = (await api.control('consents', { clientId: 'app-2', user: 'bas', redirectUri })).body.code
    const inBody = { client_id: 'app-2', client_secret: 'a+b:c%' }
    const both = await api.post({ ...fields, ...inBody, code: again }, { authorization: `Basic ${secret}` })
    assert.equal(both.status, 200, 'in both places')
    const broken = await api.post(fields, {
      authorization: `Basic ${Buffer.from('app-2:%').toString('base64')}`,
    })
    assert.deepEqual([broken.status, broken.text], [400, '{"error":"invalid_request"}'])
  })

  test('§ 1.4: a token is asked for by POST; a GET spends nothing', async () => {
    const { code } = (await api.control('consents', { clientId: 'app-1', user: 'gé', redirectUri })).body
    const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...client }
    const byGet = await fetch(`${emulator.url}/api/oauth2/token?${new URLSearchParams(fields)}`)
    assert.equal(byGet.status, 400)
    assert.equal((await api.post(fields)).status, 200)
  })

  test('§ 1.5: two refreshes at once: one wins, the other reads "Old refresh token used."', async () => {
    const { refresh_token } = await api.tokens('twice')
    await api.control('clock', { advanceSeconds: 571 })
    const answers = await Promise.all([api.refresh(refresh_token), api.refresh(refresh_token)])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401])
    assert.ok(answers.some(({ text }) => text.includes('Old refresh token used.')))
  })

  test('§ 1.5: the chain is one per user and app: another user does not end it', async () => {
    const { refresh_token } = await api.tokens('one')
    await api.tokens('other')
    await api.control('clock', { advanceSeconds: 571 })
    assert.equal((await api.refresh(refresh_token)).status, 200)
  })
})

describe('reading', () => {
  test('§ 3.3: the address of a deferred collection leads to its lines, of the header alone', async () => {
    const { access_token } = await api.tokens()
    const path = `${division}/salesinvoice/SalesInvoices`
    const one = (await api.get(`${path}?$filter=InvoiceID ne null&$top=1&$skip=3`, access_token)).d[0]
    const address = one.SalesInvoiceLines.__deferred.uri.split('/api/v1/')[1]
    const lines = (await api.get(address, access_token)).d.results
    const direct = `${division}/salesinvoice/SalesInvoiceLines?$filter=InvoiceID eq guid'${one.InvoiceID}'`
    assert.equal(lines.length, 5)
    assert.deepEqual(lines, (await api.get(direct, access_token)).d.results)
    assert.equal((await api.get(`${address}/$count`, access_token)).text, '5')
  })

  test('§ 3.6: a path that cannot be decoded is refused, not a crash', async () => {
    const { access_token } = await api.tokens()
    assert.equal((await api.get(`${division}/crm/Accounts(%`, access_token)).status, 404)
  })

  for (const [path, entry, key] of [
    [
      'financialtransaction/TransactionLines',
      'EntryID',
      'EntryNumber,Date,FinancialYear,FinancialPeriod,JournalCode',
    ],
    ['generaljournalentry/GeneralJournalEntryLines', 'EntryID', 'EntryNumber'],
  ] as const) {
    test(`§ 7, consistent data: ${path} balance within each entry, and share what belongs to it`, async () => {
      const { access_token } = await api.tokens()
      const bulk = `${division}/${path}?$select=ID,${entry},LineNumber,AmountDC,AmountFC,${key}&$filter=ID ne null`
      const rows: Record<string, unknown>[] = []
      let next = bulk
      for (let page = 0; page < 8 && next; page++) {
        const { d } = await api.get(next, access_token)
        rows.push(...d.results)
        next = d.__next?.split('/api/v1/')[1] ?? ''
      }
      const entries = Map.groupBy(rows, (row) => row[entry])
      const whole = [...entries.values()].slice(0, -1)
      assert.ok(whole.length > 50, `${rows.length} rows in ${whole.length} entries`)
      for (const lines of whole) {
        assert.ok(lines.length >= 2)
        const sum = (name: string) =>
          lines.reduce((total, line) => total + Math.round(Number(line[name]) * 100), 0)
        assert.deepEqual([sum('AmountDC'), sum('AmountFC')], [0, 0])
        for (const name of key.split(','))
          assert.equal(new Set(lines.map((line) => line[name])).size, 1, name)
        assert.deepEqual(
          lines.map(({ LineNumber }) => LineNumber),
          lines.map((_, at) => at + 1),
        )
      }
      const [first] = whole
      const found = await api.get(`${bulk} and EntryID eq guid'${first?.[0]?.[entry]}'`, access_token)
      assert.deepEqual(found.d.results, first)
    })
  }

  test('§ 2.1: the eleventh error within an hour blocks that endpoint alone', async () => {
    const wrong = `${division}/crm/Contacts?$filter=Nothing eq 1`
    const { now } = (await api.control('clock')).body
    await api.control('clock', { now: Math.ceil(now / 3_600_000) * 3_600_000 })
    const { access_token: fresh } = await api.tokens('clumsy')
    for (let at = 0; at < 11; at++) assert.equal((await api.get(wrong, fresh)).status, 400)
    const blocked = await api.get(`${division}/crm/Contacts?$filter=Account ne null`, fresh)
    assert.deepEqual([blocked.status, blocked.text], [429, ''])
    assert.equal((await api.get(`${division}/crm/Addresses`, fresh)).status, 200)
  })

  test('§ 2.1: an address without a division costs nothing and tells nothing of limits', async () => {
    const { access_token } = await api.tokens()
    const me = await api.get('current/Me', access_token)
    assert.equal(me.headers.get('x-ratelimit-limit'), null)
    assert.equal(me.headers.get('x-ratelimit-minutely-limit'), null)
  })
})

describe('controls', () => {
  test('interfaces, /_control/faults: every kind at both places, only where it matches, as often as told', async () => {
    const { access_token } = await api.tokens('faulty')
    const read = () => api.get(`${division}/crm/Addresses?$top=1&$select=ID`, access_token)
    const order = (fault: object) => api.control('faults', { at: 'api', matching: 'crm/Addresses', ...fault })
    await order({ kind: 'status', status: 503, times: 2 })
    assert.equal((await api.get(`${division}/logistics/Units`, access_token)).status, 200)
    assert.deepEqual([(await read()).status, (await read()).status, (await read()).status], [503, 503, 200])
    await order({ kind: 'body', body: '<html>' })
    assert.equal((await read()).text, '<html>')
    for (const kind of ['reset', 'drop-response']) {
      await order({ kind })
      await assert.rejects(read())
      assert.equal((await read()).status, 200)
    }
    await order({ kind: 'delay', delayMs: 1 })
    assert.equal((await read()).status, 200)
    await api.control('faults', {
      at: 'token',
      kind: 'status',
      status: 500,
      matching: 'grant_type=refresh_token',
    })
    const { refresh_token } = await api.tokens('faulty')
    assert.equal((await api.refresh(refresh_token)).status, 500)
    const kinds = (await api.control('ledger')).body.entries
      .filter((entry: { fault?: string }) => entry.fault)
      .map((entry: { fault: string; outcome: string }) => `${entry.fault} ${entry.outcome}`)
    assert.deepEqual(kinds, [
      'status not-processed',
      'status not-processed',
      'body not-processed',
      'reset not-processed',
      'drop-response answered',
      'delay answered',
      'status not-processed',
    ])
    for (const wrong of [{ times: 0 }, { status: 99 }, { delayMs: -1 }, { matching: 5 }]) {
      assert.equal((await order({ kind: 'status', ...wrong })).status, 400)
    }
  })

  test('interfaces, /_control/reset: chains and ledger are gone, apps and the time stay', async () => {
    const { refresh_token } = await api.tokens('reset')
    await api.control('clock', { advanceSeconds: 86_400 })
    const before = (await api.control('clock')).body.now
    await api.control('reset', {})
    assert.ok((await api.control('clock')).body.now >= before)
    assert.equal((await api.control('ledger')).body.entries.length, 0)
    assert.match((await api.refresh(refresh_token)).text, /invalid_grant/)
    assert.ok((await api.tokens('reset')).access_token)
  })
})

test('a token that was answered is known after kill -9, with clock, data and ledger', {
  timeout: 120_000,
}, async () => {
  const home = mkdtempSync(join(tmpdir(), 'sluis-emulator-'))
  const main = fileURLToPath(new URL('../../main.ts', import.meta.url))
  const start = async () => {
    const child = spawn(process.execPath, [main, 'exact-online', '--port', '0', '--json', '--home', home], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const { url } = JSON.parse(line.toString()) as { url: string }
    const kill = async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    return { kill, ...clientOf(url) }
  }
  let running = await start()
  try {
    await running.app()
    await running.control('data', { divisions: 5, seed: 9, collation: 'binary' })
    const first = await running.tokens()
    await running.control('clock', { advanceSeconds: 1000 })
    const second = JSON.parse((await running.refresh(first.refresh_token)).text)
    const ledger = (await running.control('ledger')).body.entries
    await running.control('reset-not-there', {})
    await running.kill()
    // A record that the crash cut off must not swallow the next one.
    appendFileSync(join(home, 'issuer.ndjson'), '{"kind":"chain","cha')
    running = await start()
    const { body } = await running.control('data')
    assert.deepEqual([body.seed, body.divisions, body.collation, body.companies.length], [9, 5, 'binary', 5])
    assert.deepEqual((await running.control('ledger')).body.entries, ledger)
    assert.equal((await running.get('current/Me', second.access_token)).status, 200)
    assert.match((await running.refresh(first.refresh_token)).text, /Old refresh token used/)
    await running.control('clock', { advanceSeconds: 600 })
    const third = JSON.parse((await running.refresh(second.refresh_token)).text)
    await running.kill()
    running = await start()
    assert.equal((await running.get('current/Me', third.access_token)).status, 200)
    assert.match((await running.refresh(second.refresh_token)).text, /Old refresh token used/)
  } finally {
    await running.kill()
    rmSync(home, { recursive: true, force: true })
  }
})
