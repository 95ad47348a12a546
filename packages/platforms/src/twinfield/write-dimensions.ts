import type { ColumnWrite, RowWrite, TableWrite, WriteValue } from '@sluis/engine'
import { type OutgoingRequest, SluisError } from '@sluis/shared'
import { documentRequest, escapeXml } from './soap.ts'

/** Elements of a dimension that are written, in the order of the documentation; a path names those within another. */
const elements = {
  Code: 'code',
  Name: 'name',
  ShortName: 'shortname',
  Website: 'website',
  VatNumber: 'vatnumber',
  CocNumber: 'cocnumber',
  DueDays: 'financials/duedays',
} as const
/** A new relation gets one address. Which of several is meant by a change is not said by a row. */
const address = {
  AddressName: 'name',
  Country: 'country',
  City: 'city',
  Postcode: 'postcode',
  Telephone: 'telephone',
  Email: 'email',
} as const

/** Customers and suppliers; other types have a code, a name and a short one. */
const relations: ReadonlySet<string> = new Set(['DEB', 'CRD'])

/** What every change must carry although it stays the same: a dimension without a name is refused. */
export const neededByWrites: readonly string[] = ['Name']

/** How a dimension of a type is written. Insert and update are one operation there, so an insert looks first. */
export function dimensionWrite(type: string): TableWrite {
  const isRelation = relations.has(type)
  const own = Object.keys(elements).filter((name) => isRelation || /^(Code|Name|ShortName)$/.test(name))
  const rule = (name: string): [string, ColumnWrite] => [
    name,
    { isInsertable: true, isUpdatable: name !== 'Code', isMandatory: name === 'Code' || name === 'Name' },
  ]
  const onlyNew = (name: string): [string, ColumnWrite] => [
    name,
    { isInsertable: true, isUpdatable: false, isMandatory: false },
  ]
  return {
    canInsert: true,
    canUpdate: true,
    canDelete: true,
    columns: new Map([...own.map(rule), ...(isRelation ? Object.keys(address).map(onlyNew) : [])]),
    naturalKey: ['Code'],
    insertReplaces: true,
  }
}

/** The document of one row: whole for a new one; for a change the name and what changes; for a delete its status. */
export function dimensionRequest(
  baseUrl: string,
  type: string,
  { verb, table, partition, key, values }: RowWrite,
): OutgoingRequest {
  if (partition === null) throw new TypeError(`${table.name} is written by office`)
  const all = new Map<string, WriteValue>(values)
  if (key !== null) all.set('Code', key)
  const own = Object.entries(elements).map(([name, path]) => elementOf(path, name, all.get(name)))
  const parts = Object.entries(address).map(([name, path]) => elementOf(path, name, all.get(name)))
  const addresses = parts.every((part) => part === '')
    ? ''
    : `<addresses><address id="1" type="invoice" default="true">${parts.join('')}</address></addresses>`
  const status = verb === 'delete' ? 'deleted' : 'active'
  const office = `<office>${escapeXml(partition.id)}</office><type>${type}</type>`
  const document = `<dimension status="${status}">${office}${own.join('')}${addresses}</dimension>`
  return documentRequest(baseUrl, partition.id, document)
}

function elementOf(path: string, name: string, value: WriteValue | undefined): string {
  if (value === undefined) return ''
  const text = value === null ? '' : String(value)
  if (/(?![\t\n\r])\p{Cc}/u.test(text)) {
    throw new SluisError('INVALID_REQUEST', `A value for ${name} holds a character that no XML can hold.`, {
      details: { field: name },
    })
  }
  const tags = path.split('/')
  // A carriage return that stands plainly in a document is read as a line feed. @see XML 1.0 § 2.11
  const escaped = escapeXml(text).replaceAll('\r', '&#13;')
  const inner = `<${tags.at(-1)}>${escaped}</${tags.at(-1)}>`
  return tags.slice(0, -1).reduceRight((content, tag) => `<${tag}>${content}</${tag}>`, inner)
}
