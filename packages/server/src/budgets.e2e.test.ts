import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Answer, type HttpLab, openHttpLab } from './testing/http-lab.ts'
import { registerWithLimits } from './testing/small-client.ts'
import { spawnServer } from './testing/spawn-server.ts'

// What a statement costs against what the platform still allows: refused before its first call, warned of, waited for
// where others can see it. The limits are the emulator's own, as its headers tell them.

let lab: HttpLab
let divisions: number[]

before(async () => {
  lab = await openHttpLab()
  const { companies } = (await lab.control('data')) as { companies: { code: number }[] }
  divisions = companies.map(({ code }) => code)
  await registerWithLimits(lab, 'clock', { minute: 1000, day: 1000 }, { name: 'clock' })
})
after(() => lab.close())
beforeEach(() => lab.clearFaults())

const ask = (
  database: string,
  sql: string,
  options: { headers?: Record<string, string>; more?: object } = {},
) =>
  lab.call(
    'POST',
    `/databases/${database}/query`,
    { sql, ...options.more },
    options.headers ? { headers: options.headers } : {},
  )

interface LedgerEntry {
  readonly at: number
  readonly clientId: string
  readonly kind: string
  readonly status: number
  readonly division: number
}

/** Looks at a statement until it says what is waited for. */
async function until(
  database: string,
  id: string,
  isIt: (record: Answer['body']) => boolean,
): Promise<Answer['body']> {
  for (let look = 0; look < 600; look++) {
    const { body } = await lab.call('GET', `/databases/${database}/statements/${id}`)
    if (isIt(body)) return body
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { text } = await lab.call('GET', `/databases/${database}/statements/${id}`)
  throw new Error(`statement ${id} never said it: ${text}`)
}

describe('a day that is almost used up', () => {
  const day = 8
  before(async () => {
    // A day that does not end while the tests look at it.
    await lab.moveClock({ now: '2027-03-02T10:00:10Z' })
    await registerWithLimits(lab, 'small-day', { minute: 1000, day }, { name: 'small_day' })
    // Until a first answer the limits are the documented ones: one call each teaches the client's own.
    const learnt = await ask('small_day', 'SELECT Division, count(*) FROM crm.Accounts GROUP BY Division')
    assert.equal(learnt.status, 200, learnt.text)
  })

  test('sluis.budgets shows both windows for each division, as the headers told them', async () => {
    const { body } = await ask(
      'small_day',
      'SELECT partition, "window", call_limit, remaining, resets_at FROM sluis.budgets ORDER BY ALL',
    )
    const of = (name: string) =>
      body.rows.filter((row: unknown[]) => row[1] === name).map((row: unknown[]) => row.slice(2))
    assert.equal(body.rows.length, divisions.length * 2)
    for (const row of of('day')) {
      assert.equal(row[0], String(day))
      assert.ok(Number(row[1]) < day, JSON.stringify(row))
      // The headers are read relative to a Date of whole seconds.
      assert.match(String(row[2]), /^2027-03-03T00:00:00/)
    }
    assert.deepEqual([...new Set(of('minute').map((row: unknown[]) => row[0]))], ['1000'])
  })

  test('a statement whose least exceeds what is left is refused before its first call', async () => {
    const [division] = divisions
    const tables = [
      'Accounts',
      'Contacts',
      'Addresses',
      'BankAccounts',
      'Opportunities',
      'Quotations',
      'AccountClasses',
      'Documents',
    ]
    const sql = tables
      .map(
        (name) =>
          `SELECT count(*) FROM ${name === 'Documents' ? 'documents' : 'crm'}.${name} WHERE Division = ${division}`,
      )
      .join(' UNION ALL ')
    const before = await lab.apiCalls()
    const refused = await ask('small_day', sql)
    assert.deepEqual([refused.status, refused.body.code], [429, 'PLATFORM_BUDGET_EXHAUSTED'], refused.text)
    assert.match(refused.body.detail, new RegExp(`Partition ${division} has \\d of its 8 calls left`))
    assert.equal(refused.body.calls.min, tables.length)
    assert.equal(refused.body.fitsAt, '2027-03-03T00:00:00.000Z')
    assert.ok(refused.body.remaining < tables.length)
    const explained = await lab.call('POST', '/databases/small_day/explain', { sql })
    assert.match(explained.body.warnings.join(), /takes at least 8 there/)
    assert.equal(await lab.apiCalls(), before)
  })

  test('one whose expected calls do so runs and warns', async () => {
    const [, division] = divisions
    await lab.store.pool.query(
      "UPDATE call_budget SET day_used = day_limit - 2 WHERE client_id = 'small-day' AND key = $1",
      [String(division)],
    )
    // A table of which nothing is known is guessed to have several pages; nothing is younger than this.
    const sql = `SELECT Code FROM vat.VATCodes WHERE Created > TIMESTAMP '2100-01-01'`
    const answer = await ask('small_day', sql)
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.body.stats.warnings.join(), /2 of its 8 calls left.*probably takes 3 there/)
    assert.equal(answer.body.stats.apiCalls, divisions.length)
  })

  test('a write of more rows than calls are left writes none of them', async () => {
    const [, , division] = divisions
    const rows = Array.from({ length: 9 }, (_, index) => `(${division}, 'Row ${index}')`).join(', ')
    const before = await lab.apiCalls()
    const refused = await ask('small_day', `INSERT INTO crm.Accounts (Division, Name) VALUES ${rows}`)
    assert.deepEqual([refused.status, refused.body.code], [429, 'PLATFORM_BUDGET_EXHAUSTED'], refused.text)
    assert.equal(refused.body.fitsAt, null)
    assert.match(refused.body.hint, /more than a day has/)
    assert.equal(await lab.apiCalls(), before)
  })

  test('without a listener it waits for the next day, visibly, and ends', async () => {
    const [division] = divisions
    const { last } = await lab.control('ledger')
    const sql = [
      'Accounts',
      'Contacts',
      'Addresses',
      'BankAccounts',
      'Opportunities',
      'Quotations',
      'AccountClasses',
    ]
      .map((name) => `SELECT count(*) AS n FROM crm.${name} WHERE Division = ${division}`)
      .join(' UNION ALL ')
    const begun = await ask(
      'small_day',
      `${sql} UNION ALL SELECT count(*) FROM documents.Documents WHERE Division = ${division}`,
      {
        headers: { prefer: 'respond-async' },
      },
    )
    assert.equal(begun.status, 202, begun.text)
    const waits = await until('small_day', begun.body.id, ({ progress }) => progress.waitingUntil !== null)
    assert.match(waits.progress.waitingUntil, /^2027-03-03T00:00:00/)
    assert.equal(waits.state, 'fetching')
    assert.ok(waits.progress.callsMade < waits.progress.callsExpected, JSON.stringify(waits.progress))
    assert.ok(waits.progress.partitionsDone < waits.progress.partitionsTotal)
    const shown = await ask(
      'small_day',
      `SELECT waiting_until, partitions_total FROM sluis.statements WHERE id = '${begun.body.id}'`,
    )
    assert.match(shown.body.rows[0][0], /^2027-03-03T00:00:00/)
    assert.equal(shown.body.rows[0][1], '8')
    // Counting these takes pages, more than two days have: it waits again and again.
    let seen = waits
    for (let days = 0; seen.endedAt === null && days < 9; days++) {
      await lab.moveClock({ now: new Date(Date.parse(seen.progress.waitingUntil) + 1000).toISOString() })
      const { waitingUntil } = seen.progress
      seen = await until(
        'small_day',
        begun.body.id,
        ({ endedAt, progress }) =>
          endedAt !== null || (progress.waitingUntil !== null && progress.waitingUntil > waitingUntil),
      )
    }
    const ended = seen
    assert.deepEqual([ended.state, ended.progress.waitingUntil], ['done', null], JSON.stringify(ended.error))
    // It never asked in vain, and kept within each day.
    const { entries } = (await lab.control(`ledger?since=${last}`)) as { entries: LedgerEntry[] }
    const own = entries.filter(({ clientId, kind }) => clientId === 'small-day' && kind === 'api')
    assert.deepEqual([...new Set(own.map(({ status }) => status))], [200])
    assert.equal(own.length, ended.stats.apiCalls)
    const perDay = Map.groupBy(own, ({ at, division: where }) => `${Math.floor(at / 86_400_000)} ${where}`)
    for (const [when, calls] of perDay) assert.ok(calls.length <= day, `${calls.length} calls on ${when}`)
    assert.deepEqual([ended.progress.partitionsDone, ended.progress.partitionsTotal], [8, 8])
  })
})

