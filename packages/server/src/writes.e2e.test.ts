import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type HttpLab, openHttpLab } from './testing/http-lab.ts'

// SQL that writes, from HTTP to the emulated platform and back: what was done is what the platform holds, and what it
// cost is what the platform saw.

let lab: HttpLab
let division: number
let readerKey: string

before(async () => {
  lab = await openHttpLab()
  const { companies } = (await lab.control('data')) as { companies: { code: number }[] }
  division = companies[0]?.code ?? 0
  const credentials = { kind: 'tokens', ...(await lab.tokens('anna@example.com')) }
  const made = await lab.call('POST', '/databases', { name: 'books', ...lab.handover(credentials) })
  assert.equal(made.status, 201, made.text)
  const key = await lab.call('POST', '/keys', { name: 'reader', scopes: ['query'] })
  assert.equal(key.status, 201, key.text)
  readerKey = key.body.secret ?? key.body.apiKey ?? key.body.key
  assert.equal(typeof readerKey, 'string', key.text)
})
after(() => lab.close())
beforeEach(() => lab.clearFaults())

/** Runs a statement and holds its count of calls against the platform's own. */
async function run(sql: string, parameters?: readonly unknown[]) {
  const before = await lab.apiCalls()
  const answer = await lab.call('POST', '/databases/books/query', {
    sql,
    ...(parameters ? { parameters } : {}),
  })
  const seen = (await lab.apiCalls()) - before
  if (answer.status === 200) assert.equal(answer.body.stats.apiCalls, seen, answer.text)
  return { ...answer, seen }
}

async function rows(sql: string): Promise<unknown[][]> {
  const { status, text, body } = await run(sql)
  assert.equal(status, 200, text)
  return body.rows
}

const record = async (answer: { headers: Headers }) => {
  const id = answer.headers.get('sluis-statement')
  const { status, body, text } = await lab.call('GET', `/databases/books/statements/${id}`)
  assert.equal(status, 200, text)
  return body
}

/** Runs the statements that a record gives as the way back. */
async function revert(answer: { headers: Headers }): Promise<void> {
  const { write } = await record(answer)
  assert.ok(write.revert.length > 0, JSON.stringify(write))
  for (const sql of write.revert) {
    const { status, text, body } = await run(sql)
    assert.equal(status, 200, text)
    assert.match(body.rows[0][1], /^(inserted|updated|deleted)$/, text)
  }
}

const lose = (kind: 'drop-response' | 'reset', method: string, times = 1) =>
  lab.control('faults', { at: 'api', kind, method, times })

const named = (name: string) =>
  rows(
    `SELECT Name, City, Code FROM crm.Accounts WHERE Division = ${division} AND Name = '${name}' ORDER BY Code`,
  )

