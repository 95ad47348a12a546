import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSluisError } from '@sluis/shared'
import fc from 'fast-check'
import type { ChosenRead, Judgement, ReadOffer } from '../catalog/connector.ts'
import type { Predicate } from '../catalog/predicate.ts'
import type { Scan } from '../catalog/scan.ts'
import type { Partition, PlatformTable } from '../catalog/table.ts'
import { type RememberedRead, requestKey } from '../databases/read-memory.ts'
import { chooseRead } from './choose-read.ts'
import { mostUsefulKeys, orderScans, shouldTransferKeys } from './order-scans.ts'
import { prunePartitions } from './prune-partitions.ts'

const table: PlatformTable = {
  schema: 'crm',
  name: 'Accounts',
  columns: [
    { name: 'ID', type: 'UUID', isNullable: false, isKey: true },
    { name: 'Status', type: 'VARCHAR', isNullable: true, isKey: false },
    { name: 'Division', type: 'INTEGER', isNullable: false, isKey: false },
  ],
  partitionColumn: 'Division',
  isPartitionFromUrl: true,
}
const status: Predicate = {
  kind: 'compare',
  column: 'Status',
  op: '=',
  value: { type: 'VARCHAR', value: 'C' },
}

function scan(change: Partial<Scan> = {}): Scan {
  return {
    id: 0,
    source: 'eol',
    table,
    columns: ['ID'],
    where: [],
    limit: null,
    orderBy: [],
    isCountOnly: false,
    keysFrom: [],
    ...change,
  }
}

function offer(change: Partial<ReadOffer> & { batches?: number } = {}): ReadOffer {
  const { batches = 1, ...rest } = change
  return {
    endpoint: 'crm/Accounts',
    judgements: [],
    filter: '',
    columns: ['ID'],
    pageRows: 60,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
    requests: (partition) =>
      Array.from({ length: batches }, () => ({
        method: 'GET',
        url: `https://x/${partition?.id}`,
        headers: {},
      })),
    ...rest,
  }
}

function divisions(...ids: readonly number[]): Partition[] {
  return ids.map((id) => ({ id: String(id), name: `Company ${id}`, isReadable: true }))
}

function division(op: '=' | '<>' | '<' | '>=', value: number): Predicate {
  return { kind: 'compare', column: 'Division', op, value: { type: 'INTEGER', value } }
}

function memory(entries: Readonly<Record<string, RememberedRead>>) {
  return (endpoint: string, partition: string, request: string) =>
    entries[`${endpoint} ${partition} ${request}`] ?? null
}

const nothing = memory({})
const bulk = (change: Partial<ReadOffer> = {}) =>
  offer({ endpoint: 'bulk/CRM/Accounts', pageRows: 1000, ...change })

test('a table of unknown or great size is read in the largest pages', () => {
  const context = { partitions: divisions(1), lookUp: nothing }
  assert.equal(chooseRead(scan(), [offer(), bulk()], context).offer.endpoint, 'bulk/CRM/Accounts')
  const lookUp = memory({ 'crm/Accounts 1 ': { rows: 2500, calls: 42 } })
  const chosen = chooseRead(scan(), [offer(), bulk()], { partitions: divisions(1), lookUp })
  assert.deepEqual(chosen.calls, { min: 1, expected: 3, max: null })
  assert.match(chosen.reason, /3 calls expected, where crm\/Accounts takes 42/)
})

test('at equal calls the read that filters at the source wins', () => {
  const filtered = offer({ judgements: ['superset'], filter: "Status eq 'C'" })
  const whole = bulk({ judgements: ['no'] })
  const chosen = chooseRead(scan({ where: [status] }), [whole, filtered], {
    partitions: divisions(1),
    lookUp: nothing,
  })
  assert.equal(chosen.offer, filtered)
  assert.match(chosen.reason, /filters at the source/)
})

test('fewer calls win over filtering at the source', () => {
  const lookUp = memory({ 'crm/Accounts 1 ': { rows: 9000, calls: 150 } })
  const filtered = offer({ judgements: ['superset'], filter: "Status eq 'C'" })
  const whole = bulk({ judgements: ['no'] })
  const chosen = chooseRead(scan({ where: [status] }), [whole, filtered], {
    partitions: divisions(1),
    lookUp,
  })
  assert.equal(chosen.offer, whole)
  assert.equal(chosen.calls.expected, 9)
})

