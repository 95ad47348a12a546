import type { Write } from './books.ts'
import type { Documented } from './browse.ts'
import type { Dimension, DimensionType, Office } from './dataset.ts'
import { isDimensionType } from './list-documents.ts'
import { childOf, element, escapeXml, textOf, type XmlNode } from './xml.ts'

/**
 * Stores the dimensions of a document, each for itself: insert and update are one operation, what is not told stays,
 * `status="deleted"` deletes and `active` restores. @see wire facts § 3.3 and § 3.4
 */
export function writeDimensions(
  root: XmlNode,
  office: Office,
  now: number,
  write: Write,
  show: (dimension: Dimension, status: string) => string,
): Documented {
  const asked = root.name === 'dimension' ? [root] : root.children
  const answers = asked.map((node) => writeOne(node, office, now, write, show))
  const isGood = answers.every(({ isStored }) => isStored)
  const inner = answers.map(({ xml }) => xml).join('')
  return {
    kind: 'rows',
    rows: answers.filter(({ isStored }) => isStored).length,
    xml: root.name === 'dimension' ? inner : `<dimensions result="${isGood ? 1 : 0}">${inner}</dimensions>`,
  }
}

function writeOne(
  node: XmlNode,
  office: Office,
  now: number,
  write: Write,
  show: (dimension: Dimension, status: string) => string,
): { readonly isStored: boolean; readonly xml: string } {
  const type = textOf(node, 'type') ?? ''
  const code = textOf(node, 'code') ?? ''
  const name = textOf(node, 'name') ?? ''
  const faults: string[] = []
  const refuse = (tag: string, text: string, msg: string) =>
    faults.push(element(tag, text, ` msgtype="error" msg="${escapeXml(msg)}" result="0"`))
  if (textOf(node, 'office') !== office.code)
    refuse('office', textOf(node, 'office') ?? '', 'De administratie bestaat niet.')
  if (!isDimensionType(type)) refuse('type', type, `Dimension type ${type} does not exist.`)
  // Codes must fit the mask of their type; here all have the same.
  if (!/^[A-Za-z0-9]{1,16}$/.test(code)) refuse('code', code, 'De code voldoet niet aan het masker.')
  if (name === '') refuse('name', '', 'De naam mag niet leeg zijn.')
  if (childOf(node, 'inuse'))
    refuse('inuse', textOf(node, 'inuse') ?? '', "Het element 'inuse' mag niet worden aangeleverd.")
  const isDelete = node.attributes.status === 'deleted'
  const isThe = (one: Dimension) => one.type === type && one.code === code
  // `active` restores one that was deleted, with what it had.
  const known = office.dimensions.find(isThe) ?? (isDelete ? undefined : office.deletedDimensions.find(isThe))
  if (faults.length === 0 && isDelete && !known) refuse('code', code, `Dimension ${code} does not exist.`)
  if (faults.length > 0)
    return { isStored: false, xml: `<dimension result="0">${faults.join('')}</dimension>` }
  const financials = childOf(node, 'financials')
  const place = childOf(node, 'addresses')?.children[0]
  const told = (parent: XmlNode | undefined, tag: string, before: string | undefined) =>
    childOf(parent, tag) === undefined ? (before ?? '') : (textOf(parent, tag) ?? '')
  const dimension: Dimension = {
    ...(known?.iban === undefined ? {} : { iban: known.iban }),
    type: type as DimensionType,
    code,
    name,
    shortName: told(node, 'shortname', known?.shortName),
    website: told(node, 'website', known?.website),
    vatNumber: told(node, 'vatnumber', known?.vatNumber),
    cocNumber: told(node, 'cocnumber', known?.cocNumber),
    dueDays: told(financials, 'duedays', known?.dueDays ?? '30'),
    city: told(place, 'city', known?.city),
    ...(place
      ? {
          address: Object.fromEntries(
            ['name', 'country', 'city', 'postcode', 'telephone', 'email'].map((tag) => [
              tag,
              textOf(place, tag) ?? '',
            ]),
          ),
        }
      : known?.address
        ? { address: known.address }
        : {}),
    modified: new Date(now).toISOString().replace(/\D/g, '').slice(0, 14),
  }
  write(office, { dimension, isGone: isDelete })
  return { isStored: true, xml: show(dimension, isDelete ? 'deleted' : 'active') }
}