describe('INSERT', () => {
  test('each row is one call, tells what became of it, stands in later reads, and can be taken back', async () => {
    const answer = await run(
      `INSERT INTO eol.crm.Accounts (Division, Name, City, Email) VALUES
        (${division}, 'Vos & Zn.', 'Delft', NULL), (${division}, 'O''Brien', $1, 'o@example.com')`,
      ['Den Haag'],
    )
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.seen, 2)
    assert.deepEqual(
      answer.body.columns.map(({ name }: { name: string }) => name),
      ['row', 'outcome', 'partition', 'key', 'error'],
    )
    assert.deepEqual(
      answer.body.rows.map(([row, outcome, partition, , error]: unknown[]) => [
        row,
        outcome,
        partition,
        error,
      ]),
      [
        [1, 'inserted', String(division), null],
        [2, 'inserted', String(division), null],
      ],
    )
    const key = answer.body.rows[1][3]
    assert.deepEqual(
      await rows(`SELECT Name, City, Email FROM crm.Accounts WHERE Division = ${division} AND ID = '${key}'`),
      [["O'Brien", 'Den Haag', 'o@example.com']],
    )
    const { write, sql } = await record(answer)
    assert.match(sql, /^INSERT/)
    assert.deepEqual(write.rows[1].new, {
      Division: division,
      Name: "O'Brien",
      City: 'Den Haag',
      Email: 'o@example.com',
    })
    assert.deepEqual([write.rows[1].key, write.rows[1].old, write.revert.length], [key, null, 2])
    await revert(answer)
    assert.deepEqual(
      await rows(`SELECT ID FROM crm.Accounts WHERE Division = ${division} AND ID = '${key}'`),
      [],
    )
  })

  test('RETURNING gives what the platform made of the row, in expressions of its own', async () => {
    const { status, text, body, seen } = await run(
      `INSERT INTO crm.Accounts (Division, Name) VALUES (${division}, 'Numbered') RETURNING Code::INTEGER > 500 AS is_new, upper(Name) AS name, Division`,
    )
    assert.equal(status, 200, text)
    assert.equal(seen, 1)
    assert.deepEqual(body.rows, [[true, 'NUMBERED', division]])
  })

  test('INSERT … SELECT writes a header with its lines, given as a list', async () => {
    const answer = await run(`
      INSERT INTO salesinvoice.SalesInvoices (Division, Journal, OrderedBy, Description, OrderDate, SalesInvoiceLines)
      WITH item AS (SELECT ID FROM logistics.Items WHERE Division = ${division} ORDER BY Code LIMIT 1),
           account AS (SELECT ID FROM financial.GLAccounts WHERE Division = ${division} ORDER BY Code LIMIT 1)
      SELECT ${division}, '70', a.ID, 'By SQL', DATE '2026-03-31', [
        {Item: (SELECT ID FROM item), GLAccount: (SELECT ID FROM account), Quantity: 2, NetPrice: 10.50},
        {Item: (SELECT ID FROM item), GLAccount: (SELECT ID FROM account), Quantity: 1, NetPrice: 4}]
      FROM crm.Accounts a WHERE a.Division = ${division} AND a.Code = '7'`)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.body.rows[0][1], 'inserted', answer.text)
    const key = answer.body.rows[0][3]
    assert.deepEqual(
      await rows(
        `SELECT AmountDC, OrderDate FROM salesinvoice.SalesInvoices WHERE Division = ${division} AND InvoiceID = '${key}'`,
      ),
      [[25, '2026-03-31T00:00:00']],
    )
    assert.deepEqual(
      await rows(
        `SELECT Quantity, AmountDC FROM salesinvoice.SalesInvoiceLines WHERE Division = ${division} AND InvoiceID = '${key}' ORDER BY LineNumber, Quantity DESC`,
      ),
      [
        [2, 21],
        [1, 4],
      ],
    )
  })

  test('row 2 of 3 is refused: row 1 stands, row 3 was not tried, and the answer says so', async () => {
    const answer = await run(
      `INSERT INTO logistics.Items (Division, Code, Description) VALUES
        (${division}, 'SQL-1', 'one'), (${division}, 'sql-1 ', 'again'), (${division}, 'SQL-3', 'three')`,
    )
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.seen, 2)
    assert.deepEqual(
      answer.body.rows.map(([, outcome]: unknown[]) => outcome),
      ['inserted', 'failed', 'not attempted'],
    )
    assert.match(answer.body.rows[1][4], /Gegeven bestaat reeds\./)
    assert.match(answer.body.stats.warnings[0], /row 2 of 3.*1 of 3 rows are done/)
    assert.equal((await record(answer)).write.revert.length, 1)
    const returned = await run(
      `INSERT INTO logistics.Items (Division, Code, Description) VALUES (${division}, 'SQL-1', 'one') RETURNING ID`,
    )
    assert.deepEqual([returned.status, returned.body.code], [400, 'SQL_FAILED'])
    assert.equal(returned.body.outcomes[0].outcome, 'failed')
  })
})

