import { twinfieldBrowseCodes } from '@sluis/facts'
import type { Documented } from './browse.ts'
import { articles, currencies, daybooks, type Office, vatCodes } from './dataset.ts'
import { element, escapeXml, textOf, type XmlNode } from './xml.ts'

/** The types of dimensions. @see wire facts § 3.3 */
export const isDimensionType = (type: string) =>
  ['BAS', 'PNL', 'DEB', 'CRD', 'KPL', 'PRJ', 'AST', 'ACT'].includes(type)

export const good = (xml: string, rows: number): Documented => ({ kind: 'rows', xml, rows })
export const bad = (root: string, text: string): Documented => ({
  kind: 'rows',
  rows: 0,
  xml: `<${root} msgtype="error" msg="${escapeXml(text)}" result="0"/>`,
})

export function listOffices(offices: readonly Office[]): string {
  const items = offices.map(({ code, name }) =>
    element('office', code, ` name="${escapeXml(name)}" shortname="Demo"`),
  )
  return `<offices result="1">${items.join('')}</offices>`
}

export const userCode = (user: string) => user.split('@')[0]?.toUpperCase() ?? ''

/**
 * A `list` document: codes with their names. The form of offices, dimensions and the parts of a browse field are
 * recorded; other lists have the same form here. @see wire facts § 3.1
 */
export function listDocument(document: XmlNode, office: Office, user: string): Documented {
  const type = textOf(document, 'type')
  const list = (
    items: readonly { readonly code: string; readonly name: string }[],
    tag: string,
    root: string,
  ) =>
    good(
      `<${root} office="${office.code}" result="1">${items
        .map(({ code, name }) => element(tag, code, ` name="${escapeXml(name)}" shortname=""`))
        .join('')}</${root}>`,
      items.length,
    )
  switch (type) {
    case 'dimensions': {
      const kind = textOf(document, 'dimtype') ?? ''
      if (!isDimensionType(kind)) return bad('list', `Dimension type ${kind} does not exist.`)
      const found = office.dimensions.filter((dimension) => dimension.type === kind)
      const items = found.map(({ code, name }) =>
        element('dimension', code, ` name="${escapeXml(name)}" shortname=""`),
      )
      return good(
        `<dimensions office="${office.code}" type="${kind}" result="1">${items.join('')}</dimensions>`,
        found.length,
      )
    }
    case 'vat':
      return list(vatCodes, 'vat', 'vats')
    case 'currencies':
      return list(currencies, 'currency', 'currencies')
    case 'articles':
      return list(articles, 'article', 'articles')
    case 'transactiontypes':
      return list(daybooks, 'transactiontype', 'transactiontypes')
    case 'users':
      return list([{ code: userCode(user), name: user }], 'user', 'users')
    case 'browsefields':
      return browseFields()
    default:
      return bad('list', `List type ${type ?? ''} is not imitated.`)
  }
}

const statuses = [
  ['Draft', 'draft'],
  ['Provisional', 'temporary'],
  ['Final', 'final'],
] as const

/** Every field of every browse code: its type, and what may be chosen where that is a list. */
function browseFields(): Documented {
  const fields = new Map(
    twinfieldBrowseCodes().flatMap(({ columns }) => columns.map((one) => [one.field, one] as const)),
  )
  const items = [...fields.values()].map(({ field, type, operator }) => {
    const options = /head\.status$/.test(field)
      ? statuses.map(([name, code]) => element('option', code, ` name="${name}"`)).join('')
      : ''
    const datatype =
      type === 'Value' || type === 'Decimal'
        ? 'decimal'
        : operator === 'equal'
          ? 'special'
          : type.toLowerCase()
    return `<browsefield>${element('code', field)}${element('datatype', datatype)}<finder/>${options === '' ? '<dropdown/>' : `<dropdown>${options}</dropdown>`}<canorder>true</canorder></browsefield>`
  })
  return good(`<browsefields result="1">${items.join('')}</browsefields>`, items.length)
}
