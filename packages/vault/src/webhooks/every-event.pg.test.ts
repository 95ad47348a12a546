import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type GrantId, newId, type OrganisationId, type SendRequest } from '@sluis/shared'
import { fetchSend } from '../testing/fetch-send.ts'
import { labPlatform } from '../testing/lab-platform.ts'
import { both, VaultLab } from '../testing/vault-lab.ts'
import type { Vault } from '../vault-service.ts'
import { type WebhookEvent, webhookEvents } from './webhook-events.ts'

const lab = VaultLab.forThisFile()
const { clock, organisationId } = lab

interface Told {
  readonly type: string
  readonly data: Record<string, unknown> & { readonly facts: Record<string, unknown> }
}
let receiver: Server
const told = new Map<string, Told[]>()
before(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const name = request.url ?? ''
    told.set(name, [...(told.get(name) ?? []), JSON.parse(Buffer.concat(chunks).toString())])
    response.writeHead(204).end()
  })
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening))
})
after(() => new Promise((closed) => receiver.close(closed)))
beforeEach(async () => {
  told.clear()
  issuer.refuses = null
  await lab.store.pool.query(
    "INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, NULL, 'Lab', 'lab', 0)",
    [organisationId],
  )
})

/** The token endpoint as it is, or an answer of the test's own. */
const issuer: { refuses: { readonly status: number; readonly body: string } | null } = { refuses: null }
const send: SendRequest = async (request, options) => {
  if (request.method !== 'POST' || issuer.refuses === null) return fetchSend(request, options)
  options.onSent?.()
  return { status: issuer.refuses.status, headers: {}, body: Buffer.from(issuer.refuses.body) }
}
const ignore = () => {}
const day = 86_400_000

/** How each event comes about: what is done to a grant whose chain is alive. It begins after `created`. */
const causes: Readonly<Record<WebhookEvent, (vault: Vault, id: GrantId) => Promise<unknown>>> = {
  // Both are told of any new grant, the second when its user is known.
  'grant.pending': async () => {},
  'grant.created': async () => {},
  'grant.refreshed': async (vault, id) => {
    clock.advance(571_000)
    await vault.refresh(organisationId, id)
  },
  'grant.ambiguous': async (vault, id) => {
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'drop-response', times: 1 })
    await vault.lease(organisationId, id).catch(ignore)
  },
  'grant.recovered': async (vault, id) => {
    clock.advance(601_000)
    await lab.fault({ at: 'token', kind: 'reset', times: 1 })
    await vault.lease(organisationId, id).catch(ignore)
    clock.advance(2000)
    await vault.tick()
  },
  'grant.needs_consent': async (vault, id) => {
    // The user consents again, elsewhere: this chain is dead.
    await lab.tokens()
    clock.advance(601_000)
    await vault.lease(organisationId, id).catch(ignore)
  },
  'grant.misconfigured': async (vault, id) => {
    issuer.refuses = { status: 400, body: '{"error":"invalid_request"}' }
    clock.advance(601_000)
    await vault.lease(organisationId, id).catch(ignore)
    clock.advance(15 * 60_000)
    await vault.tick()
  },
  'grant.expiring': async (vault) => {
    issuer.refuses = { status: 503, body: '' }
    clock.advance(15 * day)
    await vault.tick()
  },
  'grant.superseded': async (vault) => {
    clock.advance(5000)
    await vault.handOver(lab.handover(both(await lab.tokens())))
  },
  'grant.rival': async (vault) => {
    const elsewhere = newId('org', 3) as OrganisationId
    await vault.handOver(lab.handover(both(await lab.tokens()), { organisationId: elsewhere }))
  },
  'grant.revoked': (vault, id) => vault.deleteGrant(organisationId, id),
  'grant.deleted': (vault, id) => vault.deleteGrant(organisationId, id),
}

describe('a subscription to one event', () => {
  const open = () =>
    lab.open({
      send,
      unsafePrivateWebhooks: true,
      platform: {
        ...labPlatform(lab.url),
        revokeRequest: () => ({ method: 'GET', url: `${lab.url}/_control/clock`, headers: {} }),
      },
    })
  const address = (name: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/${name}`

  for (const event of webhookEvents) {
    test(`${event} is told of when that happens, and of nothing else`, async () => {
      const vault = await open()
      const others = webhookEvents.filter((other) => other !== event)
      const subscribe = (name: string, events?: readonly WebhookEvent[]) =>
        vault.webhooks.create(organisationId, { url: address(name), ...(events ? { events } : {}) }, 'test')
      await subscribe('this', [event])
      await subscribe('others', others)
      await subscribe('all')
      const id = await lab.deposit(vault)
      await causes[event](vault, id)
      while ((await vault.webhookSender.deliverDue()) > 0) await vault.webhookSender.settled()
      const heard = (name: string) => told.get(`/${name}`) ?? []
      assert.deepEqual(
        heard('this').map(({ type, data }) => [type, data.grant]),
        [[event, id]],
      )
      assert.ok(heard('others').every(({ type }) => type !== event))
      assert.equal(heard('all').length, heard('others').length + 1)
      const { data } = heard('this')[0] as Told
      assert.deepEqual(
        [data.organisation, data.platform, data.region],
        [organisationId, 'exact-online', 'lab'],
      )
      // Whoever acts on it finds in the grant's own history what was told.
      if (event !== 'grant.deleted' && event !== 'grant.revoked') {
        const history = await vault.grantEvents(organisationId, id, { limit: 100 })
        assert.ok(history.some(({ action, facts }) => action === event && equal(facts, data.facts)))
      }
    })
  }
})

const equal = (one: unknown, other: unknown) => {
  try {
    assert.deepEqual(one, other)
    return true
  } catch {
    return false
  }
}