describe('what is wrong is said before any call, with the field', () => {
  const wrong: readonly (readonly [string, string, string | RegExp])[] = [
    [
      `INSERT INTO crm.Accounts (Division, City) VALUES (1, 'x')`,
      'INVALID_REQUEST',
      /needs a value for Name/,
    ],
    [
      `INSERT INTO crm.Accounts (Division, Name) VALUES (DIV, NULL)`,
      'INVALID_REQUEST',
      /value for Name; row 1/,
    ],
    [
      `INSERT INTO crm.Accounts (Name) VALUES ('x')`,
      'INVALID_REQUEST',
      /Row 1 does not say in which Division/,
    ],
    [
      `INSERT INTO crm.Accounts (Division, Name) VALUES (5, 'x')`,
      'INVALID_REQUEST',
      /does not hold the Division/,
    ],
    [
      `INSERT INTO crm.Accounts (Division, Name, Created) VALUES (DIV, 'x', now())`,
      'INVALID_REQUEST',
      /Accounts.Created cannot be set/,
    ],
    [
      `INSERT INTO crm.Accounts (Division, Name, Citty) VALUES (DIV, 'x', 'y')`,
      'SQL_UNKNOWN_COLUMN',
      /no column Citty/,
    ],
    [
      `INSERT INTO crm.Accounts (Division, Name, StartDate) VALUES (DIV, 'x', 'soon')`,
      'INVALID_REQUEST',
      /StartDate in row 1 is no TIMESTAMP/,
    ],
    [
      `INSERT INTO crm.Accounts (Division, Name) VALUES (DIV, 'x', 'y')`,
      'SQL_FAILED',
      /names 2 columns and gives 3 values/,
    ],
    [`INSERT INTO crm.Accounts VALUES (DIV, 'x')`, 'SQL_NOT_ALLOWED', /names its columns/],
    [
      `INSERT INTO salesinvoice.SalesInvoices (Division, Journal, OrderedBy, SalesInvoiceLines) VALUES (DIV, '70', uuid(), [{Quantity: 1}])`,
      'INVALID_REQUEST',
      /SalesInvoiceLines needs a value for (GLAccount|Item) \(row 1, line 1\)/,
    ],
    [
      `INSERT INTO salesinvoice.SalesInvoices (Division, Journal, OrderedBy, SalesInvoiceLines) VALUES (DIV, '70', uuid(), [])`,
      'INVALID_REQUEST',
      /value for SalesInvoiceLines/,
    ],
    [`UPDATE crm.Accounts SET City = 'x'`, 'SQL_NOT_ALLOWED', /needs a WHERE/],
    [`UPDATE crm.Accounts SET Modified = now() WHERE true`, 'INVALID_REQUEST', /Modified cannot be set/],
    [
      `UPDATE crm.Accounts SET City = 'x', City = 'y' WHERE true`,
      'SQL_NOT_ALLOWED',
      /City is given two values/,
    ],
    [
      `UPDATE crm.Accounts a SET City = b.City FROM crm.Accounts b WHERE true`,
      'SQL_NOT_ALLOWED',
      /FROM is not allowed/,
    ],
    [`DELETE FROM bulk_crm.Accounts WHERE true`, 'SQL_NOT_ALLOWED', /no DELETE on bulk_crm.Accounts/],
    [`DELETE FROM crm.Accounts WHERE Citty = 'x'`, 'SQL_UNKNOWN_COLUMN', /Citty/],
    [`DELETE FROM sluis.statements WHERE true`, 'SQL_NOT_ALLOWED', /cannot be written/],
    [
      `MERGE INTO crm.Accounts USING crm.Contacts ON true WHEN MATCHED THEN DELETE`,
      'SQL_NOT_ALLOWED',
      /MERGE/,
    ],
  ]
  for (const [sql, code, text] of wrong) {
    test(sql, async () => {
      const answer = await run(sql.replaceAll('DIV', String(division)))
      assert.deepEqual([answer.status, answer.body.code, answer.seen], [400, code, 0], answer.text)
      assert.match(answer.body.detail, text as RegExp)
    })
  }

  test('a key without query:write is refused, with no call, asynchronously too; it may explain', async () => {
    const before = await lab.apiCalls()
    const sql = `/* quietly */ INSERT INTO crm.Accounts (Division, Name) VALUES (${division}, 'x')`
    for (const headers of [{}, { prefer: 'respond-async' }]) {
      const { status, body } = await lab.call(
        'POST',
        '/databases/books/query',
        { sql },
        { key: readerKey, headers },
      )
      assert.deepEqual([status, body.code], [403, 'FORBIDDEN'])
    }
    const explained = await lab.call('POST', '/databases/books/explain', { sql }, { key: readerKey })
    assert.equal(explained.status, 200, explained.text)
    assert.equal(await lab.apiCalls(), before)
  })
})

