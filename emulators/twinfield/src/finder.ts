import { articles, currencies, daybooks, type Office, vatCodes } from './dataset.ts'
import type { Language } from './faults.ts'
import { optionFault } from './finder-options.ts'
import { userCode } from './list-documents.ts'
import { childOf, element, textOf, type XmlNode } from './xml.ts'

export interface Found {
  readonly xml: string
  readonly rows: number
  readonly outcome: 'answered' | 'refused'
}

const served = new Set(['OFF', 'USR', 'VAT', 'CUR', 'TRS', 'ART', 'IVT', 'DIM'])
const empty = new Set(
  'ASM BDS BNK BSN CDA CER CQT CTR DMT DVT FLT FMT GRP GWY HIE HND INV MAT OFG OIC PAY PIS PRD REP REW RMD ROL SAR SPM TXG TEQ TRT VATN VTB VGM XLT'.split(
    ' ',
  ),
)

/** `Search`: rows of texts, first row 1. @see wire facts § 5.1 */
export function search(
  body: XmlNode,
  own: Office,
  offices: readonly Office[],
  user: string,
  language: Language,
): Found {
  const type = textOf(body, 'type') ?? ''
  const first = Number(textOf(body, 'firstRow') ?? '1')
  const most = Number(textOf(body, 'maxRows') ?? '100')
  const options = new Map(
    (childOf(body, 'options')?.children ?? []).map((pair): [string, string] => [
      pair.children[0]?.text ?? '',
      pair.children[1]?.text ?? '',
    ]),
  )
  if (!Number.isInteger(first) || first < 1) return refused('ParameterTooSmall', 'firstRow', type)
  if (!Number.isInteger(most) || most < 1) return refused('ParameterTooSmall', 'maxRows', type)
  const field = Number(textOf(body, 'field') ?? '0')
  if (!Number.isInteger(field) || field < 0 || field > 4) return refused('ParameterOutOfRange', 'field', type)
  if (!served.has(type) && !empty.has(type)) return refused('InvalidFinderType', 'type', type)
  const wrong = optionFault(type, options)
  if (wrong) return refused(wrong.code, wrong.option, options.get(wrong.option) ?? '')
  const named = options.get('office') ?? options.get('company')
  const office = named === undefined ? own : offices.find(({ code }) => code === named)
  if (!office) return refused('NoAccessToOffice', 'office', named ?? '')
  const all = rowsOf(type, office, offices, user, options)
  const pattern = textOf(body, 'pattern') ?? '*'
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[\\s\\S]*')
      .replaceAll('?', '.')}$`,
    'i',
  )
  const found = all.filter(({ texts, bank = '', address = '' }) => {
    const [code = '', name = ''] = texts
    const looked = [[code, name], [code], [name], [bank], [address]][field] ?? []
    return looked.some((text) => expression.test(text))
  })
  const page = found.slice(first - 1, first - 1 + most)
  const texts = (values: readonly string[]) => values.map((value) => element('string', value)).join('')
  return {
    outcome: 'answered',
    rows: page.length,
    xml: `<SearchResponse xmlns="http://www.twinfield.com/"><SearchResult/><data><TotalRows>${found.length}</TotalRows><Columns>${texts(['Code', language === 'nl' ? 'Naam' : 'Name'])}</Columns><Items>${page.map((row) => `<ArrayOfString>${texts(row.texts)}</ArrayOfString>`).join('')}</Items></data></SearchResponse>`,
  }
}

function refused(code: string, parameter: string, value: string): Found {
  return {
    outcome: 'refused',
    rows: 0,
    xml: `<SearchResponse xmlns="http://www.twinfield.com/"><SearchResult><MessageOfErrorCodes><Type>Error</Type>${element('Text', `${code}: ${parameter} ${value}`)}<Code>${code}</Code><Parameters>${element('string', parameter)}</Parameters></MessageOfErrorCodes></SearchResult></SearchResponse>`,
  }
}

/** A row, and what else it is found by. */
interface Row {
  readonly texts: readonly string[]
  readonly bank?: string
  readonly address?: string
}

const codesOf = (items: readonly { readonly code: string; readonly name: string }[]): readonly Row[] =>
  items.map(({ code, name }) => ({ texts: [code, name] }))

/** The level that dimensions of a type stand at in a booking. */
const levels: Readonly<Record<string, string>> = { BAS: '1', PNL: '1', DEB: '2', CRD: '2', KPL: '2' }

function rowsOf(
  type: string,
  office: Office,
  offices: readonly Office[],
  user: string,
  options: ReadonlyMap<string, string>,
): readonly Row[] {
  switch (type) {
    case 'OFF':
      return codesOf(offices)
    case 'USR':
      return codesOf([{ code: userCode(user), name: user }])
    case 'VAT':
      return codesOf(vatCodes)
    case 'CUR':
      return codesOf(currencies)
    case 'TRS':
      return codesOf(daybooks)
    case 'ART':
      return codesOf(articles)
    case 'IVT': {
      const nameOf = (code: string) =>
        office.dimensions.find((one) => one.type === 'DEB' && one.code === code)?.name ?? ''
      const isAsked = (option: string, value: string) => (options.get(option) ?? value) === value
      return office.transactions.flatMap(({ code, invoice, lines: [total] }) => {
        if (code !== 'VRK' || !total || total.openCents === 0) return []
        const open = (total.openCents / 100).toFixed(2)
        return isAsked('dim1', total.dim1) && isAsked('dim2', total.dim2) && isAsked('openvalue', open)
          ? [{ texts: [invoice, open, total.dim2, nameOf(total.dim2), 'debit'] }]
          : []
      })
    }
    case 'DIM': {
      const kind = options.get('dimtype')
      const matching = options.get('matchtype')
      const since = options.get('modifiedsince') ?? ''
      const level = options.get('level')
      // No dimension here is in a group.
      if (options.has('group')) return []
      const hidden = options.get('includehidden') === '1' ? office.deletedDimensions : []
      return [...office.dimensions, ...hidden]
        .filter(
          (one) =>
            (kind === undefined || one.type === kind) &&
            (matching === undefined || one.type === matching) &&
            (level === undefined || (levels[one.type] ?? '3') === level) &&
            one.modified >= since,
        )
        .map((one) => ({
          texts: [one.code, one.name],
          bank: one.iban ?? '',
          address: one.address?.city ?? one.city,
        }))
    }
    default:
      return []
  }
}