test('what a read cost last time is what it is expected to cost', () => {
  const filtered = offer({ judgements: ['superset'], filter: "Status eq 'C'" })
  const key = requestKey(filtered, null, '')
  const lookUp = memory({
    [`crm/Accounts 1 ${key}`]: { rows: 130, calls: 3 },
    [`crm/Accounts 2 ${key}`]: { rows: 0, calls: 1 },
  })
  const chosen = chooseRead(scan({ where: [status] }), [filtered], { partitions: divisions(1, 2), lookUp })
  assert.deepEqual(chosen.calls, { min: 2, expected: 4, max: null })
})

test('a count, a key and a limit within a page fix the calls', () => {
  const context = { partitions: divisions(1, 2, 3), lookUp: nothing }
  const count = chooseRead(scan({ isCountOnly: true }), [bulk(), offer({ isCount: true })], context)
  assert.deepEqual(count.calls, { min: 3, expected: 3, max: 3 })
  const byKey = chooseRead(scan(), [offer({ maxRows: 1, filter: 'ID eq guid' })], context)
  assert.deepEqual(byKey.calls, { min: 3, expected: 3, max: 3 })
  const one = { partitions: divisions(1), lookUp: nothing }
  const limited = chooseRead(scan({ limit: 10 }), [offer({ isLimitPushed: true })], one)
  assert.deepEqual(limited.calls, { min: 1, expected: 1, max: 1 })
  const top = scan({ limit: 10, orderBy: [{ column: 'ID', isDescending: false, areNullsFirst: false }] })
  assert.deepEqual(chooseRead(top, [offer({ isLimitPushed: true })], context).calls, {
    min: 3,
    expected: 3,
    max: 3,
  })
})

test('a limit bounds the calls only where the filter is exact', () => {
  const context = { partitions: divisions(1, 2), lookUp: nothing }
  const limited = scan({ limit: 100, where: [status] })
  const exact = chooseRead(limited, [offer({ judgements: ['exact'], filter: 'x' })], context)
  assert.deepEqual([exact.calls.min, exact.calls.max], [1, 3])
  const superset = chooseRead(limited, [offer({ judgements: ['superset'], filter: 'x' })], context)
  assert.equal(superset.calls.max, null)
})

test('a limit of nothing and pruned partitions cost no call', () => {
  const context = { partitions: divisions(1, 2), lookUp: nothing }
  assert.deepEqual(chooseRead(scan({ limit: 0 }), [offer()], context).calls, { min: 0, expected: 0, max: 0 })
  const none = chooseRead(scan({ where: [division('=', 9)] }), [offer({ judgements: ['exact'] })], context)
  assert.deepEqual([none.partitions, none.calls], [[], { min: 0, expected: 0, max: 0 }])
})

test('a table that the platform cannot answer at all is a clear refusal', () => {
  assert.throws(
    () => chooseRead(scan(), [], { partitions: null, lookUp: nothing }),
    (error) => isSluisError(error, 'SQL_NOT_ALLOWED'),
  )
})

test('conditions on the partition column choose the partitions', () => {
  const all = divisions(1, 2, 3, 4)
  const idsFor = (...where: readonly Predicate[]) =>
    prunePartitions(table, where, all).partitions?.map(({ id }) => Number(id))
  assert.deepEqual(idsFor(division('=', 2)), [2])
  assert.deepEqual(idsFor(division('>=', 2), division('<>', 3)), [2, 4])
  assert.deepEqual(
    idsFor({ kind: 'in', column: 'Division', values: [1, 4].map((value) => ({ type: 'INTEGER', value })) }),
    [1, 4],
  )
  assert.deepEqual(
    idsFor({ kind: 'or', terms: [division('=', 1), { kind: 'and', terms: [division('=', 2), status] }] }),
    [1, 2],
  )
  assert.deepEqual(idsFor({ kind: 'or', terms: [division('=', 1), status] }), [1, 2, 3, 4])
  assert.deepEqual(
    idsFor({
      kind: 'not',
      term: { kind: 'in', column: 'Division', values: [{ type: 'INTEGER', value: 1 }] },
    }),
    [2, 3, 4],
  )
  assert.deepEqual(idsFor({ kind: 'is-null', column: 'Division' }), [])
  assert.deepEqual(idsFor({ kind: 'opaque', text: 'Division % 2 = 0' }), [1, 2, 3, 4])
})