describe('UPDATE and DELETE', () => {
  test('only rows and columns that change are sent; the old values are kept and brought back', async () => {
    const before = await rows(
      `SELECT ID, City, SearchCode FROM crm.Accounts WHERE Division = ${division} AND Code IN ('11', '12', '13') ORDER BY Code`,
    )
    await run(`UPDATE crm.Accounts SET City = 'Ede' WHERE Division = ${division} AND Code = '12'`)
    const answer = await run(
      `UPDATE crm.Accounts AS a SET City = 'E' || 'de', Code = a.Code WHERE a.Division = ${division} AND a.Code IN ('11', '12', '13')`,
    )
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.body.rows.map(([, outcome]: unknown[]) => outcome).sort(), [
      'unchanged',
      'updated',
      'updated',
    ])
    // One read, two writes.
    assert.equal(answer.seen, 3)
    const { write } = await record(answer)
    const [first] = write.rows.filter(({ key }: { key: string }) => key === before[0]?.[0])
    assert.deepEqual([first.old.City, first.new.City], [before[0]?.[1], 'Ede'])
    await revert(answer)
    const after = await rows(
      `SELECT ID, City, SearchCode FROM crm.Accounts WHERE Division = ${division} AND Code IN ('11', '13') ORDER BY Code`,
    )
    assert.deepEqual(after, [before[0], before[2]])
  })

  test('new values may come from subqueries; RETURNING shows the row as it stands', async () => {
    const { status, body, text } = await run(
      `UPDATE crm.Accounts SET City = (SELECT max(b.City) FROM crm.Accounts b WHERE b.Division = ${division} AND b.Code IN ('21', '22')), SearchCode = NULL
       WHERE Division = ${division} AND Code = '20' RETURNING Code, City, SearchCode IS NULL`,
    )
    assert.equal(status, 200, text)
    const [[most]] = (await rows(
      `SELECT max(City) FROM crm.Accounts WHERE Division = ${division} AND Code IN ('21', '22')`,
    )) as [[string]]
    assert.deepEqual(body.rows, [['20', most, true]])
  })

  test('a deleted row is gone, and its INSERT brings all back that can be set, lines included', async () => {
    const where = `Division = ${division} AND InvoiceNumber = 20000005`
    const columns = 'OrderedBy, Journal, Description, AmountDC, len(SalesInvoiceLines)'
    const before = await rows(`SELECT ${columns} FROM salesinvoice.SalesInvoices WHERE ${where}`)
    const answer = await run(`DELETE FROM salesinvoice.SalesInvoices WHERE ${where}`)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.body.rows[0][1], 'deleted', answer.text)
    assert.equal(answer.seen, 2)
    assert.deepEqual(await rows(`SELECT 1 FROM salesinvoice.SalesInvoices WHERE ${where}`), [])
    const { write } = await record(answer)
    const back = await run(`${write.revert[0]} RETURNING InvoiceID`)
    assert.equal(back.status, 200, `${back.text}\n${write.revert[0]}`)
    assert.deepEqual(
      await rows(
        `SELECT ${columns} FROM salesinvoice.SalesInvoices WHERE Division = ${division} AND InvoiceID = '${back.body.rows[0][0]}'`,
      ),
      before,
    )
  })

  test('no row meets the condition: nothing is sent and nothing fails', async () => {
    const { status, body, seen } = await run(
      `DELETE FROM crm.Accounts WHERE Division = ${division} AND Code = '999999'`,
    )
    assert.deepEqual([status, body.rows, seen], [200, [], 1])
  })
})

