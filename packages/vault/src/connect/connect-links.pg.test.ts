import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { type ClientId, newId, type OrganisationId, PlainSecret } from '@sluis/shared'
import { both, failsWith, labApp, until, VaultLab } from '../testing/vault-lab.ts'
import type { Vault } from '../vault-service.ts'
import type { MadeConnectLink, NewConnectLink } from './connect-links.ts'

const lab = VaultLab.forThisFile()
const { organisationId, clock } = lab
const below = newId('org', 2) as OrganisationId
const actor = 'key_partner'
const origin = 'https://sluis.example'
const own = { origin, returnPath: '/app/consent/return' }
const redirectUri = `${origin}${own.returnPath}`
const back = 'https://partner.example/done?tenant=7'
const [anna, bram] = ['anna@example.com', 'bram@example.com']
const browserOf = (name: string) => new PlainSecret(name.padEnd(43, '_'))
const [mine, others] = [browserOf('mine'), browserOf('others')]

let vault: Vault
let client: ClientId
beforeEach(async () => {
  for (const [id, parent] of [
    [organisationId, null],
    [below, organisationId],
  ]) {
    await lab.store.pool.query(
      'INSERT INTO organisation (id, parent_id, name, slug, created_at) VALUES ($1, $2, $1, $1, 1)',
      [id, parent],
    )
  }
  const { redirectUri: elsewhere, ...app } = labApp
  await lab.control('apps', { ...app, redirectUris: [elsewhere, redirectUri] })
  vault = await lab.open()
  const stored = await vault.clients.create(
    organisationId,
    {
      platform: 'exact-online',
      region: 'lab',
      clientId: labApp.clientId,
      clientSecret: new PlainSecret(labApp.clientSecret),
      redirectUris: [redirectUri],
      servesDescendants: true,
    },
    actor,
  )
  client = stored.id
  await vault.connectSettings.change(organisationId, { returnAddresses: [back] }, actor)
})

const place = { platform: 'exact-online', region: 'lab' }
const make = (more: Partial<NewConnectLink> = {}) =>
  vault.connectLinks.create(
    organisationId,
    { ...(more.renews ? {} : place), client, returnAddress: back, returnState: 'session 1', ...more },
    actor,
    own,
  )
const start = async ({ secret }: MadeConnectLink, browser = mine) =>
  (await vault.connectVisits.start(secret.reveal(), browser)).authorizeUrl
const stateOf = (address: string) => new URL(address).searchParams.get('state') ?? ''
/** The address that the platform sends the browser to after this user's yes. */
const yes = async (authorizeUrl: string, user: string) => {
  const { code } = await lab.control('consents', { clientId: labApp.clientId, user, redirectUri })
  return `${redirectUri}?code=${encodeURIComponent(String(code))}&state=${stateOf(authorizeUrl)}`
}
const no = (authorizeUrl: string) => `${redirectUri}?error=access_denied&state=${stateOf(authorizeUrl)}`
/** A customer goes all the way. */
const visit = async (made: MadeConnectLink, user: string, browser = mine) => {
  const end = await vault.connectVisits.returned(await yes(await start(made, browser), user), browser)
  assert.ok(end)
  return end
}
const told = (address: string | null | undefined) =>
  Object.fromEntries(new URL(address ?? 'x:').searchParams) as Record<string, string>
const get = ({ link }: MadeConnectLink) => vault.connectLinks.get(organisationId, link.id)
const look = ({ secret }: MadeConnectLink, browser: PlainSecret | null = mine) =>
  vault.connectVisits.look(secret.reveal(), browser)
const refused = (reason: string) => (error: unknown) => {
  failsWith('CONSENT_REFUSED')(error)
  assert.equal((error as { details: { reason?: string } }).details.reason, reason)
  return true
}
const refuses = (work: Promise<unknown>, reason: string) => assert.rejects(work, refused(reason))