describe('a partition that may not be read', () => {
  let id: string
  before(async () => {
    await registerWithLimits(lab, 'strict', { minute: 100_000, day: 1_000_000 }, { name: 'lenient' })
    await lab.call('POST', '/databases', {
      name: 'strict',
      strict: true,
      sources: [{ grant: (await lab.call('GET', '/databases/lenient')).body.sources[0].grant }],
    })
    id = String(divisions[1])
  })
  const forbid = () =>
    lab.control('faults', {
      at: 'api',
      kind: 'status',
      status: 403,
      times: 1,
      matching: `/${id}/`,
    })
  const sql = 'SELECT DISTINCT Division FROM crm.Contacts'

  test('the database says whether it is strict, and can be told', async () => {
    assert.equal((await lab.call('GET', '/databases/lenient')).body.strict, false)
    assert.equal((await lab.call('GET', '/databases/strict')).body.strict, true)
    const changed = await lab.call('PATCH', '/databases/lenient', { strict: true })
    assert.equal(changed.body.strict, true)
    assert.equal((await lab.call('PATCH', '/databases/lenient', { title: 'x' })).body.strict, true)
    assert.equal((await lab.call('PATCH', '/databases/lenient', { strict: false })).body.strict, false)
  })

  test('forbidden: the others are read and it is told; a strict statement or database fails', async () => {
    await forbid()
    const lenient = await ask('lenient', sql)
    assert.equal(lenient.body.rows.length, divisions.length - 1, lenient.text)
    assert.match(
      lenient.body.stats.warnings.join(),
      new RegExp(`crm.Contacts in .*\\(${id}\\) may not be read`),
    )
    await forbid()
    const strictStatement = await ask('lenient', sql, { more: { strict: true } })
    assert.deepEqual(
      [strictStatement.status, strictStatement.body.code],
      [403, 'PLATFORM_FORBIDDEN'],
      strictStatement.text,
    )
    await lab.clearFaults()
    await forbid()
    const strictDatabase = await ask('strict', sql)
    assert.deepEqual([strictDatabase.status, strictDatabase.body.code], [403, 'PLATFORM_FORBIDDEN'])
    await lab.clearFaults()
    await forbid()
    const lenientStatement = await ask('strict', sql, { more: { strict: false } })
    assert.equal(lenientStatement.body.rows.length, divisions.length - 1, lenientStatement.text)
  })

  test('blocked: left out and told among all, an error where it is named or the statement is strict, no call to it', async () => {
    const block = (isReadable: boolean) =>
      lab.store.pool.query(
        `UPDATE partition_list SET partitions = (SELECT jsonb_agg(CASE WHEN p->>'id' = $1
           THEN jsonb_set(p, '{isReadable}', to_jsonb($2::boolean)) ELSE p END) FROM jsonb_array_elements(partitions) p)`,
        [id, isReadable],
      )
    await block(false)
    try {
      const all = await ask('lenient', sql)
      assert.equal(all.body.rows.length, divisions.length - 1, all.text)
      assert.match(all.body.stats.warnings.join(), new RegExp(`\\(${id}\\) is blocked`))
      const other = await ask('lenient', `${sql} WHERE Division = ${divisions[0]}`)
      assert.deepEqual(other.body.stats.warnings, [])
      const before = await lab.apiCalls()
      for (const answer of [
        await ask('lenient', `${sql} WHERE Division = ${id}`),
        await ask('lenient', sql, { more: { strict: true } }),
        await ask('strict', sql),
      ]) {
        assert.deepEqual(
          [answer.status, answer.body.code, answer.body.partition],
          [403, 'PLATFORM_FORBIDDEN', id],
          answer.text,
        )
      }
      assert.equal(await lab.apiCalls(), before)
    } finally {
      await block(true)
    }
  })
})