describe('an answer that is lost', () => {
  test('an INSERT without a natural key is not repeated: WRITE_OUTCOME_UNKNOWN names the row', async () => {
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 0, method: 'POST', times: 1 })
    await lose('drop-response', 'POST')
    const answer = await run(
      `INSERT INTO crm.Accounts (Division, Name) VALUES (${division}, 'Lost 1'), (${division}, 'Lost 2'), (${division}, 'Lost 3')`,
    )
    assert.deepEqual(
      [answer.status, answer.body.code, answer.body.row],
      [409, 'WRITE_OUTCOME_UNKNOWN', 2],
      answer.text,
    )
    assert.deepEqual(
      answer.body.outcomes.map(({ outcome }: { outcome: string }) => outcome),
      ['inserted', 'unknown', 'not attempted'],
    )
    assert.equal(answer.seen, 2)
    const { statements } = (await lab.call('GET', '/databases/books/statements')).body
    const last = statements.find(({ sql }: { sql: string }) => sql.includes('Lost 1'))
    assert.deepEqual(
      [last.state, last.write.rows[1].outcome, last.write.revert.length],
      ['failed', 'unknown', 1],
    )
    assert.equal((await named('Lost 2')).length, 1)
    assert.equal((await named('Lost 3')).length, 0)
  })

  test('an INSERT with its code is looked for, found, and not repeated', async () => {
    await lose('drop-response', 'POST')
    const answer = await run(
      `INSERT INTO crm.Accounts (Division, Name, Code) VALUES (${division}, 'Found', '880001') RETURNING Name, City, Code`,
    )
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.body.rows, [['Found', null, '880001']])
    // The write and the look.
    assert.equal(answer.seen, 2)
    assert.equal((await named('Found')).length, 1)
  })

  test('an INSERT with its code that never arrived is looked for and then sent again', async () => {
    await lose('reset', 'POST')
    const answer = await run(
      `INSERT INTO crm.Accounts (Division, Name, Code) VALUES (${division}, 'Again', '880002')`,
    )
    assert.equal(answer.body.rows?.[0][1], 'inserted', answer.text)
    assert.equal(answer.seen, 3)
    assert.equal((await named('Again')).length, 1)
  })

  test('a row of somebody else with that code is not taken for ours', async () => {
    await lose('drop-response', 'POST')
    const answer = await run(
      `INSERT INTO crm.Accounts (Division, Name, Code) VALUES (${division}, 'Not ours', '3')`,
    )
    assert.deepEqual([answer.status, answer.body.code], [409, 'WRITE_OUTCOME_UNKNOWN'], answer.text)
  })

  test('an UPDATE and a DELETE are looked for by their key', async () => {
    await lose('drop-response', 'PUT')
    const updated = await run(
      `UPDATE crm.Accounts SET City = 'Urk' WHERE Division = ${division} AND Code = '31'`,
    )
    assert.equal(updated.body.rows?.[0][1], 'updated', updated.text)
    assert.equal(updated.seen, 3)
    await lose('reset', 'PUT')
    const again = await run(
      `UPDATE crm.Accounts SET City = 'Elst' WHERE Division = ${division} AND Code = '31'`,
    )
    assert.equal(again.body.rows?.[0][1], 'updated', again.text)
    assert.equal(again.seen, 4)
    await lose('drop-response', 'DELETE')
    const deleted = await run(`DELETE FROM crm.Accounts WHERE Division = ${division} AND Code = '31'`)
    assert.equal(deleted.body.rows?.[0][1], 'deleted', deleted.text)
    assert.deepEqual(
      await rows(`SELECT 1 FROM crm.Accounts WHERE Division = ${division} AND Code = '31'`),
      [],
    )
  })
})

