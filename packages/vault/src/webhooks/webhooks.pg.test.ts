import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { newId, type OrganisationId, type PlainSecret } from '@sluis/shared'
import { labPlatform } from '../testing/lab-platform.ts'
import { both, failsWith, VaultLab } from '../testing/vault-lab.ts'
import type { Vault } from '../vault-service.ts'
import { checkWebhookUrl, isPublicAddress } from './guarded-post.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly event: { readonly type: string; readonly data: Record<string, unknown> }
}

/** A real receiver on the loopback interface; what it answers is the test's to say. */
let receiver: Server
let received: Received[] = []
let answerWith: (count: number) => number = () => 204
let seen = 0
const address = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`

before(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const status = answerWith(++seen)
    if (status < 300) received.push({ headers: request.headers, body, event: JSON.parse(body) })
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
  })
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening))
})
after(() => new Promise((closed) => receiver.close(closed)))
beforeEach(async () => {
  received = []
  seen = 0
  answerWith = () => 204
  await addOrganisation(organisationId, null)
})

const addOrganisation = (id: string, parent: string | null) =>
  lab.store.pool.query(
    'INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, $2, $1, $1, 0)',
    [id, parent],
  )
const open = () => lab.open({ unsafePrivateWebhooks: true })
const deliver = async (vault: Vault) => {
  let attempts = 0
  for (;;) {
    const more = await vault.webhookSender.deliverDue()
    await vault.webhookSender.settled()
    if (more === 0) return attempts
    attempts += more
  }
}
const isSignedBy = ({ headers, body }: Received, secret: PlainSecret) => {
  const key = Buffer.from(secret.reveal().replace('whsec_', ''), 'base64')
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const mine = `v1,${createHmac('sha256', key).update(text).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(mine)
}
const types = () => received.map(({ event }) => event.type)