describe('a link', () => {
  test('connects one account, once, and tells the partner which grant it became', async () => {
    const made = await make({ externalId: 'c-1', label: 'Anna' })
    assert.deepEqual([made.link.state, made.origin], ['open', origin])
    const end = await visit(made, anna)
    const { grant, state } = await get(made)
    assert.deepEqual([end.outcome, state], ['connected', 'connected'])
    assert.deepEqual(told(end.returnUrl), {
      tenant: '7',
      outcome: 'connected',
      grant: grant ?? '',
      link: made.link.id,
      state: 'session 1',
    })
    const view = await vault.getGrant(organisationId, grant ?? ('' as never))
    assert.deepEqual([view.state, view.externalId, view.label], ['active', 'c-1', 'Anna'])
    await refuses(start(made), 'used')
    assert.equal((await look(made)).refusal, 'used')
  })

  test('is known by its secret alone, which stands nowhere', async () => {
    const made = await make()
    const dump = await lab.store.pool.query('SELECT l::text FROM connect_link l')
    assert.ok(!JSON.stringify(dump.rows).includes(made.secret.reveal()))
    const [first, ...rest] = made.secret.reveal()
    const guess = (first === 'A' ? 'B' : 'A') + rest.join('')
    await assert.rejects(vault.connectVisits.look(guess, mine), failsWith('NOT_FOUND'))
  })

  test('an expired one goes no further, and still leads back; one that was begun in time ends in time', async () => {
    const [late, early] = [await make({ validForSeconds: 60 }), await make({ validForSeconds: 60 })]
    const begun = await start(early)
    clock.advance(61_000)
    await refuses(start(late), 'expired')
    const page = await look(late)
    assert.equal(page.refusal, 'expired')
    assert.deepEqual([told(page.returnUrl).outcome, told(page.returnUrl).reason], ['refused', 'expired'])
    assert.equal((await get(late)).state, 'expired')
    const end = await vault.connectVisits.returned(await yes(begun, anna), mine)
    assert.equal(end?.outcome, 'connected')
  })

  test('another browser neither goes on, cancels nor ends it, and learns nothing of how it went', async () => {
    const made = await make()
    const begun = await start(made)
    await refuses(start(made, others), 'other-browser')
    await refuses(vault.connectVisits.cancel(made.secret.reveal(), others), 'other-browser')
    const page = await look(made, null)
    assert.deepEqual([page.refusal, page.returnUrl], ['other-browser', null])
    const stolen = await yes(begun, bram)
    assert.equal(await vault.connectVisits.returned(stolen, others), null, 'it is refused as any other')
    await assert.rejects(vault.consentEnds.returned(stolen, others), refused('other-browser'))
    assert.equal((await get(made)).state, 'started')
    const end = await vault.connectVisits.returned(await yes(begun, anna), mine)
    assert.equal(end?.outcome, 'connected')
    assert.equal((await look(made, others)).refusal, 'other-browser', 'also afterwards')
  })

  test('who made it cannot end it in the customer’s place', async () => {
    const made = await make()
    const address = await yes(await start(made), anna)
    const [consent] = await vault.preauthentications.list(organisationId)
    const id = consent?.id ?? ''
    await refuses(vault.consentEnds.pasted(organisationId, id, address, actor), 'other-browser')
  })

  test('of two that go on at once the last goes on, and the earlier consent is over', async () => {
    const made = await make()
    const [one, other] = await Promise.all([start(made), start(made)])
    const ends = await Promise.allSettled(
      [one, other].map(async (begun) => vault.connectVisits.returned(await yes(begun, anna), mine)),
    )
    assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal((await get(made)).state, 'connected')
    assert.equal((await vault.listGrants(organisationId, { limit: 10 })).length, 1)
  })

  test('a return that is told twice is answered twice, and spends its code once', async () => {
    const made = await make()
    const address = await yes(await start(made), anna)
    const first = await vault.connectVisits.returned(address, mine)
    assert.deepEqual(await vault.connectVisits.returned(address, mine), first)
  })

  test('a forged answer ends nothing', async () => {
    const made = await make()
    const address = await yes(await start(made), anna)
    const forged = `${address}&iss=https%3A%2F%2Fevil.example`
    await assert.rejects(vault.connectVisits.returned(forged, mine), failsWith('CONSENT_REFUSED'))
    assert.equal((await get(made)).state, 'started')
    assert.equal((await vault.connectVisits.returned(address, mine))?.outcome, 'connected')
  })

  test('cancelled at the platform or on our page: the partner is told, and the link is used', async () => {
    const [there, here] = [await make(), await make()]
    const end = await vault.connectVisits.returned(no(await start(there)), mine)
    assert.deepEqual([end?.outcome, told(end?.returnUrl).outcome], ['cancelled', 'cancelled'])
    const begun = await start(here)
    const ours = await vault.connectVisits.cancel(here.secret.reveal(), mine)
    assert.deepEqual([ours.outcome, told(ours.returnUrl).state], ['cancelled', 'session 1'])
    const late = await vault.connectVisits.returned(await yes(begun, anna), mine)
    assert.equal(late?.outcome, 'cancelled', 'a yes that comes after the no changes nothing')
    for (const made of [there, here]) {
      assert.equal((await get(made)).state, 'cancelled')
      await refuses(start(made), 'used')
    }
    assert.deepEqual(await vault.listGrants(organisationId, { limit: 10 }), [])
  })

  test('one that is taken back goes no further, also not for who was on the way', async () => {
    const made = await make()
    const begun = await start(made)
    await vault.connectLinks.revoke(organisationId, made.link.id, actor)
    await assert.rejects(
      vault.connectVisits.returned(await yes(begun, anna), mine),
      failsWith('CONSENT_REFUSED'),
    )
    await refuses(start(made), 'revoked')
    assert.equal((await get(made)).state, 'revoked')
    const used = await make()
    await visit(used, anna)
    await vault.connectLinks.revoke(organisationId, used.link.id, actor)
    assert.equal((await get(used)).state, 'connected')
  })

  test('what the platform refuses is told as failed, with what it said for the partner alone', async () => {
    const made = await make()
    const address = `${redirectUri}?code=never-given&state=${stateOf(await start(made))}`
    const end = await vault.connectVisits.returned(address, mine)
    assert.deepEqual([end?.outcome, end?.reason], ['refused', 'failed'])
    const { state, reason, problem } = await get(made)
    assert.deepEqual([state, reason, problem?.code], ['refused', 'failed', 'HANDOVER_CODE_REFUSED'])
  })

  test('whose consent it is may be learnt later: pending until then', async () => {
    const made = await make()
    await lab.fault({ at: 'api', kind: 'status', status: 503, times: 1, matching: 'current/Me' })
    const end = await visit(made, anna)
    assert.deepEqual([end.outcome, (await get(made)).state], ['pending', 'pending'])
    clock.advance(60_000)
    await until(async () => {
      await vault.tick()
      return (await get(made)).state === 'connected'
    })
  })
})

