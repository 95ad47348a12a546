import type { Judgement, PageRows, PlatformTable, Predicate, ReadOffer, ReadWish } from '@sluis/engine'
import { type OutgoingRequest, SluisError } from '@sluis/shared'
import { SaxesParser } from 'saxes'
import { column, divided, office } from './columns.ts'
import { escapeXml, soapRequest } from './soap.ts'

/**
 * Finder types as tables, by the platform's own three letters: code and name. Left out are DIM and OFF, which stand as
 * dimensions and as partitions. @see https://developers.twinfield.com/documentation, finder types (read November 2026)
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

export function finderTables(): readonly ServedFinder[] {
  return types.map((type) => ({
    kind: 'finder',
    type,
    table: {
      schema: 'finder',
      name: type,
      columns: [office, ...(type === 'IVT' ? invoices : codeAndName)],
      ...divided,
    },
  }))
}

/** What a search can be asked: one pattern for one field. It is compared there without case, so it only narrows. */
export function finderOffer({ type }: ServedFinder, wish: ReadWish, baseUrl: string): ReadOffer {
  let asked: { readonly field: number; readonly pattern: string } | null = null
  const judgements = wish.where.map((term): Judgement => {
    const one = asked === null && type !== 'IVT' ? patternOf(term) : null
    if (one === null) return 'no'
    asked = one
    return 'superset'
  })
  const { field, pattern } = asked ?? { field: 0, pattern: '*' }
  return {
    endpoint: `finder/${type}`,
    judgements,
    filter: asked === null ? '' : `${field === 1 ? 'Code' : 'Name'} like ${pattern}`,
    columns: wish.columns,
    pageRows,
    isLimitPushed: false,
    isCount: false,
    maxRows: null,
    requests: (partition) => {
      if (partition === null) throw new TypeError('Twinfield is read by office')
      const search = `<Search xmlns="http://www.twinfield.com/"><type>${type}</type><pattern>${escapeXml(pattern)}</pattern><field>${field}</field>${firstRow}<maxRows>${pageRows}</maxRows><options/></Search>`
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