describe('webhooks', () => {
  test('tell of every transition of a grant, signed, in the form of Standard Webhooks', async () => {
    const vault = await open()
    const { webhook, secret } = await vault.webhooks.create(organisationId, { url: address() }, 'test')
    assert.match(secret.reveal(), /^whsec_[A-Za-z0-9+/]{43}=$/)
    const id = await lab.deposit(vault)
    clock.advance(571_000)
    await vault.refresh(organisationId, id, {})
    await vault.deleteGrant(organisationId, id)
    await deliver(vault)
    assert.deepEqual(types().sort(), ['grant.created', 'grant.deleted', 'grant.pending', 'grant.refreshed'])
    for (const each of received) {
      assert.ok(isSignedBy(each, secret))
      assert.equal(each.headers['webhook-timestamp'], String(Math.floor(clock.now() / 1000)))
      assert.deepEqual([each.event.data.grant, each.event.data.organisation], [id, organisationId])
    }
    const created = received.find(({ event }) => event.type === 'grant.created')
    assert.deepEqual([created?.event.data.state, created?.event.data.platform], ['active', 'exact-online'])
    const refreshed = received.find(({ event }) => event.type === 'grant.refreshed')
    assert.equal(refreshed?.event.data.generation, 2)
    assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 4)
    const deliveries = await vault.webhooks.deliveries(organisationId, webhook.id, { limit: 10 })
    assert.deepEqual(new Set(deliveries.map(({ state }) => state)), new Set(['delivered']))
  })

  test('are written in the transaction of the event: a rolled-back event is never told', async () => {
    const vault = await open()
    await vault.webhooks.create(organisationId, { url: address() }, 'test')
    const note = `INSERT INTO audit_event (organisation_id, at, actor, action, subject) VALUES ($1, $2, 't', 'grant.revoked', 'g')`
    await assert.rejects(
      lab.store.transaction(async (tx) => {
        await tx.query(note, [organisationId, clock.now()])
        throw new Error('rolled back')
      }),
    )
    assert.equal(await deliver(vault), 0)
    await lab.store.pool.query(note, [organisationId, clock.now()])
    assert.equal(await deliver(vault), 1)
    assert.deepEqual(types(), ['grant.revoked'])
  })

  test('are filtered by event, and reach the organisation above only where it asked for that', async () => {
    const vault = await open()
    const below = newId('org', 2) as OrganisationId
    await addOrganisation(below, organisationId)
    await vault.webhooks.create(organisationId, { url: `${address()}?own` }, 'test')
    await vault.webhooks.create(
      organisationId,
      { url: `${address()}?all`, descendants: true, events: ['grant.created'] },
      'test',
    )
    await vault.handOver(lab.handover(both(await lab.tokens()), { organisationId: below }))
    await deliver(vault)
    assert.deepEqual(types(), ['grant.created'])
    assert.equal(received[0]?.event.data.organisation, below)
  })

  test('tell an organisation at once that another one got the same user’s consent, and not which', async () => {
    const vault = await open()
    await vault.webhooks.create(organisationId, { url: address(), events: ['grant.rival'] }, 'test')
    const id = await lab.deposit(vault)
    await lab.deposit(vault, 'bram@example.com')
    assert.equal(await deliver(vault), 0)
    const stranger = newId('org', 3) as OrganisationId
    await vault.handOver(lab.handover(both(await lab.tokens()), { organisationId: stranger }))
    await deliver(vault)
    assert.deepEqual(
      received.map(({ event }) => [event.type, event.data.grant]),
      [['grant.rival', id]],
    )
    assert.ok(!received[0]?.body.includes(stranger))
  })

  test('tell of a revocation when the platform took it, and not when it did not', async () => {
    const revoking = (path: string) =>
      lab.open({
        unsafePrivateWebhooks: true,
        platform: {
          ...labPlatform(lab.url),
          revokeRequest: () => ({ method: 'GET', url: `${lab.url}${path}`, headers: {} }),
        },
      })
    const vault = await revoking('/_control/clock')
    await vault.webhooks.create(organisationId, { url: address(), events: ['grant.revoked'] }, 'test')
    const id = await lab.deposit(vault)
    await vault.deleteGrant(organisationId, id)
    await deliver(vault)
    assert.deepEqual([types(), received[0]?.event.data.grant], [['grant.revoked'], id])
    const refused = await revoking('/nowhere')
    await refused.deleteGrant(organisationId, await lab.deposit(refused, 'bram@example.com'))
    assert.equal(await deliver(refused), 0)
  })

  test('are tried again after growing pauses with the same id, then given up, and can be replayed', async () => {
    const vault = await open()
    const { webhook } = await vault.webhooks.create(
      organisationId,
      { url: address(), events: ['grant.created'] },
      'test',
    )
    answerWith = () => 500
    await lab.deposit(vault)
    const started = clock.now()
    const pauses: number[] = []
    let last = started
    for (let minute = 0; minute < 24 * 60 * 5; minute++) {
      if ((await deliver(vault)) > 0) {
        pauses.push(clock.now() - last)
        last = clock.now()
      }
      const [row] = await vault.webhooks.deliveries(organisationId, webhook.id, { limit: 1 })
      if (row?.state === 'dead') break
      clock.advance(Math.max(1000, Date.parse(row?.nextAttemptAt ?? '') - clock.now()))
    }
    assert.equal(seen, 11)
    assert.ok(last - started > 3 * 86_400_000, 'more than three days')
    assert.ok(
      pauses.slice(1).every((pause, index) => index === 0 || pause > (pauses[index] ?? 0)),
      `growing: ${pauses}`,
    )
    const [dead] = await vault.webhooks.deliveries(organisationId, webhook.id, { limit: 5, state: 'dead' })
    assert.deepEqual([dead?.attempts, dead?.lastStatus], [11, 500])
    answerWith = () => 200
    assert.equal(await vault.webhooks.replay(organisationId, webhook.id, 'dead'), 1)
    assert.equal(await deliver(vault), 1)
    assert.equal(received[0]?.headers['webhook-id'], dead?.eventId)
  })

  test('of two processes share the rows, and no row is sent twice', async () => {
    const [one, other] = [await open(), await open()]
    await one.webhooks.create(organisationId, { url: address() }, 'test')
    await lab.store.pool.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject)
       SELECT $1, $2, 't', 'grant.refreshed', 'g' || n FROM generate_series(1, 200) n`,
      [organisationId, clock.now()],
    )
    const [first, second] = await Promise.all([deliver(one), deliver(other)])
    await deliver(one)
    assert.equal(received.length, 200)
    assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 200)
    assert.ok(first > 0 && second > 0, `${first} and ${second}`)
  })

  test('of a process that died are sent by another when the lease has run out', async () => {
    const vault = await open()
    const { webhook } = await vault.webhooks.create(
      organisationId,
      { url: address(), events: ['grant.created'] },
      'test',
    )
    await lab.deposit(vault)
    // What a claim leaves behind when its process ends before the answer.
    await lab.store.pool.query(
      `UPDATE webhook_delivery SET lease = 'dead', attempts = 1, due_at = $1 WHERE webhook_id = $2`,
      [clock.now() + 45_000, webhook.id],
    )
    assert.equal(await deliver(vault), 0)
    clock.advance(45_000)
    assert.equal(await deliver(vault), 1)
    assert.deepEqual(types(), ['grant.created'])
  })

  test('are signed with both secrets for a while after a rotation, then with the new one', async () => {
    const vault = await open()
    const { webhook, secret } = await vault.webhooks.create(organisationId, { url: address() }, 'test')
    const rotated = await vault.webhooks.rotateSecret(organisationId, webhook.id, 'test', 3600)
    const tell = async () => {
      await lab.store.pool.query(
        `INSERT INTO audit_event (organisation_id, at, actor, action, subject) VALUES ($1, $2, 't', 'grant.rival', 'g')`,
        [organisationId, clock.now()],
      )
      await deliver(vault)
      return received.at(-1) as Received
    }
    const during = await tell()
    assert.deepEqual([isSignedBy(during, secret), isSignedBy(during, rotated.secret)], [true, true])
    clock.advance(3_600_000)
    const later = await tell()
    assert.deepEqual([isSignedBy(later, secret), isSignedBy(later, rotated.secret)], [false, true])
    const { rows } = await lab.store.pool.query<{ text: string }>(
      'SELECT webhook::text AS text FROM webhook UNION ALL SELECT webhook_delivery::text FROM webhook_delivery',
    )
    const key = Buffer.from(secret.reveal().replace('whsec_', ''), 'base64')
    for (const { text } of rows)
      assert.ok(!text.includes(secret.reveal()) && !text.includes(key.toString('hex')))
  })

  test('follow no redirect, and count it as a failure', async () => {
    const vault = await open()
    const { webhook } = await vault.webhooks.create(
      organisationId,
      { url: address(), events: ['grant.created'] },
      'test',
    )
    answerWith = () => 302
    await lab.deposit(vault)
    assert.equal(await deliver(vault), 1)
    assert.equal(seen, 1)
    const [row] = await vault.webhooks.deliveries(organisationId, webhook.id, { limit: 1 })
    assert.deepEqual([row?.state, row?.lastStatus], ['pending', 302])
  })

  test('leave a receiver that fails alone for a while, and others get theirs', async () => {
    const vault = await open()
    const closed = createServer()
    await new Promise<void>((listening) => closed.listen(0, '127.0.0.1', listening))
    const { port } = closed.address() as AddressInfo
    await new Promise((done) => closed.close(done))
    const { webhook } = await vault.webhooks.create(
      organisationId,
      { url: `http://127.0.0.1:${port}/` },
      'test',
    )
    await vault.webhooks.create(organisationId, { url: address() }, 'test')
    await lab.store.pool.query(
      `INSERT INTO audit_event (organisation_id, at, actor, action, subject)
       SELECT $1, $2, 't', 'grant.refreshed', 'g' || n FROM generate_series(1, 100) n`,
      [organisationId, clock.now()],
    )
    await deliver(vault)
    assert.equal(received.length, 100)
    const { rows } = await lab.store.pool.query<{ tried: number }>(
      'SELECT count(*) FILTER (WHERE attempts > 0) AS tried FROM webhook_delivery WHERE webhook_id = $1',
      [webhook.id],
    )
    assert.ok((rows[0]?.tried ?? 100) <= 16, `${rows[0]?.tried} attempts against a closed door`)
  })
})

