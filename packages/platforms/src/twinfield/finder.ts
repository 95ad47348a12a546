import type {
  FunctionArgument,
  FunctionParameter,
  Judgement,
  PageRows,
  PlatformTable,
  Predicate,
  ReadOffer,
  ReadWish,
} from '@sluis/engine'
import { type OutgoingRequest, SluisError } from '@sluis/shared'
import { SaxesParser } from 'saxes'
import { column, divided, office } from './columns.ts'
import { escapeXml, soapRequest } from './soap.ts'
import { unfit } from './wire-values.ts'

/**
 * Finder types as tables, by the platform's own three letters: code and name. DIM is a function, for its options; OFF is
 * left out, which stands as the partitions. @see https://developers.twinfield.com/documentation, finder types (read November 2026)
 */
const types =
  'ART ASM BDS BNK BSN CDA CER CQT CTR CUR DMT DVT FLT FMT GRP GWY HIE HND INV IVT MAT OFG OIC PAY PIS PRD REP REW RMD ROL SAR SPM TXG TEQ TRS TRT USR VAT VATN VTB VGM XLT'.split(
    ' ',
  )

/** The platform advises pages of 25. */
const pageRows = 25
const firstRow = '<firstRow>1</firstRow>'

const codeAndName = [column('Code', '1', 'VARCHAR', true), column('Name', '2', 'VARCHAR')]
/** Of open invoices more columns are known. */
const invoices = [
  column('InvoiceNumber', '1', 'VARCHAR', true),
  column('Amount', '2', 'DECIMAL(38,10)'),
  column('Customer', '3', 'VARCHAR'),
  column('Name', '4', 'VARCHAR'),
  column('DebitCredit', '5', 'VARCHAR'),
]

/** A table whose rows a search gives. */
export interface ServedFinder {
  readonly kind: 'finder'
  readonly table: PlatformTable
  readonly type: string
}

/**
 * What a search for dimensions can be told: above all since when they were modified, which is how a copy that is kept
 * elsewhere learns of changes without reading all of them. @see wire facts § 5.1
 */
const dimensionParameters: readonly FunctionParameter[] = [
  { name: 'dimtype', type: 'VARCHAR' },
  { name: 'modifiedsince', type: 'TIMESTAMP' },
  { name: 'group', type: 'VARCHAR' },
  { name: 'matchtype', type: 'VARCHAR' },
  { name: 'section', type: 'VARCHAR' },
  { name: 'level', type: 'INTEGER' },
  { name: 'includehidden', type: 'INTEGER' },
]

export function finderTables(): readonly ServedFinder[] {
  return [dimensionSearch, ...types.map(finderTable)]
}

const dimensionSearch: ServedFinder = {
  kind: 'finder',
  type: 'DIM',
  table: {
    schema: 'finder',
    name: 'DIM',
    columns: [office, ...codeAndName],
    parameters: dimensionParameters,
    ...divided,
  },
}

function finderTable(type: string): ServedFinder {
  return {
    kind: 'finder',
    type,
    table: {
      schema: 'finder',
      name: type,
      columns: [office, ...(type === 'IVT' ? invoices : codeAndName)],
      ...divided,
    },
  }
}

/** The options of a search, by the platform's own names. */
function optionsOf(given: readonly FunctionArgument[]): string {
  const pairs = given.map((argument) => {
    const { name } = argument
    const value = name === 'modifiedsince' ? momentText(argument) : argument.value
    return `<ArrayOfString><string>${escapeXml(name)}</string><string>${escapeXml(value)}</string></ArrayOfString>`
  })
  return pairs.length === 0 ? '<options/>' : `<options>${pairs.join('')}</options>`
}

/** `2026-01-31 12:00:00` as `20260131120000`; a day, or what is written so already, as it is. */
function momentText({ name, value }: FunctionArgument): string {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-?(\d\d)-?(\d\d)(?:[ T]?(\d\d):?(\d\d):?(\d\d)(?:\.0*)?)?$/.exec(value) ?? []
  if (year === undefined) throw unfit(name, 'a moment such as 2026-01-31 12:00:00')
  return [year, month, day, hour, minute, second].join('')
}

