import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ManualClock } from '@sluis/shared'
import { openTestStore } from '@sluis/store/testing'
import { GrantHosts } from './grant-hosts.ts'

let store: Awaited<ReturnType<typeof openTestStore>>
before(async () => {
  store = await openTestStore()
})
after(() => store.close())

const session = { platform: 'p', baseUrl: 'https://login.example', clientId: 'c', grant: 'grt_1' }
const server = () => new GrantHosts(store, new ManualClock(0))

test('what one server found all know, also those that start later', async () => {
  const [one, other] = [server(), server()]
  assert.equal(await one.of(session), undefined)
  await one.keep(session, 'https://a.example')
  for (const hosts of [one, other, server()]) assert.equal(await hosts.of(session), 'https://a.example')
})
test('of a server that meets the old place, another one’s later finding stands', async () => {
  const [one, other] = [server(), server()]
  await one.keep(session, 'https://a.example')
  assert.equal(await other.of(session), 'https://a.example')
  await one.forget(session, 'https://a.example')
  assert.equal(await server().of(session), undefined)
  await one.keep(session, 'https://b.example')
  await other.forget(session, 'https://a.example')
  assert.equal(await other.of(session), 'https://b.example')
})
test('another address of the platform is another question, and another grant too', async () => {
  const hosts = server()
  await hosts.keep(session, 'https://a.example')
  assert.equal(await hosts.of({ ...session, baseUrl: 'https://elsewhere.example' }), undefined)
  assert.equal(await hosts.of({ ...session, grant: 'grt_2' }), undefined)
})
test('calls that met the old place together read it back from what was being forgotten', async () => {
  const hosts = server()
  await hosts.keep(session, 'https://a.example')
  const seen: (string | undefined)[] = []
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      await hosts.forget(session, 'https://a.example')
      seen.push(await hosts.of(session))
    }),
  )
  assert.deepEqual(seen, Array(8).fill(undefined))
})
