export interface DataOptions {
  seed: number
  offices: number
  scale: number
  vatNumbers: readonly string[]
}

export type DimensionType = 'BAS' | 'PNL' | 'DEB' | 'CRD' | 'KPL' | 'PRJ' | 'AST' | 'ACT'

export interface Dimension {
  readonly type: DimensionType
  readonly code: string
  readonly name: string
  readonly vatNumber: string
  readonly city: string
  readonly modified: string
  readonly iban?: string
  /** Of those that were written. */
  readonly shortName?: string
  readonly website?: string
  readonly cocNumber?: string
  readonly dueDays?: string
  readonly address?: Readonly<Record<string, string>>
}

export interface Line {
  readonly id: number
  readonly type: 'total' | 'detail' | 'vat'
  readonly dim1: string
  readonly dim2: string
  /** Signed, debit above zero, in cents. */
  readonly cents: number
  readonly vatCode: string
  readonly description: string
  readonly matchStatus: 'available' | 'matched' | 'notmatchable'
  readonly openCents: number
}

export interface Transaction {
  readonly code: string
  readonly number: number
  readonly period: string
  readonly date: string
  readonly status: 'draft' | 'temporary' | 'final'
  readonly invoice: string
  readonly modified: string
  readonly lines: readonly Line[]
}

/** A sales invoice that was written. */
export interface Invoice {
  readonly type: string
  readonly number: number
  readonly customer: string
  readonly date: string
  readonly due: string
  readonly period: string
  readonly currency: string
  readonly status: 'concept' | 'final'
  readonly lines: readonly {
    readonly article: string
    readonly quantity: string
    readonly price: string
    readonly vatCode: string
  }[]
}

/** A bank statement; one that is not posted has no transaction. */
export interface BankStatement {
  readonly code: string
  readonly number: number
  readonly iban: string
  readonly date: string
  readonly openingCents: number
  readonly closingCents: number
  readonly transaction: number | null
}

export interface Office {
  readonly code: string
  readonly name: string
  readonly dimensions: Dimension[]
  readonly transactions: Transaction[]
  readonly invoices: Invoice[]
  readonly statements: BankStatement[]
  /** Of all types; they can be restored. */
  readonly deletedDimensions: Dimension[]
  /** Gone from all reads; only the service of deleted transactions tells of them. */
  readonly deleted: Transaction[]
}

export const vatCodes = [
  { code: 'VH', name: 'BTW hoog', percent: 21 },
  { code: 'VL', name: 'BTW laag', percent: 9 },
  { code: 'VN', name: 'BTW nul', percent: 0 },
  { code: 'IH', name: 'Voorbelasting hoog', percent: 21 },
] as const

export const currencies = [
  { code: 'EUR', name: 'Euro' },
  { code: 'USD', name: 'US-dollar' },
] as const

export const invoiceTypes: readonly string[] = ['FACTUUR', 'CREDIT']

/** Names with what programs trip over: accents, quotes, entities, blanks within. */
const articleName = (at: number) =>
  `${['Stoel', 'Tafel “groot”', "Kast d'Art", 'Lamp <& zo>', 'Bank éénzits'][at % 5]} ${at + 1}`
export const articles = Array.from({ length: 60 }, (_, at) => ({
  code: `A${String(at + 1).padStart(3, '0')}`,
  name: articleName(at),
}))

export const daybooks = [
  { code: 'VRK', name: 'Verkoop' },
  { code: 'INK', name: 'Inkoop' },
  { code: 'BNK', name: 'Bank' },
] as const

const names = [
  'Klant',
  'Café ’t Hoekje',
  'Müller & Zonen',
  "O'Brien Trading",
  'Kaas <& Co>',
  'Regel 1\r\nRegel 2',
]
const cities = ['Amsterdam', "'s-Hertogenbosch", 'Gent', 'Köln']
const ledger: readonly (readonly [DimensionType, string, string])[] = [
  ['BAS', '0010', 'Oprichtingskosten'],
  ['BAS', '1100', 'Bank'],
  ['BAS', '1300', 'Debiteuren'],
  ['BAS', '1520', 'Voorbelasting'],
  ['BAS', '1530', 'Af te dragen btw'],
  ['BAS', '1600', 'Crediteuren'],
  ['PNL', '4000', 'Kosten'],
  ['PNL', '8000', 'Omzet hoog'],
  ['PNL', '8020', 'Omzet laag'],
  ['KPL', '001', 'Kantoor'],
  ['KPL', '002', 'Magazijn'],
  ['PRJ', 'P01', 'Project Noord'],
]

/** Books that the same options always give: every transaction is in balance, every code that is used exists. */
export function makeOffices(options: DataOptions): readonly Office[] {
  const codes = ['001', '010', ...Array.from({ length: 98 }, (_, at) => String(at + 100))]
  return codes.slice(0, options.offices).map((code) => makeOffice(code, options))
}