test('terms that the choice settles need no sending, others stay', () => {
  const mixed: Predicate = { kind: 'or', terms: [division('=', 1), status] }
  assert.deepEqual(prunePartitions(table, [division('=', 1), status, mixed], divisions(1, 2)).rest, [
    status,
    mixed,
  ])
  assert.deepEqual(prunePartitions({ ...table, partitionColumn: null }, [division('=', 1)], null).rest, [
    division('=', 1),
  ])
})

test('no partition is left out that a row could pass', () => {
  const leaf = fc.oneof(
    fc
      .record({ op: fc.constantFrom('=', '<>', '<', '>='), value: fc.integer({ min: 0, max: 5 }) })
      .map(({ op, value }): Predicate => division(op as '=', value)),
    fc.constant(status),
    fc.constant<Predicate>({ kind: 'opaque', text: '?' }),
  )
  const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => ({
    predicate: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc
        .array(tie('predicate'), { minLength: 1, maxLength: 3 })
        .map((terms): Predicate => ({ kind: 'and', terms })),
      fc
        .array(tie('predicate'), { minLength: 1, maxLength: 3 })
        .map((terms): Predicate => ({ kind: 'or', terms })),
      tie('predicate').map((term): Predicate => ({ kind: 'not', term })),
    ),
  }))
  // Two-valued truth for one row; 'opaque' and the status are drawn freely.
  const holds = (term: Predicate, id: number, free: boolean): boolean => {
    if (term.kind === 'and') return term.terms.every((inner) => holds(inner, id, free))
    if (term.kind === 'or') return term.terms.some((inner) => holds(inner, id, free))
    if (term.kind === 'not') return !holds(term.term, id, free)
    if (term.kind !== 'compare' || term.column !== 'Division') return free
    const value = Number(term.value.value)
    return {
      '=': id === value,
      '<>': id !== value,
      '<': id < value,
      '>=': id >= value,
      '<=': false,
      '>': false,
    }[term.op]
  }
  fc.assert(
    fc.property(predicate, fc.boolean(), (term, free) => {
      const kept =
        prunePartitions(table, [term], divisions(0, 1, 2, 3, 4, 5)).partitions?.map(({ id }) => Number(id)) ??
        []
      return [0, 1, 2, 3, 4, 5].every((id) => kept.includes(id) || !holds(term, id, free))
    }),
  )
})

function read(
  id: number,
  expected: number,
  change: Partial<Scan> = {},
  max: number | null = null,
): ChosenRead {
  const judgements: Judgement[] = []
  return {
    scan: scan({ id, ...change }),
    offer: offer({ judgements }),
    partitions: divisions(1),
    calls: { min: 1, expected, max },
    places: [],
    reason: '',
  }
}

test('scans are fetched cheapest first, keys only flow onwards', () => {
  const a = read(0, 40, { keysFrom: [{ column: 'ID', fromScan: 1, fromColumn: 'InvoiceTo' }] })
  const b = read(1, 2, { keysFrom: [{ column: 'InvoiceTo', fromScan: 0, fromColumn: 'ID' }] })
  assert.deepEqual(orderScans([a, b]), [
    { scanId: 1, keysFrom: [] },
    { scanId: 0, keysFrom: a.scan.keysFrom },
  ])
})

test('a scan that keys cannot make cheaper waits for nothing', () => {
  const a = read(0, 1, {}, 1)
  const b = read(1, 1, { keysFrom: [{ column: 'ID', fromScan: 0, fromColumn: 'ID' }] }, 1)
  assert.deepEqual(orderScans([a, b])[1], { scanId: 1, keysFrom: [] })
})

test('who alone can give keys is read first, also where it costs more', () => {
  const giver = read(0, 40)
  const taker = read(1, 2, { keysFrom: [{ column: 'GLAccount', fromScan: 0, fromColumn: 'GLAccount' }] })
  assert.deepEqual(orderScans([giver, taker]), [
    { scanId: 0, keysFrom: [] },
    { scanId: 1, keysFrom: taker.scan.keysFrom },
  ])
  // It does not wait where keys cannot make it cheaper.
  assert.deepEqual(orderScans([giver, { ...taker, calls: { min: 1, expected: 1, max: 1 } }])[0], {
    scanId: 1,
    keysFrom: [],
  })
})

