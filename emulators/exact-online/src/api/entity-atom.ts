import type { Value } from '../data/named-values.ts'
import { type EntityView, shownIn } from './entity-view.ts'
import { keyText } from './key-text.ts'
import { dataNamespace, metadataNamespace, xmlHead, xmlText } from './xml.ts'

// The Atom of WCF Data Services, which the service answers with where nobody asked for JSON.
// @see wire.md § 3.2; OData v2, "Atom format"

const namespaces = `xmlns:d="${dataNamespace}" xmlns:m="${metadataNamespace}" xmlns="http://www.w3.org/2005/Atom"`

/** One value as text: times without a zone, the rest as XML Schema writes it. */
function valueXml(value: Exclude<Value, null>, type: string): string {
  if (type === 'Edm.DateTime') return new Date(Number(value)).toISOString().replace(/(\.000)?Z$/, '')
  return xmlText(String(value))
}

/** `<d:Name m:type="Edm.Int32">5</d:Name>`; strings go without a type, blanks at their ends are kept. */
export function propertyXml(name: string, type: string, value: Value, prefix = 'd:'): string {
  const typed = type === 'Edm.String' ? '' : ` m:type="${type}"`
  if (value === null) return `<${prefix}${name}${typed} m:null="true" />`
  const text = valueXml(value, type)
  const space = type === 'Edm.String' && text.trim() !== text ? ' xml:space="preserve"' : ''
  return `<${prefix}${name}${typed}${space}>${text}</${prefix}${name}>`
}

type WriteEntry = (division: number, index: number) => string

/** `crm/Accounts` of `http://…/crm/Accounts` and what stands before it. */
function splitBase(base: string): { readonly root: string; readonly name: string } {
  const at = base.lastIndexOf('/') + 1
  return { root: base.slice(0, at), name: base.slice(at) }
}

function entryWriter(view: EntityView, updated: string, attributes: string): WriteEntry {
  const { set, base, overrides } = view
  const { properties, collections, shownValue } = shownIn(view)
  const { name: setName } = splitBase(base)
  const title = set.typeName.split('.').at(-1) ?? ''
  const lineWriters = collections.map(({ lines }) => lines && entryWriter(lines, updated, ''))
  return (division, index) => {
    const key = xmlText(keyText(set, division, index, overrides))
    const links = collections.map(({ name, isExpanded, lines, rowsOf }, at) => {
      const href = `${setName}(${key})/${name}`
      const head = `<link rel="${dataNamespace}/related/${name}" type="application/atom+xml;type=feed" title="${name}" href="${href}"`
      if (!isExpanded) return `${head} />`
      const write = lineWriters[at]
      const entries = lines ? rowsOf(division, index).map((line) => write?.(division, line) ?? '') : []
      const address = `${xmlText(base)}(${key})/${name}`
      return `${head}><m:inline>${feedXml(name, address, href, updated, '', entries.join(''))}</m:inline></link>`
    })
    const values = properties.map((property) =>
      propertyXml(property.name, property.type, shownValue(property, division, index)),
    )
    return `<entry${attributes}><id>${xmlText(base)}(${key})</id><title type="text"></title><updated>${updated}</updated><author><name /></author><link rel="edit" title="${title}" href="${setName}(${key})" />${links.join('')}<category term="${set.typeName}" scheme="${dataNamespace}/scheme" /><content type="application/xml"><m:properties>${values.join('')}</m:properties></content></entry>`
  }
}

const feedXml = (
  title: string,
  id: string,
  href: string,
  updated: string,
  attributes: string,
  content: string,
) =>
  `<feed${attributes}><title type="text">${title}</title><id>${id}</id><updated>${updated}</updated><link rel="self" title="${title}" href="${href}" />${content}</feed>`

const stamp = (now: number) => new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')

/** A page of rows as a feed. */
export function atomFeed(
  view: EntityView,
  division: number,
  page: {
    readonly indexes: readonly number[]
    readonly count: number | null
    readonly next: string | null
  },
  now: number,
): string {
  const { root, name } = splitBase(view.base)
  const write = entryWriter(view, stamp(now), '')
  const attributes = ` xml:base="${xmlText(root)}" ${namespaces}`
  const content = [
    page.count === null ? '' : `<m:count>${page.count}</m:count>`,
    ...page.indexes.map((index) => write(division, index)),
    page.next === null ? '' : `<link rel="next" href="${xmlText(page.next)}" />`,
  ]
  return xmlHead + feedXml(name, xmlText(view.base), name, stamp(now), attributes, content.join(''))
}

/** One row as an entry that stands alone. */
export function atomEntry(view: EntityView, division: number, index: number, now: number): string {
  const attributes = ` xml:base="${xmlText(splitBase(view.base).root)}" ${namespaces}`
  return xmlHead + entryWriter(view, stamp(now), attributes)(division, index)
}

/** What a function answers: one value, or a list of elements. */
export function atomFunction(name: string, type: string, content: string): string {
  const own = `xmlns="${dataNamespace}" xmlns:m="${metadataNamespace}"`
  return `${xmlHead}<${name} ${own}${type === '' ? '' : ` m:type="${type}"`}>${content}</${name}>`
}

/** The body of a refusal where JSON was not asked for. */
export const atomError = (message: string) =>
  `${xmlHead}<error xmlns="${metadataNamespace}"><code></code><message xml:lang="">${xmlText(message)}</message></error>`