function makeOffice(code: string, { seed, scale, vatNumbers }: DataOptions): Office {
  const random = streamOf(`${seed} ${code}`)
  const relations = Math.max(2, Math.round(8 * scale))
  const relation = (type: 'DEB' | 'CRD', at: number): Dimension => ({
    type,
    code: at === 0 ? (type === 'DEB' ? '0010' : '0020') : String((type === 'DEB' ? 1000 : 2000) + at),
    name: `${names[at % names.length]} ${at}`,
    vatNumber:
      (type === 'DEB' ? vatNumbers[at] : undefined) ?? `NL${100_000_000 + (random() % 900_000_000)}B01`,
    city: cities[at % cities.length] ?? '',
    modified: `202601${String((at % 28) + 1).padStart(2, '0')}101500`,
    iban: `NL20TEST${String((type === 'DEB' ? 1_000_000 : 2_000_000) + at).padStart(10, '0')}`,
  })
  const many = (type: 'DEB' | 'CRD') => Array.from({ length: relations }, (_, at) => relation(type, at))
  const [customers, suppliers] = [many('DEB'), many('CRD')]
  const dimensions = [
    ...ledger.map(
      ([type, dimension, name]): Dimension => ({
        type,
        code: dimension,
        name,
        vatNumber: '',
        city: '',
        modified: '20260101080000',
      }),
    ),
    ...customers,
    ...suppliers,
  ]
  const transactions: Transaction[] = []
  const perPeriod = Math.max(3, Math.round(10 * scale))
  const counters = new Map<string, number>()
  const add = (
    book: string,
    month: number,
    status: Transaction['status'],
    invoice: string,
    lines: Draft[],
  ) => {
    const serial = (counters.get(book) ?? 0) + 1
    counters.set(book, serial)
    const day = String((random() % 28) + 1).padStart(2, '0')
    const date = `2026${String(month).padStart(2, '0')}${day}`
    transactions.push({
      code: book,
      number: 202_600_000 + serial,
      period: `2026/${String(month).padStart(2, '0')}`,
      date,
      status,
      invoice,
      modified: `${date}${String(8 + (random() % 10)).padStart(2, '0')}3000`,
      lines: lines.map((line, at) => ({
        ...{ dim2: '', vatCode: '', description: '', matchStatus: 'notmatchable' as const, openCents: 0 },
        ...line,
        id: at + 1,
      })),
    })
  }
  for (const month of [1, 2, 3]) {
    for (let at = 0; at < perPeriod; at++) {
      const status = month < 3 ? 'final' : at === 0 ? 'draft' : at % 2 === 0 ? 'temporary' : 'final'
      const isPaid = at % 3 === 0 && status === 'final'
      const open = (cents: number) => (isPaid ? 0 : cents)
      const matchStatus = isPaid ? 'matched' : 'available'
      const net = 1000 + (random() % 500_000)
      const vat = vatCodes[at % 2] ?? vatCodes[0]
      const tax = Math.round((net * vat.percent) / 100)
      const customer = customers[random() % customers.length]?.code ?? ''
      const invoice = `2026-${month}-${at + 1}`
      add('VRK', month, status, invoice, [
        {
          type: 'total',
          dim1: '1300',
          dim2: customer,
          cents: net + tax,
          matchStatus,
          openCents: open(net + tax),
        },
        {
          type: 'detail',
          dim1: at % 2 === 0 ? '8000' : '8020',
          dim2: '001',
          cents: -net,
          vatCode: vat.code,
          description: 'Levering & montage',
        },
        { type: 'vat', dim1: '1530', cents: -tax, vatCode: vat.code },
      ])
      if (isPaid) {
        add('BNK', month, 'final', '', [
          { type: 'total', dim1: '1100', cents: net + tax },
          {
            type: 'detail',
            dim1: '1300',
            dim2: customer,
            cents: -net - tax,
            matchStatus: 'matched',
            description: invoice,
          },
        ])
      }
      if (at % 2 === 0) {
        const cost = 500 + (random() % 90_000)
        const input = Math.round(cost * 0.21)
        const supplier = suppliers[random() % suppliers.length]?.code ?? ''
        add('INK', month, status === 'draft' ? 'temporary' : status, `F${month}${at}`, [
          {
            type: 'total',
            dim1: '1600',
            dim2: supplier,
            cents: -cost - input,
            matchStatus: 'available',
            openCents: -cost - input,
          },
          { type: 'detail', dim1: '4000', dim2: '002', cents: cost, vatCode: 'IH' },
          { type: 'vat', dim1: '1520', cents: input, vatCode: 'IH' },
        ])
      }
    }
  }
  return {
    code,
    name: `Demo & Zonen ${code}`,
    dimensions,
    transactions,
    invoices: [],
    statements: makeStatements(code, transactions),
    deletedDimensions: [],
    deleted: [],
  }
}

/** A statement for each booking of the bank, posted, and a last one that is not. */
function makeStatements(office: string, transactions: readonly Transaction[]): BankStatement[] {
  const iban = `NL91TEST${office.padStart(10, '0')}`
  let [number, balance] = [0, 0]
  const next = (cents: number, date: string, transaction: number | null): BankStatement => {
    const openingCents = balance
    balance += cents
    number += 1
    return { code: 'BNK', number, iban, date, openingCents, closingCents: balance, transaction }
  }
  const posted = transactions
    .filter(({ code }) => code === 'BNK')
    .sort((a, b) => Number(a.date) - Number(b.date) || a.number - b.number)
    .map((one) => next(one.lines[0]?.cents ?? 0, one.date, one.number))
  return [...posted, next(-12_345, '20260331', null)]
}

type Draft = Pick<Line, 'type' | 'dim1' | 'cents'> & Partial<Line>

/** A stream of whole numbers that its name decides (mulberry32). */
function streamOf(name: string): () => number {
  let state = 0x811c9dc5
  for (const char of name) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
