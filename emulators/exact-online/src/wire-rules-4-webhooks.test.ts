import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { app, type Lab, startLab } from './testing/lab.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let lab: Lab
/** The emulator's time stands still until a test moves it. */
const start = Date.parse('2026-07-24T08:11:12.000Z')
let received: Received[] = []
let status = 200
let arrived: () => void = () => {}
const partner = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => {
    body += part
  })
  request.on('end', () => {
    received.push({ headers: request.headers, body })
    response.writeHead(status).end()
    arrived()
  })
})
let callbackUrl: string

/** Waits until the partner has been called so often. */
async function calls(count: number): Promise<readonly Received[]> {
  while (received.length < count)
    await new Promise<void>((resolve) => {
      arrived = resolve
    })
  return received
}

/** The ledger's lines about webhooks, once there are so many: they are written after the callback answered. */
async function noted(count: number) {
  for (;;) {
    const { entries } = (await lab.control('ledger')).body
    const own = entries.filter(({ kind }: { kind: string }) => kind === 'webhook')
    if (own.length >= count) return own as { outcome: string; status: number | null; at: number }[]
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const subscribe = (topic: string, more: object = {}) =>
  lab.call('webhooks/WebhookSubscriptions', {
    method: 'POST',
    body: { CallbackURL: callbackUrl, Topic: topic, ...more },
    headers: { Prefer: 'return=representation' },
  })

before(async () => {
  await new Promise<void>((resolve) => partner.listen(0, '127.0.0.1', resolve))
  callbackUrl = `http://127.0.0.1:${(partner.address() as AddressInfo).port}/hook`
  lab = await startLab({ now: () => start })
  await lab.register({ webhookSecret: 'hush' })
})
beforeEach(async () => {
  await lab.control('reset', {})
  await lab.control('clock', { now: start })
  await lab.as('anna.smit@example.com')
  received = []
  status = 200
})
after(async () => {
  await lab.close()
  partner.closeAllConnections()
  partner.close()
})

describe('§ 4.3: subscriptions', () => {
  test('§ 4.3: a subscription has the properties of the live document; it is the app’s own', async () => {
    const { status: made, d } = await subscribe('Accounts')
    assert.equal(made, 201)
    const { __metadata, ...row } = d
    assert.equal(__metadata.type, 'Exact.Web.Api.Models.Webhooks.WebhookSubscription')
    assert.deepEqual(Object.keys(row).sort(), [
      'CallbackURL',
      'ClientID',
      'Created',
      'Creator',
      'CreatorFullName',
      'Description',
      'Division',
      'ID',
      'Topic',
      'UserID',
    ])
    assert.deepEqual(
      [row.CallbackURL, row.Topic, row.ClientID, row.Division, row.CreatorFullName],
      [callbackUrl, 'Accounts', app.clientId, lab.division, 'Anna Smit'],
    )
    assert.equal((await lab.rows('webhooks/WebhookSubscriptions')).length, 1)
    await lab.register({ clientId: 'another', clientSecret: 'x' })
    const code = await lab.code('anna.smit@example.com', { clientId: 'another' })
    const { text } = await lab.exchange(code, { client_id: 'another', client_secret: 'x' })
    const other = await lab.call('webhooks/WebhookSubscriptions', { token: JSON.parse(text).access_token })
    assert.deepEqual(other.d.results, [])
  })

  for (const [what, body, message] of [
    ['without a topic', { CallbackURL: 'https://x.example' }, 'Verplicht: Topic'],
    ['without an address', { Topic: 'Accounts' }, 'Verplicht: CallbackURL'],
    ['for an unknown topic', { CallbackURL: 'https://x.example', Topic: 'Weather' }, 'Ongeldig: Topic'],
    ['to no address', { CallbackURL: 'nowhere', Topic: 'Accounts' }, 'Ongeldig: CallbackURL'],
  ] as const) {
    test(`§ 4.3: a subscription ${what} is refused`, async () => {
      const answer = await lab.call('webhooks/WebhookSubscriptions', { method: 'POST', body })
      assert.deepEqual([answer.status, answer.message], [500, message])
    })
  }

  test('§ 4.3: every topic that was seen can be subscribed to, IsInstant for deliveries of goods alone', async () => {
    for (const topic of [
      ...['Accounts', 'BankAccounts', 'BankEntries', 'CashEntries', 'Contacts', 'CostTransactions'],
      ...['DocumentAttachments', 'Documents', 'FinancialTransactions', 'GLAccounts', 'Items'],
      ...['MailMessagesSent', 'Opportunities', 'ProjectPlanning', 'PurchaseEntries', 'PurchaseOrders'],
      ...['Quotations', 'SalesEntries', 'SalesInvoices', 'SalesOrders', 'StockPositions', 'Subscriptions'],
      'TimeTransactions',
    ]) {
      const instant = await subscribe(topic, { IsInstant: true })
      assert.deepEqual([instant.status, instant.message], [500, 'Ongeldig: IsInstant'], topic)
      assert.equal((await subscribe(topic)).status, 201, topic)
    }
    const { status: made, d } = await subscribe('GoodsDeliveries', { IsInstant: true })
    assert.deepEqual([made, 'IsInstant' in d], [201, false])
  })

  test('§ 4.3: the refusal of 2020 for a callback that fails at once can be ordered', async () => {
    const message =
      'Invalid: Post to callback URL endpoint returns 500 An error occurred while sending the request.'
    const body = `{"error":{"code":"","message":{"lang":"","value":"${message}"}}}`
    const matching = 'webhooks/WebhookSubscriptions'
    await lab.control('faults', { at: 'api', kind: 'status', status: 500, method: 'POST', matching, body })
    const refused = await subscribe('Accounts')
    assert.deepEqual([refused.status, refused.message], [500, message])
    assert.deepEqual(await lab.rows('webhooks/WebhookSubscriptions'), [])
  })

  test('§ 4.3: one topic is subscribed to once per company; a change is refused; it can be taken away', async () => {
    const { d } = await subscribe('Items')
    const twice = await subscribe('Items')
    assert.deepEqual([twice.status, twice.message], [500, 'Gegeven bestaat reeds.'])
    assert.equal((await subscribe('Contacts')).status, 201)
    const path = `webhooks/WebhookSubscriptions(guid'${d.ID}')`
    assert.equal((await lab.call(path, { method: 'PUT', body: { Topic: 'Accounts' } })).status, 500)
    assert.equal((await lab.call(path, { method: 'DELETE' })).status, 204)
    assert.equal((await subscribe('Items')).status, 201)
  })

  test('§ 4.3: an app without the scope organization administration to manage is refused', async () => {
    await lab.register({ webhookSecret: 'hush', scopes: ['organization administration:read'] })
    try {
      const { status: refused, message } = await subscribe('Accounts')
      assert.deepEqual(
        [refused, message],
        [403, "Forbidden - Application Scope Violated. Cannot write 'organization.administration' scope."],
      )
      assert.equal((await lab.get('webhooks/WebhookSubscriptions')).status, 200)
    } finally {
      await lab.register({ webhookSecret: 'hush' })
    }
  })

  test('§ 4.3: one second after it was made the callback gets an empty POST', async () => {
    await subscribe('Accounts')
    assert.deepEqual(received, [])
    await lab.advance(1)
    const [validation] = await calls(1)
    assert.deepEqual([validation?.headers['content-length'], validation?.body], ['0', ''])
    assert.deepEqual(
      (await noted(1)).map(({ outcome, at }) => [outcome, at]),
      [['validated', start + 1000]],
    )
  })
})

describe('§ 4.3: deliveries', () => {
  /** A subscription that was validated. */
  async function subscribed(topic: string) {
    await subscribe(topic)
    await lab.advance(1)
    await calls(1)
    await noted(1)
    received = []
  }

  test('§ 4.3: create, update and delete are told, compact and signed over the text of Content', async () => {
    await subscribed('Accounts')
    const { d } = await lab.call('crm/Accounts', { method: 'POST', body: { Name: 'Watched' } })
    await calls(1)
    await lab.call(`crm/Accounts(guid'${d.ID}')`, { method: 'PUT', body: { City: 'Ede' } })
    await calls(2)
    await lab.call(`crm/Accounts(guid'${d.ID}')`, { method: 'DELETE' })
    const all = await calls(3)
    for (const [at, action] of ['Create', 'Update', 'Delete'].entries()) {
      const { body, headers } = must(all[at])
      const content = `{"Topic":"Accounts","ClientId":"${app.clientId}","Division":${lab.division},"Action":"${action}","Key":"${d.ID}","ExactOnlineEndpoint":"${lab.url}/api/v1/${lab.division}/crm/Accounts(guid'${d.ID}')","EventCreatedOn":"2026-07-24T10:11:13.000"}`
      const hash = createHmac('sha256', 'hush').update(content).digest('hex').toUpperCase()
      assert.equal(body, `{"Content":${content},"HashCode":"${hash}"}`)
      assert.match(headers['content-type'] ?? '', /^application\/json/)
      assert.deepEqual(
        Object.keys(headers).filter((name) => /signature|exact/i.test(name)),
        [],
      )
    }
  })

  test('§ 4.3: a write to a line is told as an update of its header, with the header’s key', async () => {
    await subscribed('SalesInvoices')
    const [line] = await lab.rows('salesinvoice/SalesInvoiceLines?$filter=ID ne null&$top=1')
    await lab.call(`salesinvoice/SalesInvoiceLines(guid'${line?.ID}')`, {
      method: 'PUT',
      body: { Notes: 'x' },
    })
    const [told] = await calls(1)
    const { Content } = JSON.parse(must(told).body)
    assert.deepEqual([Content.Action, Content.Key], ['Update', line?.InvoiceID])
  })

  test('§ 4.3: nothing is told of a refused write, of another topic, or once unsubscribed', async () => {
    await subscribed('Items')
    await lab.call('logistics/Items', { method: 'POST', body: {} })
    await lab.call('crm/Accounts', { method: 'POST', body: { Name: 'Not an item' } })
    const [own] = await lab.rows('webhooks/WebhookSubscriptions')
    await lab.call(`webhooks/WebhookSubscriptions(guid'${own?.ID}')`, { method: 'DELETE' })
    await lab.call('logistics/Items', { method: 'POST', body: { Code: 'NEW', Description: 'New' } })
    await subscribe('Contacts')
    await lab.advance(1)
    // The validation of the next subscription is the first that arrives.
    assert.equal((await calls(1))[0]?.body, '')
    assert.equal(received.length, 1)
  })

  test('§ 4.3: what is refused comes again after 2, 4, 8 … minutes, ten times, and then no more', async () => {
    await subscribed('Accounts')
    status = 500
    await lab.call('crm/Accounts', { method: 'POST', body: { Name: 'Refused' } })
    await noted(2)
    for (let attempt = 1; attempt <= 10; attempt++) {
      const minutes = 2 ** attempt
      await lab.advance(minutes * 60 - 1)
      assert.equal((await noted(attempt + 1)).length, attempt + 1, `too early for attempt ${attempt}`)
      await lab.advance(1)
      await noted(attempt + 2)
    }
    const outcomes = (await noted(12)).slice(1).map(({ outcome }) => outcome)
    assert.deepEqual(outcomes, [...Array.from({ length: 10 }, () => 'refused'), 'given-up'])
    await lab.advance(7 * 86_400)
    assert.equal(new Set(received.map(({ body }) => body)).size, 1)
    assert.equal(received.length, 11)
  })

  test('§ 7: the unit of the repetitions is the app’s', async () => {
    await lab.register({ webhookSecret: 'hush', flags: { webhookRetrySeconds: 1 } })
    try {
      await subscribed('Accounts')
      status = 503
      await lab.call('crm/Accounts', { method: 'POST', body: { Name: 'Soon' } })
      await noted(2)
      await lab.advance(2)
      await noted(3)
      await lab.advance(4)
      assert.deepEqual(
        (await noted(4)).slice(1).map(({ outcome }) => outcome),
        ['refused', 'refused', 'refused'],
      )
    } finally {
      await lab.register({ webhookSecret: 'hush' })
    }
  })

  test('§ 4.3: a callback that recovers gets it once more, and only once', async () => {
    await subscribed('Accounts')
    status = 503
    await lab.call('crm/Accounts', { method: 'POST', body: { Name: 'Late' } })
    await noted(2)
    status = 204
    await lab.advance(120)
    assert.equal((await noted(3)).at(-1)?.outcome, 'delivered')
    await lab.advance(86_400)
    assert.equal(received.length, 2)
  })
})

test('§ 4.3: a delivery that is owed outlives the emulator', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sluis-webhooks-'))
  const outer = lab
  try {
    lab = await startLab({ home, now: () => start })
    await lab.register({ webhookSecret: 'hush' })
    await subscribe('Accounts')
    await lab.advance(1)
    await calls(1)
    await noted(1)
    status = 500
    await lab.call('crm/Accounts', { method: 'POST', body: { Name: 'Owed' } })
    await noted(2)
    await lab.close()
    status = 200
    lab = await startLab({ home, now: () => start })
    await lab.register({ webhookSecret: 'hush' })
    await lab.advance(120)
    const all = await calls(3)
    assert.equal(all[2]?.body, all[1]?.body)
  } finally {
    await lab.close()
    lab = outer
    rmSync(home, { recursive: true, force: true })
  }
})