describe('a platform that counts errors', () => {
  let division: number
  let grant: string
  before(async () => {
    ;[division = 0] = divisions
    const limits = { minute: 100_000, day: 1_000_000 }
    ;({ grant } = await registerWithLimits(lab, 'errors', limits, { name: 'errors' }))
  })
  const fail = (status: number, times: number) =>
    lab.control('faults', { at: 'api', kind: 'status', status, times, matching: `/${division}/` })
  const accounts = (name: string) =>
    ask('errors', `SELECT ID FROM crm.Accounts WHERE Division = ${division} AND Name = '${name}'`)
  const moveAnHour = async () => {
    const { now } = (await lab.control('clock')) as { now: number }
    await lab.moveClock({ now: new Date(now + 3_601_000).toISOString() })
  }

  test('what was forbidden is answered from memory for an hour, by every server, and asked again after it', async () => {
    await fail(403, 1)
    const first = await accounts('forbidden')
    assert.deepEqual([first.status, first.body.code], [403, 'PLATFORM_FORBIDDEN'], first.text)
    const calls = await lab.apiCalls()
    const again = await accounts('forbidden')
    assert.deepEqual([again.status, again.body.code], [403, 'PLATFORM_FORBIDDEN'], again.text)
    assert.match(again.text, /is asked again after \d{4}-/)
    await lab.restart()
    assert.equal((await accounts('forbidden')).status, 403)
    assert.equal(await lab.apiCalls(), calls)
    // Another request may well succeed.
    assert.equal((await accounts('allowed')).status, 200)
    await moveAnHour()
    assert.equal((await accounts('forbidden')).status, 200)
  })

  test('what was forbidden is asked again once the user has consented again', async () => {
    await fail(403, 1)
    assert.equal((await accounts('widened')).status, 403)
    assert.equal((await accounts('widened')).status, 403)
    const redirectUri = 'https://partner.example/cb'
    const consent = { clientId: 'errors', user: 'errors@example.com', redirectUri }
    const { code } = await lab.control('consents', consent)
    const client = { clientId: 'errors', clientSecret: 'canary-secret-of-errors', redirectUri }
    const handed = await lab.call(
      'POST',
      '/grants',
      lab.handover({ kind: 'code', code: String(code) }, { client }),
    )
    assert.equal(handed.body.id, grant, handed.text)
    assert.equal((await accounts('widened')).status, 200)
  })

  test('nine errors at one endpoint: it is held back until the first stops counting, others are not', async () => {
    await fail(400, 9)
    for (let made = 1; made <= 9; made++) {
      const refused = await accounts(`refused ${made}`)
      assert.deepEqual([refused.status, refused.body.code], [503, 'PLATFORM_UNAVAILABLE'], refused.text)
    }
    const calls = await lab.apiCalls()
    const held = await accounts('good')
    assert.deepEqual([held.status, held.body.code], [429, 'PLATFORM_BUDGET_EXHAUSTED'], held.text)
    assert.match(
      held.body.detail,
      new RegExp(`9 of 10 errors an hour .* of partition ${division}: .* until \\d{4}-`),
    )
    const known = await accounts('refused 3')
    assert.deepEqual([known.status, known.body.code], [503, 'PLATFORM_UNAVAILABLE'], known.text)
    assert.equal(await lab.apiCalls(), calls)
    const { body } = await ask(
      'errors',
      `SELECT partition, call_limit, remaining, resets_at FROM sluis.budgets WHERE "window" = 'hour'`,
    )
    assert.equal(body.rows.length, 1, JSON.stringify(body.rows))
    assert.deepEqual(body.rows[0].slice(0, 3), [String(division), '10', '1'])
    assert.ok(held.body.detail.includes(String(body.rows[0][3]).slice(0, 19)))
    const { budgets } = (await lab.call('GET', '/databases/errors/budgets')).body
    const [errors] = budgets.filter(({ window }: { window: string }) => window === 'hour')
    assert.match(errors.endpoint, /crm\/Accounts$/i)
    const other = await ask('errors', `SELECT ID FROM crm.Contacts WHERE Division = ${division} LIMIT 1`)
    assert.equal(other.status, 200, other.text)
    await moveAnHour()
    assert.equal((await accounts('good')).status, 200)
  })

  test('two servers with many failing statements at once made more than ten errors: nine are made, no tenth', async () => {
    await moveAnHour()
    const { last } = await lab.control('ledger')
    const servers = await Promise.all([spawnServer(lab), spawnServer(lab)])
    try {
      await fail(400, 100)
      const answers = await Promise.all(
        servers.flatMap((server, at) =>
          Array.from({ length: 15 }, (_, statement) =>
            server.call('POST', '/databases/errors/query', {
              sql: `SELECT ID FROM crm.Accounts WHERE Division = ${division} AND Name = '${at} ${statement}'`,
            }),
          ),
        ),
      )
      const codes = Map.groupBy(answers, ({ status, body }) => `${status} ${body.code}`)
      assert.deepEqual(Object.fromEntries([...codes].map(([code, own]) => [code, own.length])), {
        '503 PLATFORM_UNAVAILABLE': 9,
        '429 PLATFORM_BUDGET_EXHAUSTED': 21,
      })
      const { entries } = (await lab.control(`ledger?since=${last}`)) as { entries: LedgerEntry[] }
      const own = entries.filter(({ clientId, kind }) => clientId === 'errors' && kind === 'api')
      assert.deepEqual(
        own.map(({ status }) => status),
        Array.from({ length: 9 }, () => 400),
      )
    } finally {
      await Promise.all(servers.map((server) => server.end('SIGTERM')))
    }
  })
})