describe('the guard of addresses', () => {
  test('knows what is not the public internet', () => {
    for (const address of [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::7f00:1',
      'fe80::1',
      'fd00::1',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
      'localhost',
    ]) {
      assert.equal(isPublicAddress(address), false, address)
    }
    for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '2a00:1450:400e::1']) {
      assert.equal(isPublicAddress(address), true, address)
    }
  })

  test('refuses what it can at once, however the address is written', () => {
    const targets = { unsafeAllowPrivate: false }
    for (const url of [
      'http://example.com/',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://user:password@example.com/',
      'ftp://example.com/',
      'nonsense',
    ]) {
      assert.throws(() => checkWebhookUrl(url, targets), failsWith('INVALID_REQUEST'), url)
    }
    assert.equal(checkWebhookUrl('https://example.com/hook', targets).href, 'https://example.com/hook')
  })

  test('refuses a name that leads to a private address when the delivery is made, and sends nothing', async () => {
    const vault = await lab.open()
    const { port } = receiver.address() as AddressInfo
    const { webhook } = await vault.webhooks.create(
      organisationId,
      { url: `https://localhost:${port}/hook`, events: ['grant.created'] },
      'test',
    )
    await lab.deposit(vault)
    assert.equal(await deliver(vault), 1)
    const [row] = await vault.webhooks.deliveries(organisationId, webhook.id, { limit: 1 })
    assert.match(row?.lastError ?? '', /not public/)
    assert.equal(seen, 0)
  })
})