describe('a link that renews a grant', () => {
  const connected = async (user: string, more: Partial<NewConnectLink> = {}) => {
    const made = await make(more)
    await visit(made, user, browserOf(user))
    const { grant } = await get(made)
    assert.ok(grant)
    return grant
  }
  const chainOf = async (id: string) =>
    (
      await lab.store.pool.query(
        'SELECT chain, generation, state, external_id, sealed_tokens FROM token_grant WHERE id = $1',
        [id],
      )
    ).rows[0]

  test('the same person: the grant keeps its id and the partner’s own, on a new chain', async () => {
    const grant = await connected(anna, { externalId: 'c-1' })
    const made = await make({ renews: grant })
    const end = await visit(made, anna)
    assert.deepEqual(
      [end.outcome, told(end.returnUrl).grant, (await get(made)).grant],
      ['connected', grant, grant],
    )
    const after = await chainOf(grant)
    assert.deepEqual([after.chain, after.state, after.external_id], [2, 'active', 'c-1'])
  })

  test('another person is refused, and the grant is untouched', async () => {
    const grant = await connected(anna)
    const before = await chainOf(grant)
    const made = await make({ renews: grant })
    const end = await visit(made, bram)
    assert.deepEqual([end.outcome, end.reason], ['refused', 'other-person'])
    assert.equal(told(end.returnUrl).reason, 'other-person')
    assert.equal('grant' in told(end.returnUrl), false)
    assert.deepEqual(await chainOf(grant), before)
    const all = await vault.listGrants(organisationId, { limit: 10 })
    assert.deepEqual(
      all.map(({ id }) => id),
      [grant],
      'nothing of the other person is kept',
    )
    assert.equal((await get(made)).reason, 'other-person')
  })

  test('another person who has a grant here keeps it alive: that consent ended its chain', async () => {
    const [grant, theirs] = [await connected(anna), await connected(bram)]
    const before = await chainOf(grant)
    const end = await visit(await make({ renews: grant }), bram)
    assert.deepEqual([end.outcome, end.reason], ['refused', 'other-person'])
    assert.deepEqual(await chainOf(grant), before)
    const after = await chainOf(theirs)
    assert.deepEqual([after.chain, after.state], [2, 'active'])
    clock.advance(601_000)
    assert.equal((await vault.refresh(organisationId, theirs)).state, 'active')
  })

  test('a process that died with the code in hand: the link tells what became of the row that it had made', async () => {
    const grant = await connected(anna)
    const made = await make({ renews: grant })
    await lab.fault({ at: 'api', kind: 'status', status: 503, times: 1, matching: 'current/Me' })
    await visit(made, anna)
    // As it leaves a consent whose end it did not live to write.
    await lab.store.pool.query(
      "UPDATE preauthentication SET state = 'exchanging', grant_id = NULL WHERE connect_link_id = $1",
      [made.link.id],
    )
    assert.equal((await get(made)).state, 'pending')
    clock.advance(60_000)
    await until(async () => {
      await vault.tick()
      return (await get(made)).state === 'connected'
    })
    assert.equal((await get(made)).grant, grant)
  })

  test('who loses a chain in another organisation by the consent of another person hears of it', async () => {
    const grant = await connected(anna)
    const { grant: rival } = await vault.handOver(
      lab.handover(both(await lab.tokens(bram)), { organisationId: below }),
    )
    await visit(await make({ renews: grant }), bram)
    const events = await vault.grantEvents(below, rival.id, { limit: 20 })
    assert.ok(events.some(({ action }) => action === 'grant.rival'))
  })

  test('learnt later that it is another person: refused then, and nothing is kept', async () => {
    const grant = await connected(anna)
    const made = await make({ renews: grant })
    await lab.fault({ at: 'api', kind: 'status', status: 503, times: 1, matching: 'current/Me' })
    assert.equal((await visit(made, bram)).outcome, 'pending')
    clock.advance(60_000)
    await until(async () => {
      await vault.tick()
      return (await get(made)).state === 'refused'
    })
    assert.equal((await get(made)).reason, 'other-person')
    assert.equal((await vault.listGrants(organisationId, { limit: 10 })).length, 1)
  })

  test('an own handover of the other person is no renewal, and goes as always', async () => {
    const grant = await connected(anna)
    const { outcome } = await vault.handOver(lab.handover(both(await lab.tokens(bram))))
    assert.equal(outcome, 'created')
    await assert.rejects(make({ renews: newId('grt', 1) }), failsWith('NOT_FOUND'))
    const stored = await vault.clients.create(
      organisationId,
      { ...place, clientId: 'x', clientSecret: new PlainSecret('s'), redirectUris: [redirectUri] },
      actor,
    )
    await assert.rejects(make({ renews: grant, client: stored.id }), failsWith('INVALID_REQUEST'))
  })
})

