import { articles, daybooks, type Office, vatCodes } from './dataset.ts'
import type { Language } from './soap.ts'
import { childOf, element, textOf, type XmlNode } from './xml.ts'

export interface Found {
  readonly xml: string
  readonly rows: number
  readonly outcome: 'answered' | 'refused'
}

const empty = new Set(
  'ASM BDS BNK BSN CDA CER CQT CTR DMT DVT FLT FMT GRP GWY HIE HND INV MAT OFG OIC PAY PIS PRD REP REW RMD ROL SAR SPM TXG TEQ TRT VATN VTB VGM XLT'.split(
    ' ',
  ),
)

/** `Search`: rows of texts, first row 1. @see wire facts § 5.1 */
export function search(
  body: XmlNode,
  office: Office,
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
  const all = rowsOf(type, office, offices, user, options)
  if (all === null) return refused('InvalidFinderType', 'type', type)
  const pattern = textOf(body, 'pattern') ?? '*'
  const field = Number(textOf(body, 'field') ?? '0')
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[\\s\\S]*')
      .replaceAll('?', '.')}$`,
    'i',
  )
  const found = all.filter(([code = '', name = '']) =>
    (field === 1 ? [code] : field === 2 ? [name] : [code, name]).some((text) => expression.test(text)),
  )
  const page = found.slice(first - 1, first - 1 + most)
  const texts = (values: readonly string[]) => values.map((value) => element('string', value)).join('')
  return {
    outcome: 'answered',
    rows: page.length,
    xml: `<SearchResponse xmlns="http://www.twinfield.com/"><SearchResult/><data><TotalRows>${found.length}</TotalRows><Columns>${texts(['Code', language === 'nl' ? 'Naam' : 'Name'])}</Columns><Items>${page.map((row) => `<ArrayOfString>${texts(row)}</ArrayOfString>`).join('')}</Items></data></SearchResponse>`,
  }
}

function refused(code: string, parameter: string, value: string): Found {
  return {
    outcome: 'refused',
    rows: 0,
    xml: `<SearchResponse xmlns="http://www.twinfield.com/"><SearchResult><MessageOfErrorCodes><Type>Error</Type>${element('Text', `${code}: ${parameter} ${value}`)}<Code>${code}</Code><Parameters>${element('string', parameter)}</Parameters></MessageOfErrorCodes></SearchResult></SearchResponse>`,
  }
}

function rowsOf(
  type: string,
  office: Office,
  offices: readonly Office[],
  user: string,
  options: ReadonlyMap<string, string>,
): readonly (readonly string[])[] | null {
  switch (type) {
    case 'OFF':
      return offices.map(({ code, name }) => [code, name])
    case 'USR':
      return [[user.split('@')[0]?.toUpperCase() ?? '', user]]
    case 'VAT':
      return vatCodes.map(({ code, name }) => [code, name])
    case 'CUR':
      return [
        ['EUR', 'Euro'],
        ['USD', 'US-dollar'],
      ]
    case 'TRS':
      return daybooks.map(({ code, name }) => [code, name])
    case 'ART':
      return articles.map(({ code, name }) => [code, name])
    case 'IVT': {
      const nameOf = (code: string) =>
        office.dimensions.find((one) => one.type === 'DEB' && one.code === code)?.name ?? ''
      return office.transactions.flatMap(({ code, invoice, lines: [total] }) =>
        code === 'VRK' && total && total.openCents !== 0
          ? [[invoice, (total.openCents / 100).toFixed(2), total.dim2, nameOf(total.dim2), 'debit']]
          : [],
      )
    }
    case 'DIM': {
      const kind = options.get('dimtype')
      const since = options.get('modifiedsince') ?? ''
      return office.dimensions
        .filter((one) => (kind === undefined || one.type === kind) && one.modified >= since)
        .map(({ code, name }) => [code, name])
    }
    default:
      return empty.has(type) ? [] : null
  }
}