test('keys within a partition are waited for where they may leave partitions out', () => {
  const giver = read(0, 1, {}, 1)
  const within = { column: 'ID', fromScan: 0, fromColumn: 'ID', isWithinPartition: true } as const
  const taker = { ...read(1, 2, { keysFrom: [within] }, 2), partitions: divisions(1, 2) }
  assert.deepEqual(orderScans([giver, taker])[1], { scanId: 1, keysFrom: [within] })
  const anywhere = { column: 'ID', fromScan: 0, fromColumn: 'ID' }
  const other = { ...taker, scan: { ...taker.scan, keysFrom: [anywhere] } }
  assert.deepEqual(orderScans([giver, other])[1], { scanId: 1, keysFrom: [] })
})

test('keys are sent when that takes no more calls', () => {
  const full = { min: 1, expected: 10, max: null }
  assert.equal(shouldTransferKeys(full, { min: 2, expected: 2, max: 2 }), true)
  assert.equal(shouldTransferKeys(full, { min: 12, expected: 12, max: 12 }), false)
  assert.equal(shouldTransferKeys(full, { min: 1, expected: 15, max: null }), false)
  assert.equal(mostUsefulKeys(full), 2500)
})

test('keys beyond a page go in one request where partitions share them, with what a full page would cost as the most', () => {
  const request = (at: number) =>
    ({ method: 'GET', url: `https://platform.example/${at}`, headers: {} }) as const
  const narrow = (keys: number) =>
    offer({ filter: 'narrow', maxRows: keys, judgements: ['exact'], batches: Math.ceil(keys / 60) })
  const wide = (keys: number) =>
    offer({
      filter: 'wide',
      maxRows: keys,
      judgements: ['exact'],
      ifFull: () => [Array.from({ length: Math.ceil(keys / 60) }, (_, at) => request(at))],
    })
  const where: Predicate[] = [
    { kind: 'in', column: 'ID', values: Array.from({ length: 100 }, () => ({ type: 'UUID', value: 'x' })) },
  ]
  const places: Partition[] = ['1', '2'].map((id) => ({ id, name: id, isReadable: true }))
  const choose = (keys: number, partitions: readonly Partition[]) =>
    chooseRead(scan({ where }), [narrow(keys), wide(keys)], { partitions, lookUp: () => null })
  const shared = choose(100, places)
  assert.equal(shared.offer.filter, 'wide')
  assert.deepEqual(shared.calls, { min: 2, expected: 2, max: 6 })
  assert.equal(choose(100, places.slice(0, 1)).offer.filter, 'narrow', 'one partition has them all')
  assert.equal(choose(118, places).offer.filter, 'narrow', 'a page each would be all but full')
})

test('a read with keys that came costs no more than one without them is guessed to', () => {
  const keyed = offer({ filter: 'keys', judgements: ['exact'], pageRows: 1000 })
  const full = offer({ filter: '', pageRows: 1000 })
  const byKeys = scan({
    where: [{ kind: 'in', column: 'Status', values: [{ type: 'VARCHAR', value: 'C' }] }],
  })
  // Its second page came last time; nobody has read the whole table.
  const lookUp = (_endpoint: string, _partition: string, request: string): RememberedRead | null =>
    request === requestKey(keyed, null, '') ? { rows: 1200, calls: 2 } : null
  const read = chooseRead(byKeys, [keyed], { partitions: divisions(1), lookUp })
  assert.deepEqual([read.isKnown, read.places[0]?.rows], [true, 1200])
  const guess = chooseRead(scan(), [full], { partitions: divisions(1), lookUp })
  assert.equal(shouldTransferKeys(guess.calls, read.calls), false, 'a guess of one page')
  const least = chooseRead(scan(), [full], { partitions: divisions(1), lookUp, leastRows: () => 1200 })
  assert.equal(least.calls.expected, 2)
  assert.equal(shouldTransferKeys(least.calls, read.calls), true)
})