describe('a write that is stopped', () => {
  test('within a row: the row is unknown, those before it are told, those after it not sent', async () => {
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 0, method: 'POST', times: 1 })
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 20_000, method: 'POST', times: 1 })
    const { status, body, text } = await lab.call('POST', '/databases/books/query', {
      sql: `INSERT INTO crm.Accounts (Division, Name) VALUES (${division}, 'Stop 1'), (${division}, 'Stop 2'), (${division}, 'Stop 3')`,
      timeoutMs: 2500,
    })
    assert.deepEqual([status, body.code, body.row], [409, 'WRITE_OUTCOME_UNKNOWN', 2], text)
    assert.deepEqual(
      body.outcomes.map(({ outcome }: { outcome: string }) => outcome),
      ['inserted', 'unknown', 'not attempted'],
    )
    assert.equal((await named('Stop 3')).length, 0)
  })

  test('the calls of the day run out: the error says which rows are done', async () => {
    // Three calls are left when it begins; another program of the same client takes two while it runs.
    await lab.control('faults', { at: 'api', kind: 'delay', delayMs: 1000, method: 'POST', times: 3 })
    const before = await lab.apiCalls()
    const running = lab.call('POST', '/databases/books/query', {
      sql: `INSERT INTO crm.Accounts (Division, Name) VALUES (${division}, 'Day 1'), (${division}, 'Day 2'), (${division}, 'Day 3')`,
    })
    for (let look = 0; look < 3000 && (await lab.apiCalls()) === before; look++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    await lab.store.pool.query('UPDATE call_budget SET day_used = day_limit WHERE key = $1', [
      String(division),
    ])
    try {
      const { status, body, text } = await running
      assert.deepEqual([status, body.code], [429, 'PLATFORM_BUDGET_EXHAUSTED'], text)
      assert.deepEqual(
        body.outcomes.map(({ outcome }: { outcome: string }) => outcome),
        ['inserted', 'failed', 'not attempted'],
      )
      assert.match(body.detail, /1 of 3 rows are done/)
    } finally {
      await lab.store.pool.query('UPDATE call_budget SET day_used = 0')
    }
    assert.equal((await named('Day 1')).length, 1)
    assert.equal((await named('Day 2')).length, 0)
  })
})

describe('explain', () => {
  const explain = async (sql: string) => {
    const before = await lab.apiCalls()
    const { status, body, text } = await lab.call('POST', '/databases/books/explain', { sql })
    assert.equal(status, 200, text)
    assert.equal(await lab.apiCalls(), before)
    return body
  }

  test('shows the very requests of an INSERT, and makes none', async () => {
    const { write, calls } = await explain(
      `INSERT INTO crm.Accounts (Division, Name) VALUES (${division}, 'A'), (${division}, 'B')`,
    )
    assert.deepEqual(write.requests, [
      `POST /api/v1/${division}/crm/Accounts {"Name":"A"}`,
      `POST /api/v1/${division}/crm/Accounts {"Name":"B"}`,
    ])
    assert.deepEqual([write.rows, calls.expected], [2, 2])
  })

  test('ends where the rows of an INSERT take too long to evaluate', async () => {
    const sql = `INSERT INTO crm.Accounts (Division, Name) SELECT 1, max(a.range * b.range)::VARCHAR FROM range(10000000) a, range(10000000) b`
    const { status, body } = await lab.call('POST', '/databases/books/explain', { sql, timeoutMs: 1500 })
    assert.deepEqual([status, body.code], [408, 'QUERY_TIMEOUT'])
  })

  test('shows the read of an UPDATE and the form of its writes', async () => {
    const { write, scans } = await explain(
      `UPDATE crm.Accounts SET City = 'x' WHERE Division = ${division} AND Code = '1'`,
    )
    assert.equal(scans.length, 1)
    assert.deepEqual(write.requests, ['PUT crm/Accounts(…) {"City": …}'])
  })
})