/** What a search can be asked: one pattern for one field. It is compared there without case, so it only narrows. */
export function finderOffer({ type }: ServedFinder, wish: ReadWish, baseUrl: string): ReadOffer {
  let asked: { readonly field: number; readonly pattern: string } | null = null
  let customer = null as string | null
  const judgements = wish.where.map((term): Judgement => {
    if (type === 'IVT' && customer === null && 'column' in term && term.column === 'Customer') {
      customer = optionText(term)
      if (customer !== null) return 'superset'
    }
    const one = asked === null && type !== 'IVT' ? patternOf(term) : null
    if (one === null) return 'no'
    asked = one
    return 'superset'
  })
  const { field, pattern } = asked ?? { field: 0, pattern: '*' }
  const given = wish.arguments ?? []
  // Open invoices of one customer: the dimension on the second level. @see DEV, sales invoices (read November 2026)
  const options = optionsOf(
    customer === null ? given : [...given, { name: 'dim2', type: 'VARCHAR', value: customer, isKnown: true }],
  )
  const unknown = given.filter(({ isKnown }) => !isKnown).map(({ name }) => name)
  return {
    endpoint: `finder/${type}`,
    ...(unknown.length === 0
      ? {}
      : { note: `options that are not known, passed on as given: ${unknown.join(', ')}` }),
    judgements,
    filter: [
      ...given.map(({ name, value }) => `${name}=${value}`),
      ...(customer === null ? [] : [`Customer = ${customer}`]),
      ...(asked === null ? [] : [`${field === 1 ? 'Code' : 'Name'} like ${pattern}`]),
    ].join(' and '),
    columns: wish.columns,
    pageRows,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
    requests: (partition) => {
      if (partition === null) throw new TypeError('Twinfield is read by office')
      const search = `<Search xmlns="http://www.twinfield.com/"><type>${type}</type><pattern>${escapeXml(pattern)}</pattern><field>${field}</field>${firstRow}<maxRows>${pageRows}</maxRows>${options}</Search>`
      return [soapRequest(baseUrl, 'finder', 'Search', partition.id, search)]
    },
  }
}

function patternOf(term: Predicate): { field: number; pattern: string } | null {
  if (!('column' in term)) return null
  const field = ['Code', 'Name'].indexOf(term.column) + 1
  const text = textOf(term)
  // Wildcards and blanks at the ends may mean something else there.
  if (field === 0 || text === null || !/^[^\s*?](?:[^*?\n\r\t]*[^\s*?])?$/u.test(text)) return null
  const [before, after] = {
    'starts-with': ['', '*'],
    'ends-with': ['*', ''],
    contains: ['*', '*'],
  }[term.kind as string] ?? ['', '']
  return { field, pattern: `${before}${text}${after}` }
}

/** A code that an option can be; blanks at its ends may mean something else there. */
function optionText(term: Predicate): string | null {
  const text = term.kind === 'compare' ? textOf(term) : null
  return text !== null && /^\S(?:.*\S)?$/.test(text) ? text : null
}

function textOf(term: Predicate): string | null {
  switch (term.kind) {
    case 'compare':
      return term.op === '=' && term.value.type === 'VARCHAR' ? String(term.value.value) : null
    case 'starts-with':
    case 'ends-with':
    case 'contains':
      return term.text
    default:
      return null
  }
}

/** A request from the row that its address names behind `#`, which does not travel. */
export function fromFirstRow({ url, body, ...request }: OutgoingRequest): OutgoingRequest {
  const [address = '', first] = url.split('#firstRow=')
  const moved = first === undefined ? body : body?.replace(firstRow, `<firstRow>${Number(first)}</firstRow>`)
  return { ...request, url: address, ...(moved === undefined ? {} : { body: moved }) }
}

/** The rows of a search as JSON, one a line, each text by its place; and where the next page begins. */
export function readFinderPage(body: Buffer, url: string): PageRows & { readonly bytes: Buffer } {
  const parser = new SaxesParser()
  const lines: string[] = []
  let texts: string[] | null = null
  let [text, total, isItems] = ['', 0, false]
  parser.on('opentag', ({ name }) => {
    text = ''
    if (name === 'Items') isItems = true
    if (name === 'ArrayOfString' && isItems) texts = []
  })
  parser.on('text', (part) => {
    text += part
  })
  parser.on('closetag', ({ name }) => {
    if (name === 'TotalRows') total = Number(text)
    else if (name === 'Items') isItems = false
    else if (name === 'string' && texts !== null) texts.push(text)
    else if (name === 'ArrayOfString' && texts !== null) {
      const cells = (texts as string[]).map((cell, at) => [String(at + 1), cell] as const)
      lines.push(JSON.stringify(Object.fromEntries(cells.filter(([, cell]) => cell !== ''))))
      texts = null
    }
    text = ''
  })
  try {
    parser.write(body.toString('utf8')).close()
  } catch (cause) {
    throw new SluisError('PLATFORM_UNAVAILABLE', 'Twinfield answered a search that cannot be read.', {
      hint: 'Ask again later. If it stays so, the service has changed: report this.',
      cause,
    })
  }
  const [address = '', first = '1'] = url.split('#firstRow=')
  const following = Number(first) + lines.length
  const next = lines.length > 0 && following <= total ? `${address}#firstRow=${following}` : null
  const bytes = Buffer.from(lines.join('\n'))
  return { start: 0, end: bytes.length, rows: lines.length, next, isLines: true, bytes }
}
