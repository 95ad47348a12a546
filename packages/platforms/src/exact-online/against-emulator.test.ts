import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { PlatformTable } from '@sluis/engine'
import { isSluisError, must, PlainSecret } from '@sluis/shared'
import type { TokenGrant } from '@sluis/vault'
import {
  app,
  type ConnectorLab,
  connector,
  openConnectorLab,
  type Row,
  redirectUri,
  send,
  tableNamed,
  wishFor,
} from './testing/connector-lab.ts'

let lab: ConnectorLab
before(async () => {
  lab = await openConnectorLab()
})
after(() => lab.close())

describe('the token endpoint', () => {
  test('a code becomes tokens of a user; every refusal is told apart', async () => {
    const tokens = await lab.consent('bert@example.com')
    const refreshToken = must(tokens.refreshToken)
    assert.equal(tokens.expiresInSeconds, 600)
    assert.equal(lab.oauth().stampedRegion(refreshToken), 'nl')
    const who = lab
      .oauth()
      .processWhoAmIResponse(await send(lab.oauth().whoAmIRequest(lab.region(), must(tokens.accessToken))))
    assert.equal(who.kind === 'user' ? who.user.email : who.kind, 'bert@example.com')
    const nobody = lab.oauth().whoAmIRequest(lab.region(), new PlainSecret('gAAAA'))
    assert.equal(lab.oauth().processWhoAmIResponse(await send(nobody)).kind, 'refused')

    const old: TokenGrant = { kind: 'refresh', refreshToken }
    assert.equal((await lab.spend(old)).kind, 'too-early')
    assert.equal((await lab.spend(old, new PlainSecret('wrong'))).kind, 'configuration')
    await lab.control('clock', { advanceSeconds: 575 })
    const next = await lab.spend(old)
    assert.equal(next.kind, 'tokens')
    const again = await lab.spend(old)
    assert.equal(again.kind === 'terminal' ? again.cause : again.kind, 'spent')
    const foreign = await lab.spend({
      kind: 'refresh',
      refreshToken: new PlainSecret('stampNL001.abcd!efgh'),
    })
    assert.equal(foreign.kind === 'terminal' ? foreign.cause : foreign.kind, 'invalid')

    const current = must(next.kind === 'tokens' ? next.tokens.refreshToken : undefined)
    await lab.control('clock', { advanceSeconds: 31 * 86_400 })
    const late = await lab.spend({ kind: 'refresh', refreshToken: must(current) })
    assert.equal(late.kind === 'terminal' ? late.cause : late.kind, 'expired')
    lab.accessToken = must((await lab.consent('anna@example.com')).accessToken).reveal()
  })
})

describe('every table', () => {
  test('is answered by each of its offers, and no value of the answer is lost', async () => {
    const [partition] = await lab.partitions()
    assert.ok(partition)
    for (const table of connector.tables) {
      const name = `${table.schema}.${table.name}`
      if (name === 'customfield.UpdateCustomField') {
        // The one function that writes: it is refused before any call.
        assert.throws(
          () => connector.negotiate(wishFor(table, { limit: 5 }), lab.url),
          (error) => isSluisError(error, 'SQL_NOT_ALLOWED'),
        )
        continue
      }
      for (const offer of connector.negotiate(wishFor(table, { limit: 5 }), lab.url)) {
        const [request] = offer.requests(table.partitionColumn === null ? null : partition)
        const response = await lab.ask(must(request))
        assert.equal(response.status, 200, `${name}: ${request?.url}\n${response.body}`)
        assert.equal(connector.judge(response, 0).kind, 'rows')
        const page = connector.readPage(response.body)
        const found = response.body.toString('utf8', page.start, page.end)
        // A function may answer one object instead of a list.
        const text = found.startsWith('[') ? found : `[${found}]`
        const rows = JSON.parse(text) as Row[]
        assert.equal(page.rows, rows.length)
        assert.ok(rows.length <= offer.pageRows)
        await assertNothingLost(name, table, rows, text)
      }
    }
  })

  async function assertNothingLost(name: string, table: PlatformTable, rows: readonly Row[], text: string) {
    const paged = table.columns.flatMap(({ name: column, page }) => (page ? [{ column, page }] : []))
    const file = join(lab.folder, 'page.json')
    writeFileSync(file, text)
    const shape = paged.map(({ page }) => `'${page.field}': '${page.jsonType}'`).join(', ')
    const counts = paged.map(({ page }) => `count(${page.expression})::INTEGER`).join(', ')
    const result = await lab.connection.runAndReadAll(
      `SELECT ${counts} FROM read_json(['${file}'], format='array', columns={${shape}})`,
    )
    const got = result.getRows()[0] ?? []
    for (const [at, { column }] of paged.entries()) {
      const expected = rows.filter((row) => {
        const value = row[column] as null | undefined | { __deferred?: unknown }
        return (
          value !== null &&
          value !== undefined &&
          (typeof value !== 'object' || value.__deferred === undefined)
        )
      })
      assert.equal(got[at], expected.length, `${name}.${column}`)
    }
  }
})

test('the companies are those of the consent', async () => {
  const all = await lab.partitions()
  assert.equal(all.length, 3)
  const { code } = await lab.control('consents', {
    clientId: app.clientId,
    user: 'carla',
    redirectUri,
    divisions: [Number(all[1]?.id)],
  })
  const answer = await lab.spend({ kind: 'code', code: new PlainSecret(String(code)) })
  const mine = lab.accessToken
  lab.accessToken = must(must(answer.kind === 'tokens' ? answer.tokens.accessToken : undefined)).reveal()
  try {
    assert.deepEqual(await lab.partitions(), [all[1]])
    const accounts = must(connector.negotiate(wishFor(tableNamed('crm.Accounts')), lab.url)[0])
    const judged = connector.judge(await lab.ask(must(accounts.requests(must(all[0]))[0])), 0)
    assert.deepEqual(judged.kind === 'forbidden' ? judged.reason : judged.kind, 'NoDivisionAccess')
  } finally {
    lab.accessToken = mine
  }
})

test('limits are told for a company and by the clock of the service', async () => {
  const [partition] = await lab.partitions()
  const offer = must(connector.negotiate(wishFor(tableNamed('vat.VATCodes')), lab.url)[0])
  const response = await lab.ask(must(offer.requests(must(partition))[0]))
  const readings = connector.readLimits(response, 1_000_000)
  assert.deepEqual(
    readings.map(({ window }) => window),
    ['minute', 'day'],
  )
  for (const { window, resetsAt } of readings) {
    const longest = window === 'minute' ? 60_000 : 86_400_000
    assert.ok(resetsAt > 1_000_000 && resetsAt <= 1_001_000 + longest, `${window} ${resetsAt}`)
  }
})