describe('where customers are sent back to', () => {
  test('is on the list at the making and at the end', async () => {
    await assert.rejects(
      make({ returnAddress: 'https://partner.example/done' }),
      failsWith('INVALID_REQUEST'),
    )
    const made = await make()
    const begun = await start(made)
    await vault.connectSettings.change(organisationId, { returnAddresses: [] }, actor)
    const end = await vault.connectVisits.returned(await yes(begun, anna), mine)
    assert.deepEqual([end?.outcome, end?.returnUrl], ['connected', null])
    const javascript = { returnAddresses: ['javascript:alert(1)'] }
    await assert.rejects(
      vault.connectSettings.change(organisationId, javascript, actor),
      failsWith('INVALID_REQUEST'),
    )
  })

  test('a client that does not come back to us makes no link', async () => {
    await vault.clients.update(
      organisationId,
      client,
      { redirectUris: ['https://partner.example/cb'] },
      actor,
    )
    await assert.rejects(make(), failsWith('INVALID_REQUEST'))
  })

  test('settings hold in the organisations below until those have their own', async () => {
    const { connectSettings, connectLinks } = vault
    await connectSettings.change(organisationId, { name: 'Partner', colour: '#ffdd00' }, actor)
    assert.equal((await connectSettings.get(below)).isInherited, true)
    const wanted = { ...place, client, returnAddress: back }
    const made = await connectLinks.create(below, wanted, actor, own)
    const { brand } = await look(made)
    assert.deepEqual([brand.name, brand.organisation, brand.colour], ['Partner', below, '#ffdd00'])
    await connectSettings.change(
      below,
      { name: 'Daughter', origin: 'https://connect.daughter.example' },
      actor,
    )
    const after = await connectSettings.get(below)
    assert.deepEqual(
      [after.name, after.colour, after.returnAddresses, after.isInherited],
      ['Daughter', null, [], false],
    )
    await assert.rejects(connectLinks.create(below, wanted, actor, own), failsWith('INVALID_REQUEST'))
    for (const bad of ['https://x.example/', 'https://x.example/y', 'http://x.example', 'javascript:', 'x'])
      await assert.rejects(
        connectSettings.change(below, { origin: bad }, actor),
        failsWith('INVALID_REQUEST'),
        bad,
      )
  })

  test('an organisation that is deleted leaves neither links nor settings', async () => {
    await make()
    await vault.shredOrganisation(organisationId, actor)
    for (const table of ['connect_link', 'connect_settings']) {
      const { rows } = await lab.store.pool.query(`SELECT FROM ${table}`)
      assert.equal(rows.length, 0, table)
    }
  })
})
