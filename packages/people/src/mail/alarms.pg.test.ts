import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import {
  type AuditAction,
  type GrantId,
  ManualClock,
  newId,
  type OrganisationId,
  silentLog,
  systemRandom,
} from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'
import { AuditTrail } from '../audit-trail.ts'
import type { Caller } from '../caller.ts'
import { openSmtpReceiver, type SmtpReceiver, textOf } from '../testing/index.ts'
import { Alarms } from './alarms.ts'
import { Contacts } from './contacts.ts'
import { createMailer } from './mailer.ts'

const clock = new ManualClock()
let store: Awaited<ReturnType<typeof openTestStore>>
let receiver: SmtpReceiver
let audit: AuditTrail
let contacts: Contacts
before(async () => {
  store = await openTestStore()
  receiver = await openSmtpReceiver()
  audit = new AuditTrail(store, clock)
  contacts = new Contacts({ store, clock, random: systemRandom, audit })
})
after(async () => {
  await receiver?.close()
  await store?.close()
})
afterEach(() => receiver.letters.splice(0))

/** As after a start: nothing is remembered but what stands in the database. */
const open = () =>
  new Alarms({
    store,
    clock,
    log: silentLog,
    mailer: createMailer({ url: receiver.url, from: null }),
    address: () => 'https://sluis.example',
  })
const caller = { actor: 'key_test' } as unknown as Caller

async function organisation(name: string, parent: OrganisationId | null = null): Promise<OrganisationId> {
  const id = newId('org', clock.now())
  await store.pool.query('INSERT INTO organisation VALUES ($1, $2, $3, $1, $4)', [
    id,
    parent,
    name,
    clock.now(),
  ])
  return id
}
async function grant(owner: OrganisationId, label: string, state: string): Promise<GrantId> {
  const id = newId('grt', clock.now())
  await store.pool.query(
    `INSERT INTO token_grant (id, organisation_id, platform, region, client_id, redirect_uri, sealed_secret, label, state,
       chain, generation, has_access, has_refresh, received_at, created_at)
     VALUES ($1, $2, 'exact-online', 'nl', 'c', 'https://partner.example/cb', '', $3, $4, 1, 1, true, true, $5, $5)`,
    [id, owner, label, state, clock.now() - 1],
  )
  return id
}
const tell = (owner: OrganisationId, id: GrantId, action: AuditAction) =>
  audit.record(null, owner, 'vault', action, id)
const move = (id: GrantId, state: string) =>
  store.pool.query('UPDATE token_grant SET state = $2 WHERE id = $1', [id, state])

test('all that happens together is one letter, in the contact’s language, and once a day', async () => {
  const owner = await organisation('Bakker & Zn <b>')
  await contacts.add(caller, owner, { email: 'Jan@Example.com', language: 'nl' })
  await contacts.add(caller, owner, { email: 'ann@example.com', language: 'en' })
  const first = await grant(owner, 'Boeken\r\nBcc: evil@example.com', 'needs_consent')
  const second = await grant(owner, 'Winkel <b>', 'active')
  await tell(owner, first, 'grant.needs_consent')
  await tell(owner, first, 'grant.needs_consent')
  await tell(owner, second, 'grant.expiring')
  await open().sendDue()
  assert.equal(receiver.letters.length, 0, 'what comes together is gathered')
  clock.advance(30_000)
  await Promise.all([open().sendDue(), open().sendDue()])
  assert.deepEqual(receiver.letters.map(({ to }) => to).sort(), [['ann@example.com'], ['jan@example.com']])
  const dutch = receiver.letters.find(({ to }) => to[0] === 'jan@example.com')?.raw ?? ''
  assert.match(
    textOf(dutch),
    /Boeken Bcc: evil@example\.com \(exact-online\): is geëindigd: de gebruiker moet/,
  )
  assert.match(textOf(dutch), /Winkel <b> \(exact-online\): loopt binnenkort af/)
  assert.ok(textOf(dutch).includes(`https://sluis.example/app/grants/${first}?organisation=${owner}`))
  assert.doesNotMatch(dutch, /^Bcc:/im)
  const html = dutch.split('Content-Type: text/html')[1] ?? ''
  assert.match(html, /Winkel &#60;b&#62;/)
  assert.doesNotMatch(html, /<b>/)
  const english = receiver.letters.find(({ to }) => to[0] === 'ann@example.com')?.raw ?? ''
  assert.match(textOf(english), /has ended: the user must consent again/)
  // Again on the same day: nothing; the next day: again.
  await tell(owner, first, 'grant.needs_consent')
  clock.advance(60_000)
  await open().sendDue()
  assert.equal(receiver.letters.length, 2)
  clock.advance(86_400_000)
  await tell(owner, first, 'grant.needs_consent')
  clock.advance(30_000)
  await open().sendDue()
  assert.equal(receiver.letters.length, 4)
})

test('what is uncertain is told after a minute, and not when it has mended', async () => {
  const owner = await organisation('Uncertain')
  await contacts.add(caller, owner, { email: 'c@example.com', language: 'en' })
  const mended = await grant(owner, 'Mended', 'ambiguous')
  const stuck = await grant(owner, 'Stuck', 'ambiguous')
  await tell(owner, mended, 'grant.ambiguous')
  await tell(owner, stuck, 'grant.ambiguous')
  clock.advance(59_000)
  await open().sendDue()
  assert.equal(receiver.letters.length, 0)
  await move(mended, 'active')
  clock.advance(1000)
  await open().sendDue()
  assert.equal(receiver.letters.length, 1)
  const text = textOf(receiver.letters[0]?.raw ?? '')
  assert.ok(text.includes('Stuck') && !text.includes('Mended'), text)
})

test('a mail server that is away loses nothing, and who was told is not told twice', async () => {
  const owner = await organisation('Away')
  await contacts.add(caller, owner, { email: 'd@example.com', language: 'en' })
  const id = await grant(owner, 'Away', 'needs_consent')
  await tell(owner, id, 'grant.needs_consent')
  clock.advance(30_000)
  receiver.refuse(true)
  await open().sendDue()
  receiver.refuse(false)
  assert.equal(receiver.letters.length, 0)
  await open().sendDue()
  assert.equal(receiver.letters.length, 0, 'it rests')
  clock.advance(3_600_000)
  await open().sendDue()
  assert.equal(receiver.letters.length, 1)
  // A process that died before it could say that all were told: its claim ends, and only the rest are told.
  await contacts.add(caller, owner, { email: 'e@example.com', language: 'en' })
  await store.pool.query('UPDATE alarm SET settled_at = NULL, due_at = $2 WHERE grant_id = $1', [
    id,
    clock.now(),
  ])
  await open().sendDue()
  assert.deepEqual(
    receiver.letters.map(({ to }) => to),
    [['d@example.com'], ['e@example.com']],
  )
})

test('a customer without contacts has its partner’s, and waits where there are none', async () => {
  const partner = await organisation('Partner')
  const customer = await organisation('Customer', partner)
  const id = await grant(customer, 'Books', 'needs_consent')
  await tell(customer, id, 'grant.needs_consent')
  clock.advance(30_000)
  await open().sendDue()
  assert.equal(receiver.letters.length, 0)
  const { id: contact } = await contacts.add(caller, partner, { email: 'p@example.com', language: 'nl' })
  clock.advance(600_000)
  await open().sendDue()
  assert.deepEqual(
    receiver.letters.map(({ to }) => to),
    [['p@example.com']],
  )
  await assert.rejects(contacts.remove(caller, customer, contact), /no such contact/)
  await contacts.remove(caller, partner, contact)
  assert.deepEqual(await contacts.list(partner), [])
})
